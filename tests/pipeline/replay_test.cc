#include "pipeline/replay.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hark/source.h"

#include "pipeline/replay_helper.h"
#include "support/alert_lines.h"
#include "support/memory_source.h"
#include "support/status_matchers.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MemorySource;
using ::hark::testing::RenderAlertLine;
using ::hark::testing::SecretReadRules;
using ::hark::testing::StatusIs;
using ::hark::testing::ToJson;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Keeps who each alert is about, in the order in which episodes close, and all revisions as text.
class CollectingSink final : public RevisionSink {
 public:
  void OnRevision(const Alert& alert) override {
    lines += RenderAlertLine(alert) + "\n";
    if (alert.state == AlertState::kClosed) {
      actors.push_back(alert.opening.actor_name);
    }
  }
  std::string lines;
  std::vector<std::string> actors;
};

// Brings a text, then fails; and says how often it was read.
class FailingSource final : public Source {
 public:
  FailingSource(std::string name, std::string lines) : source_(std::move(name), std::move(lines)) {}

  const std::string& name() const override { return source_.name(); }
  const std::string& cluster() const override { return source_.cluster(); }
  std::uint64_t size_hint() const override { return 0; }
  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override {
    const absl::Status status = source_.Read(max_bytes, batch);
    return status.ok() && batch.at_end() ? absl::UnavailableError("the disk is gone") : status;
  }
  bool Rewind() override { return source_.Rewind(); }

 private:
  MemorySource source_;
};

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    options_.rules = SecretReadRules();
    options_.batch_bytes = 1000;
    options_.on_record = [this](const FactRecord& record) { records_.push_back(record); };
  }

  void AddSource(std::string lines) {
    sources_.push_back(std::make_unique<MemorySource>(absl::StrFormat("source-%d", sources_.size()),
                                                      std::move(lines)));
  }

  ReplayResult Run() { return Replay(options_, std::exchange(sources_, {}), sink_); }

  ReplayOptions options_;
  std::vector<std::unique_ptr<Source>> sources_;
  CollectingSink sink_;
  std::vector<FactRecord> records_;
};

std::string LongLog(int events) {
  std::string text;
  for (int i = 0; i < events; ++i) {
    text += ToJson(EventLine{.second = i, .resource = i % 50 == 0 ? "secrets" : "pods"});
  }
  return text;
}

TEST_F(ReplayTest, AnEventThatARuleMatchesRaisesAnAlert) {
  AddSource(ToJson({{.second = 0, .user = "alice"}, {.second = 1, .user = "bob"}}));
  Run();
  EXPECT_THAT(sink_.actors, ElementsAre("alice", "bob"));
}

TEST_F(ReplayTest, NoInputRaisesNothing) {
  const ReplayResult result = Run();
  EXPECT_EQ(result.input.records, 0);
  EXPECT_THAT(sink_.actors, IsEmpty());
}

TEST_F(ReplayTest, EveryRecordIsAnEventSkippedOrRejected) {
  AddSource(ToJson(EventLine{}) + "\n \r\n" + R"({"kind":"Node"})" + "\n" + "[1]\n" + "{\"a\":\n" +
            R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete"})" + "\n" +
            ToJson(EventLine{.second = 7200}));
  options_.now = kStart;
  const InputStats input = Run().input;
  EXPECT_EQ(input.records, 6);
  EXPECT_EQ(input.events, 1);
  EXPECT_EQ(input.skipped_total() + input.rejected_total(), 5);
  EXPECT_EQ(input.rejected[static_cast<std::size_t>(RejectReason::kFuture)], 1);
  EXPECT_EQ(input.rejected[static_cast<std::size_t>(RejectReason::kTruncated)], 1);
  EXPECT_EQ(input.rejected[static_cast<std::size_t>(RejectReason::kNotAnObject)], 1);
}

TEST_F(ReplayTest, FactsAreJudgedDroppedAsCopiesOrTooLate) {
  AddSource(ToJson({{.second = 0}, {.second = 0}, {.second = 5000}, {.second = 10}}));
  options_.batch_bytes = 1;
  const ReplayResult result = Run();
  EXPECT_EQ(result.input.facts, 4);
  EXPECT_EQ(result.detector.facts, 4);
  EXPECT_EQ(result.detector.judged + result.detector.duplicate + result.detector.too_late, 4);
  EXPECT_EQ(result.detector.duplicate, 1);
}

TEST_F(ReplayTest, AllSourcesAreDeclaredBeforeTheFirstData) {
  AddSource(ToJson(EventLine{}));
  AddSource(ToJson(EventLine{}));
  options_.lateness = 5 * kSecond;
  Run();
  ASSERT_GT(records_.size(), 2);
  EXPECT_EQ(records_[0].kind, FactRecord::Kind::kDeclare);
  EXPECT_EQ(records_[0].source, "source-0");
  EXPECT_EQ(records_[0].lateness, 5 * kSecond);
  EXPECT_EQ(records_[1].kind, FactRecord::Kind::kDeclare);
  EXPECT_EQ(records_[1].source, "source-1");
}

TEST_F(ReplayTest, ASourceEndsWithARecordAtItsLastPosition) {
  const std::string lines = LongLog(10);
  AddSource(lines);
  Run();
  EXPECT_EQ(records_.back().kind, FactRecord::Kind::kEnd);
  EXPECT_EQ(records_.back().position, lines.size());
}

TEST_F(ReplayTest, PositionsAndEventsOfTheRecordsAddUp) {
  const std::string lines = LongLog(100);
  AddSource(lines);
  const ReplayResult result = Run();
  std::uint64_t events = 0, position = 0;
  for (const FactRecord& record : records_) {
    EXPECT_GE(record.position, position);
    position = record.position;
    events += record.events;
  }
  EXPECT_EQ(events, 100);
  EXPECT_EQ(position, lines.size());
  EXPECT_EQ(result.input.bytes, lines.size());
}

TEST_F(ReplayTest, TheFactLogIsTheSameForAnyNumberOfThreads) {
  std::vector<FactRecord> expected;
  std::string expected_lines;
  for (int threads = 1; threads <= 8; ++threads) {
    records_.clear();
    sink_ = CollectingSink();
    AddSource(LongLog(1000));
    AddSource(LongLog(700));
    AddSource(ToJson({{.second = 900, .user = "bob"}, {.second = 100, .user = "late"}}));
    options_.threads = threads;
    Run();
    if (threads == 1) {
      expected = records_;
      expected_lines = sink_.lines;
    }
    EXPECT_EQ(records_, expected) << threads << " threads";
    EXPECT_EQ(sink_.lines, expected_lines) << threads << " threads";
  }
}

TEST_F(ReplayTest, EventsAtOrAfterToAreNotJudged) {
  AddSource(ToJson({{.second = 9, .user = "before"}, {.second = 10, .user = "at"}}));
  options_.to = kStart + 10 * kSecond;
  const ReplayResult result = Run();
  EXPECT_THAT(sink_.actors, ElementsAre("before"));
  EXPECT_EQ(result.input.events, 2);
  EXPECT_EQ(result.input.out_of_range, 1);
}

TEST_F(ReplayTest, ASourceWhoseEventsAreAllAfterToHoldsNobodyBack) {
  AddSource(LongLog(1000));
  AddSource(ToJson(EventLine{.second = 5000}));
  options_.to = kStart + 2000 * kSecond;
  Run();
  const auto after_to =
      std::find_if(records_.begin(), records_.end(), [](const FactRecord& record) {
        return record.kind == FactRecord::Kind::kBatch && record.source == "source-1";
      });
  ASSERT_NE(after_to, records_.end());
  EXPECT_EQ(after_to->highest_time, options_.to);
}

TEST_F(ReplayTest, AlertsLastSeenBeforeFromAreLeftOut) {
  AddSource(ToJson({{.second = 0, .user = "early"},
                    {.second = 0, .user = "long"},
                    {.second = 600, .user = "long"},
                    {.second = 600, .user = "new"}}));
  options_.from = kStart + 500 * kSecond;
  Run();
  EXPECT_THAT(sink_.actors, UnorderedElementsAre("long", "new"));
}

TEST_F(ReplayTest, EventsBeforeTheLongestWindowBeforeFromAreReadButNotJudged) {
  AddSource(ToJson({{.second = 0}, {.second = 10'000}}));
  options_.from = kStart + 9000 * kSecond;
  const ReplayResult result = Run();
  EXPECT_EQ(result.input.events, 2);
  EXPECT_EQ(result.input.out_of_range, 1);
}

TEST_F(ReplayTest, AlertsBelowTheLevelAreLeftOut) {
  AddSource(ToJson(EventLine{}));
  options_.min_level = Severity::kHigh;
  Run();
  EXPECT_THAT(sink_.actors, IsEmpty());
}

TEST_F(ReplayTest, ASourceThatFailsEndsAndTheOthersGoOn) {
  sources_.push_back(std::make_unique<FailingSource>("broken", ToJson(EventLine{.user = "seen"})));
  sources_.push_back(std::make_unique<MemorySource>("whole", LongLog(500)));
  const ReplayResult result = Run();
  EXPECT_THAT(result.source_errors,
              ElementsAre(StatusIs(absl::StatusCode::kUnavailable, "the disk is gone")));
  EXPECT_EQ(result.input.events, 501);
}

TEST_F(ReplayTest, StopEndsTheReplayAndClosesWhatIsOpen) {
  std::atomic<bool> stop = false;
  AddSource(LongLog(5000));
  options_.stop = &stop;
  options_.on_progress = [&stop](const ReplayProgress& progress) { stop = progress.events >= 100; };
  const ReplayResult result = Run();
  EXPECT_TRUE(result.stopped);
  EXPECT_LT(result.detector.facts, 100);
  EXPECT_THAT(sink_.actors, SizeIs(1));
}

TEST_F(ReplayTest, ProgressCountsBytesAndEvents) {
  const std::string lines = LongLog(100);
  AddSource(lines);
  AddSource(lines);
  ReplayProgress last;
  options_.on_progress = [&last](const ReplayProgress& progress) { last = progress; };
  Run();
  EXPECT_EQ(last.bytes, 2 * lines.size());
  EXPECT_EQ(last.events, 200);
}

}  // namespace
}  // namespace hark::pipeline
