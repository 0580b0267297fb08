#include "base/listen_address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

TEST(ListenAddressTest, TellsLoopbackFromTheRest) {
  for (const char* const text : {"127.0.0.1:0", "127.1.2.3:80", "[::1]:9321", "localhost:9321"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_THAT(address, IsOk()) << text;
    EXPECT_TRUE(address->is_loopback()) << text;
  }
  for (const char* const text : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fd00::2]:65535"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_THAT(address, IsOk()) << text;
    EXPECT_FALSE(address->is_loopback()) << text;
  }
}

TEST(ListenAddressTest, RefusesAnythingElse) {
  for (const char* const text : {"", ":", ":80", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                                 "127.0.0.1:-1", "127.0.0.1:8x", "::1:80", "[::1]", "[]:80",
                                 "example.com:80", "127.1:80", "[127.0.0.1]:80"}) {
    EXPECT_THAT(ParseListenAddress(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected an IP address")))
        << text;
  }
}

TEST(ListenAddressTest, NoAddressIsNotLoopback) {
  EXPECT_FALSE(IsLoopback(nullptr));
}

}  // namespace
}  // namespace hark
