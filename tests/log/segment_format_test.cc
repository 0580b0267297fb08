#include "log/segment_format.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::log {
namespace {

const SegmentHeader kHeader{.first = 7, .previous = 3, .created = -5, .salt = 0x1122334455667788};
const RecordHeader kRecord{
    .position = 9, .group = 8, .length = 70'000, .payload_checksum = 0xfedcba9876543210};
constexpr std::uint64_t kSalt = 42;

TEST(SegmentFormatTest, ASegmentHeaderComesBackAsItWas) {
  const std::string bytes = EncodeSegmentHeader(kHeader);
  EXPECT_EQ(bytes.size(), kSegmentHeaderBytes);
  EXPECT_EQ(DecodeSegmentHeader(bytes + "more").value(), kHeader);
}

TEST(SegmentFormatTest, AnyChangedOrMissingByteOfASegmentHeaderIsFound) {
  const std::string bytes = EncodeSegmentHeader(kHeader);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(DecodeSegmentHeader(damaged).ok()) << i;
    EXPECT_FALSE(DecodeSegmentHeader(bytes.substr(0, i)).ok()) << i;
  }
}

TEST(SegmentFormatTest, APositionThatCouldWrapAroundIsDamage) {
  EXPECT_FALSE(DecodeSegmentHeader(EncodeSegmentHeader({.first = UINT64_MAX})).ok());
}

TEST(SegmentFormatTest, ARecordHeaderComesBackAsItWas) {
  const std::string bytes = EncodeRecordHeader(kRecord, kSalt);
  EXPECT_EQ(bytes.size(), kRecordHeaderBytes);
  EXPECT_EQ(DecodeRecordHeader(bytes + "more", kSalt).value(), kRecord);
}

TEST(SegmentFormatTest, AnyChangedOrMissingByteOfARecordHeaderIsFound) {
  const std::string bytes = EncodeRecordHeader(kRecord, kSalt);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(DecodeRecordHeader(damaged, kSalt), std::nullopt) << i;
    EXPECT_EQ(DecodeRecordHeader(bytes.substr(0, i), kSalt), std::nullopt) << i;
  }
}

TEST(SegmentFormatTest, ARecordOfAnotherSegmentIsNone) {
  EXPECT_EQ(DecodeRecordHeader(EncodeRecordHeader(kRecord, kSalt), kSalt + 1), std::nullopt);
}

TEST(SegmentFormatTest, NamesSortAsTheirNumbersDo) {
  EXPECT_EQ(SegmentName(1), "00000000000000000001.seg");
  EXPECT_EQ(SegmentName(UINT64_MAX), "18446744073709551615.seg");
  EXPECT_LT(SegmentName(9), SegmentName(10));
}

TEST(SegmentFormatTest, OnlyNamesOfSegmentsAreNumbers) {
  EXPECT_EQ(ParseSegmentName("00000000000000000010.seg"), 10);
  EXPECT_EQ(ParseSegmentName("18446744073709551615.seg"), UINT64_MAX);
  for (const char* name :
       {"", ".seg", "10.seg", "00000000000000000010.snap", "00000000000000000010.seg.tmp",
        "000000000000000000-1.seg", "+0000000000000000010.seg", "99999999999999999999.seg",
        "00000000000000000000.seg", "0000000000000000001x.seg"}) {
    EXPECT_EQ(ParseSegmentName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace hark::log
