#include "base/byte_size.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace hark {
namespace {

TEST(ByteSizeTest, ReadsUnitsOf1024AndOf1000) {
  EXPECT_EQ(ParseByteSize("64MiB"), 64 << 20);
  EXPECT_EQ(ParseByteSize("2GB"), 2'000'000'000);
  EXPECT_EQ(ParseByteSize("17"), 17);
  EXPECT_EQ(ParseByteSize("17B"), 17);
  EXPECT_EQ(ParseByteSize("0"), 0);
}

TEST(ByteSizeTest, RefusesWhatIsNoSize) {
  for (const char* const text : {"", "MiB", "-1B", "+1B", "1 MiB", "1.5MiB", "1mib", "1M", "0x1",
                                 "1MiBs", " 1", "9223372036854775808", "8388608TiB"}) {
    EXPECT_EQ(ParseByteSize(text), std::nullopt) << text;
  }
}

TEST(ByteSizeTest, PrintsTheLargestUnitThatDividesIt) {
  EXPECT_EQ(FormatByteSize(0), "0B");
  EXPECT_EQ(FormatByteSize(1000), "1000B");
  EXPECT_EQ(FormatByteSize(1536 << 10), "1536KiB");
  EXPECT_EQ(FormatByteSize(std::int64_t{4} << 30), "4GiB");
}

TEST(ByteSizeTest, ReadsWhatItPrints) {
  for (const std::int64_t bytes :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{1023}, std::int64_t{3} << 40,
        std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(ParseByteSize(FormatByteSize(bytes)), bytes);
  }
}

}  // namespace
}  // namespace hark
