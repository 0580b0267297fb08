#include "base/cluster_name.h"

#include <string>

#include "gtest/gtest.h"

namespace hark {
namespace {

TEST(ClusterNameTest, IsWhatAUrlTakesAsItIs) {
  for (const char* const name : {"prod", "p", "0", "eu-west-1.prod_2", "PROD"}) {
    EXPECT_TRUE(IsClusterName(name)) << name;
  }
  EXPECT_TRUE(IsClusterName(std::string(253, 'a')));
}

TEST(ClusterNameTest, IsNothingElse) {
  for (const char* const name :
       {"", ".", "..", "-a", "_a", "a b", "a/b", "a%20", "a:b", "\xc3\xa4", "a\n"}) {
    EXPECT_FALSE(IsClusterName(name)) << name;
  }
  EXPECT_FALSE(IsClusterName(std::string(254, 'a')));
  EXPECT_FALSE(IsClusterName(std::string("a\0", 2)));
}

}  // namespace
}  // namespace hark
