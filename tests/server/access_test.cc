#include "server/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::server {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using Decision = AccessControl::Decision;

Peer PeerAt(const std::string& address) {
  sockaddr_storage storage{};
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
  }
  return PeerOf(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(PeerTest, KnowsLoopbackInAllItsForms) {
  for (const char* const address : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_EQ(PeerAt(address), Peer::kLoopback) << address;
  }
}

TEST(PeerTest, TakesEverythingElseForRemote) {
  for (const char* const address : {"10.0.0.1", "0.0.0.0", "128.0.0.1", "192.168.127.127", "::",
                                    "::2", "fe80::1", "::ffff:10.0.0.1", "::127.0.0.1", "none"}) {
    EXPECT_EQ(PeerAt(address), Peer::kRemote) << address;
  }
  EXPECT_EQ(PeerOf(nullptr), Peer::kRemote);
}

class AccessControlTest : public ::testing::Test {
 protected:
  AccessControlTest() : access_(dir_.Write("token", "0123456789abcdef\n")) {
    EXPECT_THAT(access_.LoadToken(), IsOk());
  }

  Decision Decide(Peer peer, std::map<std::string, std::string> headers) {
    Request request;
    request.headers = std::move(headers);
    return access_.Decide(peer, request);
  }

  TempDir dir_;
  AccessControl access_;
};

TEST_F(AccessControlTest, AllowsTheTokenFromAnywhere) {
  for (const char* const value : {"Bearer 0123456789abcdef", "bearer   0123456789abcdef "}) {
    EXPECT_EQ(Decide(Peer::kRemote, {{"authorization", value}}), Decision::kAllowed) << value;
  }
}

TEST_F(AccessControlTest, RefusesAnythingElseFromAfar) {
  for (const char* const value :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
        "Bearer 0123456789ABCDEF", "0123456789abcdef", "Basic 0123456789abcdef"}) {
    EXPECT_EQ(Decide(Peer::kRemote, {{"authorization", value}}), Decision::kNeedsToken) << value;
  }
  EXPECT_EQ(Decide(Peer::kRemote, {{"host", "localhost"}}), Decision::kNeedsToken);
}

TEST_F(AccessControlTest, AllowsTheUnixSocketWithoutIt) {
  EXPECT_EQ(Decide(Peer::kUnixSocket, {{"host", "hark"}}), Decision::kAllowed);
}

TEST_F(AccessControlTest, AllowsLoopbackWithoutItUnderTheNamesOfLoopback) {
  for (const char* const host :
       {"", "localhost", "LOCALHOST:9321", "127.0.0.1:9321", "[::1]:9321", "[::1]", "10.0.0.1"}) {
    EXPECT_EQ(Decide(Peer::kLoopback, {{"host", host}}), Decision::kAllowed) << host;
  }
}

TEST_F(AccessControlTest, RefusesWhatMayBeAForeignPageOnLoopback) {
  for (const char* const host :
       {"rebound.example", "localhost.example:9321", "127.0.0.1.example", "[x]:9321", "[]", ":"}) {
    EXPECT_EQ(Decide(Peer::kLoopback, {{"host", host}}), Decision::kForeignPage) << host;
  }
  EXPECT_EQ(Decide(Peer::kLoopback, {{"origin", "null"}}), Decision::kForeignPage);
}

TEST_F(AccessControlTest, AllowsAForeignNameWithTheToken) {
  EXPECT_EQ(Decide(Peer::kLoopback,
                   {{"host", "hark.example"}, {"authorization", "Bearer 0123456789abcdef"}}),
            Decision::kAllowed);
}

TEST_F(AccessControlTest, KeepsTheOldTokenWhenTheNewOneIsUnusable) {
  for (const std::string& content :
       {std::string(), std::string("   \n"), std::string("short"), std::string(5000, 'x'),
        std::string("0123456789 abcdef"), std::string("0123456789\xffzzzzzzz")}) {
    dir_.Write("token", content);
    EXPECT_THAT(access_.LoadToken(), StatusIs(absl::StatusCode::kInvalidArgument, _)) << content;
  }
  EXPECT_EQ(Decide(Peer::kRemote, {{"authorization", "Bearer 0123456789abcdef"}}),
            Decision::kAllowed);
}

TEST(AccessControlWithoutTokenTest, AllowsNoTokenAtAll) {
  AccessControl access("");
  ASSERT_THAT(access.LoadToken(), IsOk());
  Request request;
  request.headers = {{"authorization", "Bearer "}};
  EXPECT_EQ(access.Decide(Peer::kRemote, request), Decision::kNeedsToken);
}

}  // namespace
}  // namespace hark::server
