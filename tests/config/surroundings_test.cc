#include "config/surroundings.h"

#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

#include "support/temp_dir.h"

namespace hark::config {
namespace {

TEST(SurroundingsTest, AValueFileLosesOneLineFeedAtItsEnd) {
  const hark::testing::TempDir folder;
  EXPECT_EQ(*ReadValueFile(folder.Write("a", "s3cret\n")), "s3cret");
  EXPECT_EQ(*ReadValueFile(folder.Write("b", "s3cret\n\n")), "s3cret\n");
  EXPECT_EQ(*ReadValueFile(folder.Write("c", "")), "");
}

TEST(SurroundingsTest, AValueFileIsBounded) {
  const hark::testing::TempDir folder;
  EXPECT_TRUE(ReadValueFile(folder.Write("a", std::string(65'536, 'x'))).ok());
  EXPECT_EQ(ReadValueFile(folder.Write("b", std::string(65'537, 'x'))).status().message(),
            "cannot read " + folder.Path("b") + ": it is larger than 65536 bytes");
}

TEST(SurroundingsTest, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  const hark::testing::TempDir folder;
  ASSERT_EQ(mkfifo(folder.Path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadValueFile(folder.Path("pipe")).ok());
  EXPECT_FALSE(ReadValueFile("/dev/zero").ok());
  EXPECT_FALSE(ReadValueFile(folder.Path("")).ok());
  EXPECT_FALSE(ReadValueFile(folder.Path("none")).ok());
}

TEST(SurroundingsTest, TheEnvironmentIsRead) {
  ASSERT_EQ(setenv("HARK_SURROUNDINGS_TEST", "a=b", 1), 0);
  EXPECT_EQ(SystemSurroundings().variables.at("HARK_SURROUNDINGS_TEST"), "a=b");
}

}  // namespace
}  // namespace hark::config
