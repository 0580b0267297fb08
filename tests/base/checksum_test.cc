#include "base/checksum.h"

#include <string>

#include "gtest/gtest.h"

namespace hark {
namespace {

// Values of the XXH3 specification's implementation: files must be readable everywhere.
TEST(ChecksumTest, IsXxh3With64Bits) {
  EXPECT_EQ(Checksum(""), 0x2d06800538d394c2ULL);
}

TEST(ChecksumTest, DependsOnTheSeed) {
  EXPECT_NE(Checksum("bytes", 1), Checksum("bytes", 2));
}

TEST(ChecksumTest, OfPiecesIsThatOfTheWhole) {
  const std::string bytes(5'000, 'x');
  RunningChecksum running;
  EXPECT_EQ(running.Value(), Checksum(""));
  for (std::size_t size = 0; size < 90; ++size) {
    running.Add(std::string(size, 'x'));
  }
  EXPECT_EQ(running.Value(), Checksum(std::string(90 * 89 / 2, 'x')));
}

}  // namespace
}  // namespace hark
