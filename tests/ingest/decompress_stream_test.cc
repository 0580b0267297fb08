#include "ingest/decompress_stream.h"

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/compression.h"
#include "support/scripted_stream.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::Gzip;
using ::hark::testing::IsOk;
using ::hark::testing::LogLines;
using ::hark::testing::ReadAll;
using ::hark::testing::ScriptedStream;
using ::hark::testing::SkippableFrame;
using ::hark::testing::StatusIs;
using ::hark::testing::StreamContent;
using ::hark::testing::Zstd;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::StartsWith;
// clang-tidy does not see the suffixes in use.
using std::string_literals::operator""s;        // NOLINT(misc-unused-using-decls)
using std::string_view_literals::operator""sv;  // NOLINT(misc-unused-using-decls)

class DecompressStreamTest : public ::testing::Test {
 protected:
  StreamContent Read(std::string bytes) const {
    const auto stream =
        Decompress(std::make_unique<ScriptedStream>(ScriptedStream::Script{
                       .text = std::move(bytes), .piece = piece_, .end = end_, .damages = {}}),
                   limits_);
    return ReadAll(*stream, size_);
  }

  std::size_t piece_ = std::size_t{1} << 30;  // of the compressed bytes
  std::size_t size_ = std::size_t{64} << 10;  // of each Read
  absl::Status end_;
  BombLimits limits_;
};

auto DamageAt(RejectReason reason, std::uint64_t offset) {
  return AllOf(Field(&Damage::reason, reason), Field(&Damage::offset, offset));
}

TEST_F(DecompressStreamTest, AnEmptyFileIsEmpty) {
  const StreamContent content = Read("");
  EXPECT_THAT(content.status, IsOk());
  EXPECT_EQ(content.text, "");
  EXPECT_THAT(content.damages, IsEmpty());
}

TEST_F(DecompressStreamTest, OtherBytesPassThrough) {
  for (const std::string_view text :
       {"a"sv, "\x1f\x8b"sv, "(\xb5/"sv, "one\ntwo\n"sv, "\0\0\0\0"sv}) {
    for (size_ = 1; size_ < 10; ++size_) {
      EXPECT_EQ(Read(std::string(text)).text, text);
    }
  }
}

TEST_F(DecompressStreamTest, PlainBytesAreReadStraightIntoTheCallersBuffer) {
  auto raw = std::make_unique<ScriptedStream>(
      ScriptedStream::Script{.text = "0123456789abcdef", .piece = 5, .end = {}, .damages = {}});
  const auto stream = Decompress(std::move(raw));
  char buffer[16];
  EXPECT_EQ(*stream->Read(buffer, 16), 5);
  EXPECT_EQ(*stream->Read(buffer, 16), 5);
}

TEST_F(DecompressStreamTest, AGzipMemberIsDecompressed) {
  const std::string text = LogLines(1 << 20);
  EXPECT_EQ(Read(Gzip(text)).text, text);
}

TEST_F(DecompressStreamTest, AZstdFrameIsDecompressed) {
  const std::string text = LogLines(1 << 20);
  EXPECT_EQ(Read(Zstd(text)).text, text);
}

TEST_F(DecompressStreamTest, MembersAndFramesOfBothFormatsAreOneStream) {
  const StreamContent content = Read(Gzip("one\n") + Zstd("two\n") + Gzip("") +
                                     SkippableFrame("no text") + Gzip("three\n") + Zstd("four\n"));
  EXPECT_EQ(content.text, "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(content.damages, IsEmpty());
}

TEST_F(DecompressStreamTest, AFrameToSkipMayComeFirst) {
  EXPECT_EQ(Read(SkippableFrame(std::string(300'000, 'x')) + Zstd("one\n")).text, "one\n");
}

TEST_F(DecompressStreamTest, NulsAfterAMemberArePassedOver) {
  const StreamContent content =
      Read(Gzip("one\n") + std::string(5000, '\0') + Gzip("two\n") + std::string(3, '\0'));
  EXPECT_EQ(content.text, "one\ntwo\n");
  EXPECT_THAT(content.damages, IsEmpty());
}

TEST_F(DecompressStreamTest, OtherBytesAfterAMemberAreOneDamage) {
  const StreamContent content = Read(Gzip("one\n") + LogLines(1 << 20));
  EXPECT_EQ(content.text, "one\n\n");
  EXPECT_THAT(content.damages, ElementsAre(DamageAt(RejectReason::kDamaged, 4)));
}

TEST_F(DecompressStreamTest, TheNextMemberAfterOtherBytesIsFound) {
  for (const std::string& next : {Gzip("two\n"), Zstd("two\n")}) {
    const StreamContent content = Read(Gzip("one\n") + LogLines(3 << 20) + next);
    EXPECT_EQ(content.text, "one\n\ntwo\n");
    EXPECT_THAT(content.damages, SizeIs(1));
  }
}

TEST_F(DecompressStreamTest, AMagicNumberAloneIsNoMember) {
  std::string garbage = "garbage";
  for (int i = 0; i < 1000; ++i) {
    garbage += "\x1f\x8b\x08 no member \x28\xb5\x2f\xfd no frame"sv;
  }
  const StreamContent content = Read(Gzip("one\n") + garbage + Gzip("two\n"));
  EXPECT_EQ(content.text, "one\n\ntwo\n");
  EXPECT_THAT(content.damages, SizeIs(1));
}

TEST_F(DecompressStreamTest, AWrongChecksumIsADamageAfterTheMember) {
  for (std::string bytes : {Gzip("one\n"), Zstd("one\n")}) {
    const std::size_t checksum = bytes.starts_with('\x1f') ? bytes.size() - 8 : bytes.size() - 1;
    bytes[checksum] = static_cast<char>(bytes[checksum] ^ 1);
    const StreamContent content = Read(bytes + Gzip("two\n"));
    EXPECT_EQ(content.text, "one\n\ntwo\n");
    EXPECT_THAT(content.damages, ElementsAre(DamageAt(RejectReason::kDamaged, 4)));
  }
}

TEST_F(DecompressStreamTest, ATruncatedFileIsOneDamageWhereverItIsCut) {
  const std::string text = LogLines(3000);
  for (const std::string& bytes : {Gzip(text), Zstd(text)}) {
    for (std::size_t size = 4; size < bytes.size(); ++size) {
      const StreamContent content = Read(bytes.substr(0, size));
      ASSERT_THAT(content.status, IsOk());
      ASSERT_THAT(content.damages, SizeIs(1)) << "cut to " << size;
      ASSERT_EQ(content.text.back(), '\n');
      ASSERT_THAT(text, StartsWith(content.text.substr(0, content.text.size() - 1)));
      ASSERT_THAT(content.damages[0], DamageAt(RejectReason::kDamaged, content.text.size() - 1));
    }
  }
}

TEST_F(DecompressStreamTest, AllBlocksBeforeTheDamageAreGiven) {
  const std::string text = LogLines(1 << 20);
  std::string bytes = Zstd(text);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  // All that a frame holds fits into the read: libzstd then likes to decompress it at once.
  size_ = std::size_t{4} << 20;
  const StreamContent content = Read(bytes);
  // The block itself may come out as garbage: only the frame has a checksum.
  EXPECT_THAT(content.text, StartsWith(text.substr(0, text.size() / 3)));
  EXPECT_THAT(content.damages, SizeIs(1));
}

TEST_F(DecompressStreamTest, ATruncatedMemberAfterADamageIsReadAsFarAsItGoes) {
  const std::string text = LogLines(20'000);
  const std::string last = Gzip(text);
  const StreamContent content = Read(Gzip("one\n") + "garbage" + last.substr(0, last.size() - 4));
  EXPECT_EQ(content.text, "one\n\n" + text + "\n");
  EXPECT_THAT(content.damages, SizeIs(2));
}

// One damaged byte, in a file of several members: what comes before is as it was, what comes after
// is whole, and there is one damage.
void CheckDamagedByte(const std::vector<std::string>& texts,
                      const std::vector<std::string>& members, std::size_t damaged,
                      std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes;
  std::string before;
  std::string truth;
  std::string after;
  for (std::size_t i = 0; i < members.size(); ++i) {
    (i < damaged ? before : after) += i == damaged ? "" : texts[i];
    truth += texts[i];
    std::string member = members[i];
    if (i == damaged) {
      // The very first bytes of a file say that it is compressed at all.
      const std::size_t at = i == 0 ? 4 + random() % (member.size() - 4) : random() % member.size();
      member[at] = static_cast<char>(random());
    }
    bytes += member;
  }
  const auto stream = Decompress(std::make_unique<ScriptedStream>(
      ScriptedStream::Script{.text = bytes, .end = {}, .damages = {}}));
  const StreamContent content = ReadAll(*stream);
  ASSERT_THAT(content.status, IsOk());
  if (content.damages.empty()) {
    ASSERT_EQ(content.text, truth);  // a byte of the header that says nothing
    return;
  }
  ASSERT_THAT(content.damages, SizeIs(1)) << "member " << damaged << ", seed " << seed;
  ASSERT_THAT(content.text, StartsWith(before));
  ASSERT_THAT(content.text, EndsWith("\n" + after)) << "member " << damaged << ", seed " << seed;
}

TEST_F(DecompressStreamTest, AnyDamagedByteOfAFileCostsOneMember) {
  std::vector<std::string> texts;
  std::vector<std::string> gzip;
  std::vector<std::string> zstd;
  for (std::uint32_t i = 0; i < 5; ++i) {
    texts.push_back(LogLines(i == 2 ? 100'000 : 500, i + 1));
    gzip.push_back(Gzip(texts.back(), i == 3 ? 1 : 9));
    zstd.push_back(Zstd(texts.back()));
  }
  for (std::uint32_t seed = 0; seed < 1500; ++seed) {
    ASSERT_NO_FATAL_FAILURE(CheckDamagedByte(texts, gzip, seed % 5, seed));
    ASSERT_NO_FATAL_FAILURE(CheckDamagedByte(texts, zstd, seed % 5, seed));
  }
}

TEST_F(DecompressStreamTest, ManyDamagedBytesNeverLoseTheLastMember) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = Gzip(LogLines(3000)) + Zstd(LogLines(3000)) + Gzip(LogLines(3000));
    const auto flips = 1 + random() % 20;
    for (std::size_t i = 0; i < flips; ++i) {
      const std::size_t at = 4 + random() % (bytes.size() - 4);
      bytes[at] = static_cast<char>(random());
    }
    const StreamContent content = Read(bytes + Gzip("the last one\n"));
    ASSERT_THAT(content.status, IsOk());
    ASSERT_THAT(content.text, EndsWith("the last one\n"));
    ASSERT_THAT(content.damages, SizeIs(Le(flips)));
  }
}

TEST_F(DecompressStreamTest, PiecesOfAnySizeGiveTheSame) {
  const std::string text = LogLines(5000);
  std::string bytes = Gzip(text) + Zstd(text) + SkippableFrame("") + Gzip(text) + "x" + Zstd(text);
  for (const std::size_t damaged : {bytes.size() / 8, bytes.size() / 3, bytes.size() / 2}) {
    bytes[damaged] = static_cast<char>(bytes[damaged] ^ 0x40);
  }
  const StreamContent expected = Read(bytes);
  EXPECT_THAT(expected.damages, SizeIs(Ge(3)));
  for (piece_ = 1; piece_ < 3000; piece_ = piece_ * 3 + 1) {
    for (size_ = 1; size_ < 3000; size_ = size_ * 5 + 2) {
      const StreamContent content = Read(bytes);
      EXPECT_EQ(content.text, expected.text) << "pieces of " << piece_ << ", reads of " << size_;
      EXPECT_THAT(content.damages, SizeIs(expected.damages.size()));
    }
  }
}

TEST_F(DecompressStreamTest, ABombEndsTheStream) {
  limits_ = {.bytes = 1 << 20, .ratio = 100};
  const StreamContent content = Read(Zstd(std::string(20 << 20, 'x')) + Gzip("one\n"));
  EXPECT_THAT(content.status, IsOk());
  EXPECT_THAT(content.text, AllOf(SizeIs(Ge(1 << 20)), SizeIs(Le(2 << 20)), EndsWith("x\n")));
  EXPECT_THAT(content.damages, ElementsAre(DamageAt(RejectReason::kBomb, content.text.size() - 1)));
}

TEST_F(DecompressStreamTest, AnEndlessRowOfEmptyBlocksEndsWithTheFile) {
  // Each member of 20 bytes decompresses to nothing.
  std::string bytes;
  for (int i = 0; i < 100'000; ++i) {
    bytes += Gzip("");
  }
  EXPECT_EQ(Read(bytes + Gzip("one\n")).text, "one\n");
}

TEST_F(DecompressStreamTest, WhatIsSmallIsNoBomb) {
  limits_ = {.bytes = 1 << 20, .ratio = 10};
  EXPECT_THAT(Read(Zstd(std::string(1 << 20, 'x'))).damages, IsEmpty());
}

TEST_F(DecompressStreamTest, WhatCompressesWellIsNoBomb) {
  limits_ = {.bytes = 1 << 10, .ratio = 2000};
  EXPECT_THAT(Read(Gzip(std::string(10 << 20, 'x'))).damages, IsEmpty());
}

// A frame with one block that is not compressed. The byte for 128 MiB is 88, that for 256 MiB 90.
std::string FrameWithWindow(std::string_view window) {
  return "\x28\xb5\x2f\xfd\0"s + std::string(window) + "\x21\0\0one\n"s;
}

TEST_F(DecompressStreamTest, AWindowOf128MiBIsTheLargest) {
  EXPECT_EQ(Read(FrameWithWindow("\x88")).text, "one\n");
}

// libzstd takes the "26 b5 2f fd" for the magic number of its version 0.6.
TEST_F(DecompressStreamTest, AFrameThatIsDamagedInItsHeaderGivesNothing) {
  const std::string bytes("\x28\xb5\x2f\xfd\xd6\xc6\x26\xb5\x2f\xfd\x04\x2a\x4d\x18\x00\x68", 16);
  const StreamContent content = Read(bytes);
  EXPECT_EQ(content.text, "\n");
  EXPECT_THAT(content.damages, SizeIs(1));
}

TEST_F(DecompressStreamTest, AFrameWithALargerWindowIsDamaged) {
  const StreamContent content = Read(FrameWithWindow("\x90") + Zstd("two\n"));
  EXPECT_EQ(content.text, "\ntwo\n");
  EXPECT_THAT(content.damages, ElementsAre(DamageAt(RejectReason::kDamaged, 0)));
}

// Magic numbers that each decompress for a while, one in the other, would make a search that
// begins again after each of them quadratic: this file would take an hour.
TEST_F(DecompressStreamTest, ManyBadStartsTakeLinearTime) {
  limits_ = {.bytes = std::uint64_t{64} << 20, .ratio = 10};
  const std::string start = "\x1f\x8b\x08\0\0\0\0\0\0\x03\0\xff\xff\0\0"s;
  std::string bytes = Gzip("one\n");
  while (bytes.size() < (1 << 20)) {
    bytes += start;
  }
  EXPECT_THAT(Read(bytes).status, IsOk());
}

TEST_F(DecompressStreamTest, AnErrorOfTheInputComesAfterWhatWasReadBefore) {
  end_ = absl::UnavailableError("the disk is gone");
  const StreamContent content = Read(Gzip("one\n"));
  EXPECT_EQ(content.text, "one\n");
  EXPECT_THAT(content.status, StatusIs(absl::StatusCode::kUnavailable, "the disk is gone"));
  EXPECT_THAT(content.damages, IsEmpty());
}

}  // namespace
}  // namespace hark::ingest
