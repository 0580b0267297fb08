#include "pipeline/live_source.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "pipeline/live_test.h"
#include "pipeline/replay_helper.h"
#include "support/live_text_source.h"

namespace hark::pipeline {
namespace {

using hark::testing::EventLine;
using hark::testing::kSecond;
using hark::testing::kStart;
using hark::testing::LiveText;
using hark::testing::LiveTextSource;
using hark::testing::SecretReadRules;
using hark::testing::ToJson;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = FactRecord::Kind;
using Outcome = LiveSource::Outcome;

constexpr std::size_t kBatch = 1;  // a line at a time

class LiveSourceTest : public hark::testing::LiveTest {
 protected:
  LiveSourceTest() : judge_(SecretReadRules(), JudgedTimes{}), scratch_(context_) {}

  LiveSource::Settings Settings() {
    LiveSource::Settings settings;
    settings.source = std::make_unique<LiveTextSource>("audit.log", text_);
    settings.lateness = 5 * kSecond;
    settings.reopen = [this](const std::string& cursor) -> absl::StatusOr<std::unique_ptr<Source>> {
      reopened_.push_back(cursor);
      return std::make_unique<LiveTextSource>("audit.log", text_, std::stoul(cursor));
    };
    return settings;
  }

  LiveSource& Make() { return Make(Settings()); }
  LiveSource& Make(LiveSource::Settings settings) {
    source_ = std::make_unique<LiveSource>(std::move(settings), context_);
    source_->Declare();
    return *source_;
  }

  void Write(const EventLine& line) { text_.text += ToJson(line); }
  Outcome Advance() { return source_->Advance(kBatch, judge_, scratch_); }

  BatchJudge judge_;
  LiveSource::Scratch scratch_;
  LiveText text_;
  std::vector<std::string> reopened_;
  std::unique_ptr<LiveSource> source_;
};

TEST_F(LiveSourceTest, IsDeclaredBeforeItsFirstBatch) {
  Make();
  Write({.second = 1});
  EXPECT_EQ(Advance(), Outcome::kRead);
  EXPECT_EQ(Advance(), Outcome::kNothing);
  const std::vector<FactRecord> records = Records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].kind, Kind::kDeclare);
  EXPECT_EQ(records[0].lateness, 5 * kSecond);
  EXPECT_EQ(records[0].cursor, "0");
  EXPECT_EQ(records[1].kind, Kind::kBatch);
  EXPECT_EQ(records[1].facts.size(), 1U);
  EXPECT_EQ(records[1].highest_time, kStart + kSecond);
  EXPECT_EQ(records[1].cursor, std::to_string(text_.text.size()));
  EXPECT_EQ(records[1].position, text_.text.size());
}

TEST_F(LiveSourceTest, OneThatTheFactLogKnowsIsNotDeclaredAgain) {
  LiveSource::Settings settings = Settings();
  settings.is_declared = true;
  Make(std::move(settings));
  EXPECT_EQ(Advance(), Outcome::kNothing);
  EXPECT_THAT(Kinds(), ElementsAre());
}

TEST_F(LiveSourceTest, IsIdleAfterHalfAMinuteWithoutAnything) {
  Make();
  Write({.second = 1});
  Advance();
  now_ += kIdleAfter - 1;
  Advance();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
  highest_time_ = kStart + 9 * kSecond;  // another source is further
  now_ += 1;
  Advance();
  Advance();
  EXPECT_EQ(Advance(), Outcome::kNothing);
  const std::vector<FactRecord> records = Records();
  ASSERT_EQ(records.size(), 3U) << "one record says it once";
  EXPECT_EQ(records[2].kind, Kind::kIdle);
  EXPECT_EQ(records[2].highest_time, kStart + 9 * kSecond);
}

TEST_F(LiveSourceTest, ASilentOneSaysHowFarTimeHasCome) {
  Make();
  Write({.second = 1});
  Advance();
  now_ += kSilentAfter;
  Advance();
  now_ += kSilentInterval - 1;
  Advance();
  now_ += 1;
  Advance();
  Advance();
  const std::vector<FactRecord> records = Records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[2].highest_time, now_ - kSilentInterval - 5 * kSecond);
  EXPECT_EQ(records[3].highest_time, now_ - 5 * kSecond);
  EXPECT_EQ(source_->status().state, metrics::SourceState::kSilent);
}

TEST_F(LiveSourceTest, OneThatCannotBeReadIsNeitherIdleNorSilent) {
  Make();
  Write({.second = 1});
  Advance();
  EXPECT_EQ(Advance(), Outcome::kNothing);
  text_.error = absl::PermissionDeniedError("audit.log: permission denied");
  now_ += 2 * kSilentAfter;
  EXPECT_EQ(Advance(), Outcome::kUnreadable);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
  EXPECT_EQ(source_->status().state, metrics::SourceState::kUnreadable);
  EXPECT_EQ(source_->status().error, "audit.log: permission denied");
  EXPECT_THAT(captured_.text(), HasSubstr("holds the watermark"));
}

TEST_F(LiveSourceTest, OneThatIsGoneEndsOnlyIfItMay) {
  Make();
  text_.error = absl::NotFoundError("gone");
  EXPECT_EQ(Advance(), Outcome::kUnreadable);
  LiveSource::Settings settings = Settings();
  settings.may_vanish = true;
  Make(std::move(settings));
  EXPECT_EQ(Advance(), Outcome::kGone);
  EXPECT_EQ(Kinds().back(), Kind::kEnd);
}

TEST_F(LiveSourceTest, AfterAFailureOfTheLogItReadsAgainWhatIsNotOnTheDisk) {
  Make();
  Write({.second = 1});
  Advance();
  EXPECT_EQ(Advance(), Outcome::kNothing);
  const std::string durable = std::to_string(text_.text.size());
  disk_.SetCapacity(0);
  Write({.second = 2});
  Write({.second = 3});
  Outcome outcome = Outcome::kRead;
  while (outcome == Outcome::kRead) {
    outcome = Advance();
  }
  EXPECT_EQ(outcome, Outcome::kLogFailed);
  disk_.SetCapacity(std::nullopt);
  while (Advance() == Outcome::kRead) {
  }
  EXPECT_EQ(reopened_.back(), durable);
  const std::vector<FactRecord> records = Records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[2].highest_time, kStart + 2 * kSecond);
  EXPECT_EQ(records[3].highest_time, kStart + 3 * kSecond);
  EXPECT_EQ(records[3].cursor, std::to_string(text_.text.size()));
}

TEST_F(LiveSourceTest, OfSeveralRecordsUnderWayItGoesBackBehindTheLastThatIsOnTheDisk) {
  Make();
  EXPECT_EQ(Advance(), Outcome::kNothing);
  const std::uint64_t before = disk_.operations();
  disk_.Hold();
  Write({.second = 1});
  EXPECT_EQ(Advance(), Outcome::kRead);
  const std::string first = std::to_string(text_.text.size());
  disk_.AwaitHeld();  // the first record is being written, so the next one waits for its turn
  Write({.second = 2});
  EXPECT_EQ(Advance(), Outcome::kRead);
  disk_.FailAt(before + 3, absl::ResourceExhaustedError("no space"));  // after a write and a sync
  disk_.Release();
  EXPECT_EQ(Advance(), Outcome::kLogFailed);
  while (Advance() == Outcome::kRead) {
  }
  EXPECT_THAT(reopened_, ElementsAre(first));
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch, Kind::kBatch));
  EXPECT_EQ(Records().back().highest_time, kStart + 2 * kSecond);
}

TEST_F(LiveSourceTest, ADeclarationThatFailedComesBeforeAllThatIsReadLater) {
  disk_.SetCapacity(0);
  Make();
  Write({.second = 1});
  Outcome outcome = Outcome::kRead;
  while (outcome == Outcome::kRead) {
    outcome = Advance();
  }
  EXPECT_EQ(outcome, Outcome::kLogFailed);
  EXPECT_THAT(source_->status().error, HasSubstr("no space"));
  disk_.SetCapacity(std::nullopt);
  while (Advance() == Outcome::kRead) {
  }
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
}

TEST_F(LiveSourceTest, ALogThatFailsAgainAndAgainIsWaitedForWithoutACursorToo) {
  class WithoutCursor final : public LiveTextSource {
   public:
    using LiveTextSource::LiveTextSource;
    std::string cursor() const override { return {}; }
  };
  disk_.SetCapacity(0);
  LiveSource::Settings settings = Settings();
  settings.source = std::make_unique<WithoutCursor>("audit.log", text_);
  settings.reopen = [this](const std::string&) -> absl::StatusOr<std::unique_ptr<Source>> {
    return std::make_unique<WithoutCursor>("audit.log", text_);
  };
  Make(std::move(settings));
  Write({.second = 1});
  int failures = 0;
  while (failures < 3) {
    failures += Advance() == Outcome::kLogFailed ? 1 : 0;
  }
  disk_.SetCapacity(std::nullopt);
  while (Advance() == Outcome::kRead) {
  }
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare, Kind::kBatch));
}

TEST_F(LiveSourceTest, RecordsThatAreNoEventsDoNotKeepItFromBeingIdle) {
  Make();
  Write({.second = 1});
  Advance();
  now_ += kIdleAfter;
  text_.text += "this is no event\n";
  Advance();
  highest_time_ = kStart + 9 * kSecond;
  EXPECT_EQ(Advance(), Outcome::kNothing);
  EXPECT_EQ(Advance(), Outcome::kNothing);
  EXPECT_EQ(Kinds().back(), Kind::kIdle);
}

TEST_F(LiveSourceTest, NothingIsReadIntoALogThatIsFull) {
  Make();
  EXPECT_EQ(Advance(), Outcome::kNothing);
  context_.max_fact_log_bytes = 0;
  Write({.second = 1});
  EXPECT_EQ(Advance(), Outcome::kLogFailed);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDeclare));
  EXPECT_THAT(captured_.text(), HasSubstr("fact_log.max_bytes"));
}

TEST_F(LiveSourceTest, AnEventFarAheadOfItsReceiptIsRejected) {
  Make();
  Write({.second = 2 * 3600 + 1});
  Write({.second = 2 * 3600});
  EXPECT_EQ(source_->Advance(std::size_t{1} << 20, judge_, scratch_), Outcome::kRead);
  EXPECT_EQ(judge_.stats().rejected[static_cast<std::size_t>(RejectReason::kFuture)], 1U);
  EXPECT_EQ(source_->highest_time(), kStart + Micros{2} * 3600 * kSecond);
}

TEST_F(LiveSourceTest, OfMuchThatWasRejectedInAMinuteTheMainReasonIsSaidAndWhatToDo) {
  Make();
  for (int i = 0; i < 98; ++i) {
    Write({.second = i});
  }
  text_.text += "this is no event\n";
  source_->Advance(std::size_t{1} << 20, judge_, scratch_);
  now_ += 61 * kSecond;
  Write({.second = 99});
  EXPECT_EQ(Advance(), Outcome::kRead);  // 1 of 100 is not much
  EXPECT_THAT(captured_.text(), Not(HasSubstr("many_rejected")));
  Write({.second = 100});
  text_.text += "this is no event\n";
  source_->Advance(std::size_t{1} << 20, judge_, scratch_);
  EXPECT_THAT(captured_.text(), Not(HasSubstr("many_rejected")));
  now_ += 60 * kSecond;
  EXPECT_EQ(Advance(), Outcome::kNothing);
  EXPECT_THAT(captured_.text(), HasSubstr("many_rejected"));
  EXPECT_THAT(captured_.text(), HasSubstr("malformed"));
  EXPECT_THAT(captured_.text(), HasSubstr("make sure that it is an audit log"));
}

TEST_F(LiveSourceTest, OfMuchThatWasRejectedIsTheTalkAtItsEndToo) {
  Make();
  text_.text += "this is no event\n";
  EXPECT_EQ(Advance(), Outcome::kRead);
  EXPECT_EQ(source_->End(), Outcome::kGone);
  EXPECT_THAT(captured_.text(), HasSubstr("many_rejected"));
}

TEST_F(LiveSourceTest, AfterTheEndOfTheLogItIsClosed) {
  Make();
  Write({.second = 1});
  fact_log_->Close();
  EXPECT_EQ(Advance(), Outcome::kClosed);
}

}  // namespace
}  // namespace hark::pipeline
