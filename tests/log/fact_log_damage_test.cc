// Damage to what was durable: the log, or its reader, says which file and where, and goes no
// further.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/fact_log_helper.h"
#include "log/segment_format.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

MATCHER_P(IsErrorThatSays, text, "") {
  return !arg.ok() && arg.status().message().find(text) != std::string::npos;
}

constexpr std::size_t kRecordBytes = 30;

class FactLogDamageTest : public ::testing::Test {
 protected:
  FactLogDamageTest() {
    const auto log = OpenLog(files_, small_);
    for (std::uint64_t number = 1; number <= 7; ++number) {
      EXPECT_THAT(AppendDurably(*log, RecordOf(number, kRecordBytes)), IsOk());
    }
  }

  static std::string PathOf(std::uint64_t first) { return JoinPath(kFacts, SegmentName(first)); }

  // What a start finds: the error of opening the log or of reading it, or all numbers.
  absl::StatusOr<std::vector<std::uint64_t>> ReadAll(FaultFileSystem& files) {
    absl::StatusOr<std::unique_ptr<FactLog>> log = FactLog::Open(files, kFacts, small_);
    if (!log.ok()) {
      return log.status();
    }
    return ReadNumbers(**log);
  }

  // Changes one byte of a file for the length of a call.
  absl::StatusOr<std::vector<std::uint64_t>> ReadAllWithFlip(const std::string& path,
                                                             std::size_t offset, char change) {
    const auto files = files_.AfterKill();
    std::string bytes = files->Content(path);
    bytes[offset] = static_cast<char>(bytes[offset] ^ change);
    files->SetContent(path, bytes);
    return ReadAll(*files);
  }

  FaultFileSystem files_;
  FactLogOptions small_{.segment_bytes = 330};  // three records
};

TEST_F(FactLogDamageTest, TheSegmentsAreWhatTheseTestsTakeThemToBe) {
  EXPECT_THAT(files_.List(kFacts).value(),
              ElementsAre(SegmentName(1), SegmentName(4), SegmentName(7)));
}

TEST_F(FactLogDamageTest, AChangedBitAnywhereInAClosedSegmentIsFound) {
  const std::string path = PathOf(4);
  const std::size_t size = files_.Content(path).size();
  for (std::size_t offset = 0; offset < size; ++offset) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      EXPECT_THAT(ReadAllWithFlip(path, offset, change), IsErrorThatSays(path))
          << "offset " << offset;
    }
  }
}

TEST_F(FactLogDamageTest, TheMessageSaysWhere) {
  const std::size_t second =
      kSegmentHeaderBytes + (files_.Content(PathOf(4)).size() - kSegmentHeaderBytes) / 3;
  EXPECT_THAT(
      ReadAllWithFlip(PathOf(4), second + 5, '\x01'),
      StatusIs(absl::StatusCode::kDataLoss,
               AllOf(HasSubstr("offset " + std::to_string(second)), HasSubstr("position 5"))));
}

TEST_F(FactLogDamageTest, AClosedSegmentThatIsCutOffIsFound) {
  const std::string path = PathOf(1);
  const std::string bytes = files_.Content(path);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    files_.SetContent(path, std::string_view(bytes).substr(0, size));
    EXPECT_THAT(ReadAll(files_), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path))) << size;
  }
}

TEST_F(FactLogDamageTest, AMissingSegmentIsFoundAtTheStart) {
  ASSERT_THAT(files_.Remove(PathOf(4)), IsOk());
  EXPECT_THAT(FactLog::Open(files_, kFacts),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(PathOf(4) + ", is missing")));
}

TEST_F(FactLogDamageTest, ARenamedSegmentIsFoundAtTheStart) {
  ASSERT_THAT(files_.Rename(PathOf(4), PathOf(5)), IsOk());
  EXPECT_THAT(FactLog::Open(files_, kFacts),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("renamed")));
}

TEST_F(FactLogDamageTest, ASegmentOfAnotherVersionIsRefused) {
  std::string bytes = files_.Content(PathOf(1));
  bytes[8] = 2;
  files_.SetContent(PathOf(1), bytes);
  EXPECT_THAT(FactLog::Open(files_, kFacts),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version 2")));
}

TEST_F(FactLogDamageTest, OtherFilesAreLeftAlone) {
  files_.SetContent(kFacts + "/notes.txt", "mine");
  EXPECT_THAT(ReadAll(files_), IsOk());
  EXPECT_EQ(files_.Content(kFacts + "/notes.txt"), "mine");
}

class LastSegmentTest : public FactLogDamageTest {
 protected:
  LastSegmentTest() {
    const auto log = OpenLog(files_, small_);
    for (std::uint64_t number = 8; number <= 9; ++number) {
      EXPECT_THAT(AppendDurably(*log, RecordOf(number, kRecordBytes)), IsOk());
    }
    size_ = files_.Content(last_).size();
    record_ = (size_ - kSegmentHeaderBytes) / 3;
  }

  const std::string last_ = PathOf(7);
  std::size_t size_ = 0;
  std::size_t record_ = 0;  // bytes of each of the three records
};

TEST_F(LastSegmentTest, DamageBeforeTheLastGroupIsRefused) {
  for (std::size_t offset = 0; offset < size_ - record_; ++offset) {
    EXPECT_THAT(ReadAllWithFlip(last_, offset, '\x10'), IsErrorThatSays(last_))
        << "offset " << offset;
  }
}

// It looks exactly like a write that the loss of power has torn.
TEST_F(LastSegmentTest, DamageInTheLastGroupIsATornTail) {
  for (std::size_t offset = size_ - record_; offset < size_; ++offset) {
    EXPECT_THAT(ReadAllWithFlip(last_, offset, '\x10').value(),
                ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  }
}

TEST_F(LastSegmentTest, ATornTailIsCutAndCounted) {
  const std::string bytes = files_.Content(last_);
  for (std::size_t size = size_ - record_ + 1; size < size_; ++size) {
    files_.SetContent(last_, std::string_view(bytes).substr(0, size));
    const auto log = OpenLog(files_, small_);
    EXPECT_EQ(log->stats().cut_bytes, size - (size_ - record_));
    EXPECT_EQ(log->stats().durable_position, 8);
    EXPECT_EQ(files_.Content(last_).size(), size_ - record_);
  }
}

TEST_F(LastSegmentTest, WholeRecordsBehindATornOneOfTheirGroupAreCut) {
  FaultFileSystem files;
  {
    const auto log = OpenLog(files);
    ASSERT_THAT(AppendDurably(*log, RecordOf(1)), IsOk());
    files.Hold();
    ASSERT_THAT(log->Append(RecordOf(2)), IsOk());
    files.AwaitHeld();
    ASSERT_THAT(log->Append(RecordOf(3)), IsOk());
    const Appended last = *log->Append(RecordOf(4));
    files.Release();
    ASSERT_THAT(log->WaitDurable(last), IsOk());
  }
  std::string bytes = files.Content(PathOf(1));
  const std::size_t record = (bytes.size() - kSegmentHeaderBytes) / 4;
  bytes[kSegmentHeaderBytes + 3 * record - 1] ^= '\x01';  // in the third one
  files.SetContent(PathOf(1), bytes);
  const auto log = OpenLog(files);
  EXPECT_THAT(ReadNumbers(*log).value(), ElementsAre(1, 2));
}

// An event may say what it likes: bytes that look like a record need the segment's salt.
TEST_F(LastSegmentTest, ForgedRecordsInATornTailProveNothing) {
  std::string forged;
  for (const std::uint64_t salt : {std::uint64_t{0}, std::uint64_t{1}}) {
    forged += EncodeRecordHeader({.position = 100, .group = 100, .length = 0}, salt);
  }
  files_.SetContent(last_, files_.Content(last_) + forged);
  EXPECT_EQ(ReadAll(files_)->size(), 9);
}

}  // namespace
}  // namespace hark::log
