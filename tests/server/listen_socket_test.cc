#include "server/listen_socket.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/http_client.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::server {
namespace {

using ::hark::testing::HttpClient;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::HasSubstr;

TEST(ListenSocketTest, ListensOnIpv6Loopback) {
  const auto socket = ListenSocket::Tcp(*ParseListenAddress("[::1]:0"));
  if (!socket.ok()) {
    GTEST_SKIP() << "no IPv6 here";
  }
  EXPECT_NE(socket->port(), 0);
}

class UnixSocketTest : public ::testing::Test {
 protected:
  TempDir dir_;
  std::string path_ = dir_.Path("hark.sock");
};

TEST_F(UnixSocketTest, ReplacesASocketThatNobodyListensOn) {
  // As a killed process leaves it: closed, and not removed.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(close(fd), 0);
  EXPECT_THAT(ListenSocket::Unix(path_), IsOk());
}

TEST_F(UnixSocketTest, LeavesTheSocketOfALivingProcessAlone) {
  const auto first = ListenSocket::Unix(path_);
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(ListenSocket::Unix(path_), StatusIs(absl::StatusCode::kAlreadyExists, _));
  EXPECT_TRUE(HttpClient(path_).connected());
}

TEST_F(UnixSocketTest, LeavesWhatIsNoSocketAlone) {
  dir_.Write("hark.sock", "precious");
  EXPECT_THAT(ListenSocket::Unix(path_),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("is no socket")));
  std::string content;
  std::ifstream(path_) >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(UnixSocketTest, RefusesAPathThatIsTooLong) {
  EXPECT_THAT(ListenSocket::Unix(dir_.Path(std::string(120, 'x'))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1 to 107 bytes")));
}

TEST_F(UnixSocketTest, IsForItsOwnerAloneAndGoneAtTheEnd) {
  struct stat found {};
  {
    const auto socket = ListenSocket::Unix(path_);
    ASSERT_THAT(socket, IsOk());
    ASSERT_EQ(stat(path_.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
  }
  EXPECT_NE(stat(path_.c_str(), &found), 0);
}

}  // namespace
}  // namespace hark::server
