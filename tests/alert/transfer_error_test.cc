#include "alert/transfer_error.h"

#include "gtest/gtest.h"

namespace hark::alert {
namespace {

TEST(TransferErrorTest, SaysWhatToLookAtWhereTheMessageDoesNot) {
  EXPECT_EQ(ExplainTransferError("error:0A00010B:SSL routines::wrong version number"),
            "error:0A00010B:SSL routines::wrong version number (the receiver does not speak TLS at "
            "this port)");
  EXPECT_EQ(ExplainTransferError(
                "error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0"),
            "error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0 (the receiver "
            "may ask for a client certificate: tls.cert_file, tls.key_file)");
}

TEST(TransferErrorTest, LeavesTheOthersAsTheyAre) {
  for (const char* const error :
       {"", "SSL certificate problem: certificate has expired", "Recv failure: Connection reset"}) {
    EXPECT_EQ(ExplainTransferError(error), error);
  }
}

}  // namespace
}  // namespace hark::alert
