#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/follow_helper.h"
#include "ingest/open_files.h"
#include "support/case_count.h"

namespace hark::ingest {
namespace {

using ::hark::testing::CaseCount;
using ::testing::AnyOf;
using ::testing::IsEmpty;

enum class Naming { kNumber, kTime, kDate };
enum class Descriptors { kEnough, kTooFew };

// A log that is written, rotated and read in a random order. Its records are numbered, so that each
// read can be judged at once: a number is the next one, or one that has been read before.
class RandomLog : public FollowTest {
 public:
  void TestBody() override {}

  void Run(std::uint32_t seed, Naming naming) {
    random_.seed(seed);
    naming_ = naming;
    source_ = Follow();
    cursors_.push_back(source_->cursor());
    for (int i = 0; i < 60 && !HasFailure(); ++i) {
      Step();
    }
    Write(1);
    for (int i = 0; i < 3 && !HasFailure(); ++i) {
      ReadAll();
    }
    EXPECT_EQ(next_, written_) << steps_;
  }

 private:
  struct Rotated {
    std::string name;
    int end = 0;  // the number behind its last record
  };

  std::uint32_t Pick(std::uint32_t count) { return static_cast<std::uint32_t>(random_() % count); }

  void Note(const std::string& step) { steps_ += step + " "; }

  void Step() {
    switch (Pick(14)) {
      case 0:
      case 1:
      case 2:
        return Write(static_cast<int>(Pick(10)));
      case 3:
        return WritePart();
      case 4:
      case 5:
        return ReadOnce();
      case 6:
        return ReadAll();
      case 7:
        return Restart();
      case 8:
        return RotateByName();
      case 9:
        RotateByName();
        Write(static_cast<int>(Pick(3)));
        return RotateByName();
      case 10:
        return CompressOne();
      case 11:
        return RotateByCopy();
      case 12:
        Write(1 + static_cast<int>(Pick(4)));
        RotateByCopy();
        return Write(static_cast<int>(Pick(8)));
      default:
        return DeleteOldest();
    }
  }

  void Write(int count) {
    Note(absl::StrFormat("write(%d)", count));
    std::string text = std::move(rest_);
    rest_.clear();
    for (int i = 0; i < count; ++i) {
      text += NextLine();
    }
    Append(text);
  }

  // Of one line, all but its end.
  void WritePart() {
    if (rest_.empty()) {
      const std::string line = NextLine();
      const std::size_t length = 1 + Pick(static_cast<std::uint32_t>(line.size()) - 1);
      Note(absl::StrFormat("part(%d)", length));
      Append(line.substr(0, length));
      rest_ = line.substr(length);
    }
  }

  std::string NextLine() {
    const std::string padding(Pick(5) == 0 ? 700 : Pick(50), ' ');
    return absl::StrFormat("{\"n\":%d%s}\n", written_++, padding);
  }

  void ReadOnce() {
    Note("read");
    RecordBatch batch;
    const absl::Status status = source_->Read(1 + Pick(300), batch);
    EXPECT_THAT(status.code(), AnyOf(absl::StatusCode::kOk, absl::StatusCode::kNotFound)) << status;
    if (status.ok()) {
      Judge(batch);
    }
  }

  void ReadAll() {
    Note("read all");
    RecordBatch batch;
    while (source_->Read(1 + Pick(3000), batch).ok() && !batch.at_end()) {
      Judge(batch);
    }
  }

  void Judge(const RecordBatch& batch) {
    EXPECT_THAT(batch.damages, IsEmpty()) << steps_;
    constexpr std::string_view kBefore = "\"n\":";
    for (std::size_t at = batch.data.find(kBefore); at != std::string_view::npos;
         at = batch.data.find(kBefore, at + 1)) {
      const int number = std::stoi(std::string(batch.data.substr(at + kBefore.size(), 10)));
      EXPECT_LE(number, next_) << "lost, or out of order: " << steps_;
      next_ = std::max(next_, number + 1);
    }
    cursors_.push_back(source_->cursor());
    if (cursors_.size() > 5) {
      cursors_.pop_front();
    }
  }

  // From the last cursor or, as if what came later had not been committed, from an earlier one.
  void Restart() {
    const std::size_t index =
        Pick(2) == 0 ? cursors_.size() - 1 : Pick(static_cast<std::uint32_t>(cursors_.size()));
    cursors_.resize(index + 1);
    Note(absl::StrFormat("restart(%s)", cursors_.back()));
    source_ = cursors_.back().empty() ? Follow()
                                      : Follow({.from = From::kCursor, .cursor = cursors_.back()});
  }

  void FinishLine() {
    if (!rest_.empty()) {
      Write(0);
    }
  }

  std::string NewName() {
    ++rotations_;
    if (naming_ == Naming::kTime) {
      return absl::StrFormat("audit-2026-11-23T18-04-22.%03d.log", rotations_);
    }
    if (naming_ == Naming::kDate) {
      return absl::StrFormat("audit.log-20261123-%010d", rotations_);
    }
    for (std::size_t i = 0; i < rotated_.size(); ++i) {
      const std::size_t number = rotated_.size() - i + 1;
      std::string& name = rotated_[i].name;
      const std::string suffix = name.ends_with(".gz") ? ".gz" : "";
      Rename(name, absl::StrFormat("audit.log.%d%s", number, suffix));
      name = absl::StrFormat("audit.log.%d%s", number, suffix);
    }
    return "audit.log.1";
  }

  void RotateByName() {
    if (!std::filesystem::exists(Path("audit.log"))) {
      return;
    }
    FinishLine();
    Note("rename");
    const std::string name = NewName();
    Rename("audit.log", name);
    if (Pick(3) == 0) {
      // The writer has not been told yet.
      Append(NextLine(), name);
    }
    rotated_.push_back({.name = name, .end = written_});
    if (Pick(2) == 0) {
      Append("");
    }
  }

  void RotateByCopy() {
    if (!std::filesystem::exists(Path("audit.log"))) {
      return;
    }
    FinishLine();
    Note("copy");
    const std::string name = NewName();
    CopyAndTruncate(name);
    rotated_.push_back({.name = name, .end = written_});
  }

  void CompressOne() {
    if (rotated_.empty()) {
      return;
    }
    Rotated& file = rotated_[Pick(static_cast<std::uint32_t>(rotated_.size()))];
    if (!file.name.ends_with(".gz")) {
      Note("gzip(" + file.name + ")");
      Compress(file.name);
      file.name += ".gz";
    }
  }

  // If it was read.
  void DeleteOldest() {
    if (!rotated_.empty() && rotated_.front().end <= next_) {
      Note("delete(" + rotated_.front().name + ")");
      Remove(rotated_.front().name);
      rotated_.pop_front();
    }
  }

  std::mt19937 random_;
  Naming naming_ = Naming::kNumber;
  std::unique_ptr<FollowedSeries> source_;
  std::deque<std::string> cursors_;  // after the last batches
  std::deque<Rotated> rotated_;      // the oldest first
  int rotations_ = 0;
  int written_ = 0;   // records, also begun ones
  int next_ = 0;      // the number of the first record that has not been read
  std::string rest_;  // of the line that was begun
  std::string steps_;
};

class FollowScheduleTest : public ::testing::TestWithParam<std::tuple<Naming, Descriptors>> {
 protected:
  // Makes the sources believe that all descriptors are taken, or not any more.
  static void PretendToOpen() {
    for (int i = 0; i < kMany; ++i) {
      CountOpenedFile();
    }
  }
  static void PretendToClose() {
    for (int i = 0; i < kMany; ++i) {
      CountClosedFile();
    }
  }

 private:
  static constexpr int kMany = 1000;
};

TEST_P(FollowScheduleTest, EveryRecordIsReadInItsOrder) {
  const auto [naming, descriptors] = GetParam();
  if (descriptors == Descriptors::kTooFew) {
    PretendToOpen();
  }
  for (std::uint32_t seed = 0; seed < CaseCount(400) && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomLog().Run(seed, naming);
  }
  if (descriptors == Descriptors::kTooFew) {
    PretendToClose();
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FollowScheduleTest,
    ::testing::Combine(::testing::Values(Naming::kNumber, Naming::kTime, Naming::kDate),
                       ::testing::Values(Descriptors::kEnough, Descriptors::kTooFew)));

}  // namespace
}  // namespace hark::ingest
