#include "alert/forbidden_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>

#include "gtest/gtest.h"

namespace hark::alert {
namespace {

bool IsForbidden(const std::string& text) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    return IsForbiddenAddress(reinterpret_cast<const sockaddr&>(v6));
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4.sin_addr), 1) << text;
  return IsForbiddenAddress(reinterpret_cast<const sockaddr&>(v4));
}

TEST(ForbiddenAddressTest, LinkLocalAndMetadataAddressesAreForbidden) {
  for (const char* const address :
       {"169.254.169.254", "169.254.0.1", "169.254.170.2", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "fe80::1", "febf::1", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"}) {
    EXPECT_TRUE(IsForbidden(address)) << address;
  }
}

TEST(ForbiddenAddressTest, TheyAreForbiddenAlsoWhereTheyAreWrittenAsIpv6) {
  for (const char* const address : {"::ffff:169.254.169.254", "::169.254.169.254",
                                    "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1"}) {
    EXPECT_TRUE(IsForbidden(address)) << address;
  }
}

TEST(ForbiddenAddressTest, OthersAreAllowed) {
  for (const char* const address :
       {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.253.255.255", "169.255.0.1", "203.0.113.7",
        "::1", "fec0::1", "fd00:ec2::253", "2001:db8::1", "::ffff:10.0.0.1"}) {
    EXPECT_FALSE(IsForbidden(address)) << address;
  }
}

}  // namespace
}  // namespace hark::alert
