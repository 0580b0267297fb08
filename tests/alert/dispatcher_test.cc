#include "alert/dispatcher_helper.h"

namespace hark::alert {
namespace {

TEST_F(DispatcherTest, DeliversRevisionsInTheOrderInWhichTheyWereStored) {
  Script script;
  AddOutput("a", script, {.keeps_total_order = true, .max_batch = 2});
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2)});
  Commit({MakeTestRevision(1, 2), MakeTestRevision(3)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(2), Name(1, 2), Name(3)));
  EXPECT_THAT(StoredCursors(), ElementsAre(std::pair("a", 4)));
}

TEST_F(DispatcherTest, GoesOnAtItsCursorAfterAStop) {
  Script script;
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  ASSERT_TRUE(script.WaitForDelivered(1));
  dispatcher_->Stop();
  Commit({MakeTestRevision(2)});
  AddOutput("a", script);
  Start();
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(2)));
}

TEST_F(DispatcherTest, AfterAKillEverythingSinceTheStoredCursorComesAgainWithTheSameNames) {
  cursor_interval_ = absl::Hours(1);
  Script script;
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  ASSERT_THAT(Drain(), IsOk());
  Commit({MakeTestRevision(2), MakeTestRevision(3)});
  ASSERT_TRUE(script.WaitForDelivered(3));
  dispatcher_ = nullptr;
  Script second;
  AddOutput("a", second);
  Start();
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(second.delivered(), ElementsAre(Name(2), Name(3)));
}

TEST_F(DispatcherTest, ANewOutputBeginsAtThePresentEnd) {
  Commit({MakeTestRevision(1)});
  Script script;
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(2)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(2)));
}

TEST_F(DispatcherTest, ANewOutputIsOwedAllFromItsFirstStartOnEvenIfItIsKilledAtOnce) {
  Script script;
  AddOutput("a", script);
  Start();
  dispatcher_ = nullptr;
  Commit({MakeTestRevision(1)});
  AddOutput("a", script);
  Start();
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1)));
}

TEST_F(DispatcherTest, AnOutputThatIsNoMoreLosesItsCursor) {
  Script script;
  AddOutput("a", script);
  AddOutput("b", script);
  Start();
  AddOutput("b", script);
  Start();
  EXPECT_THAT(StoredCursors(), ElementsAre(std::pair("b", 0)));
}

TEST_F(DispatcherTest, OfOutputsThatAreNoMoreTheMetricsSayNothing) {
  Script stopped([](const auto&) { return Attempt{.outcome = Outcome::kStop, .status = 410}; });
  Script closed([](const auto&) { return Attempt{.outcome = Outcome::kClosed}; });
  Script kept;
  AddOutput("a", stopped);
  AddOutput("b", closed);
  AddOutput("c", kept);
  Start();
  Commit({MakeTestRevision(1)});
  EXPECT_THAT(Drain(), IsOk());
  for (const std::string output : {"a", "b"}) {
    EXPECT_THAT(*registry_.Text(), HasSubstr("hark_output_stopped{output=\"" + output + "\"} 1"));
  }
  dispatcher_->Stop();
  AddOutput("c", kept);
  Start();
  const std::string text = *registry_.Text();
  EXPECT_THAT(text, Not(AnyOf(HasSubstr("output=\"a\""), HasSubstr("output=\"b\""))));
  EXPECT_THAT(text, HasSubstr("hark_deliveries_total{output=\"c\",result=\"delivered\"} 1"));
}

TEST_F(DispatcherTest, TwoOutputsOfOneNameAreRefused) {
  Script script;
  AddOutput("a", script);
  AddOutput("a", script);
  EXPECT_THAT(Dispatcher::Start(store_, std::move(outputs_)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"a\"")));
}

TEST_F(DispatcherTest, AFailingOutputIsRetriedAndTheOthersGoOn) {
  Script bad([](const auto&) { return Failed(); });
  Script good;
  AddOutput("bad", bad);
  AddOutput("good", good);
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2)});
  EXPECT_TRUE(good.WaitForDelivered(2));
  AdvanceUntilAttempts(bad, 5);
  EXPECT_EQ(StatusOf(0).state, OutputState::kFailing);
  EXPECT_EQ(StatusOf(0).last_error, "HTTP 503");
  EXPECT_EQ(StatusOf(0).queue_length, 2U);
  EXPECT_EQ(StatusOf(1).state, OutputState::kWorking);
  bad.SetAnswer({});
  AdvanceUntilAttempts(bad, bad.attempts() + 2);
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(bad.delivered(), ::testing::UnorderedElementsAre(Name(1), Name(2)));
  EXPECT_EQ(StatusOf(0).last_error, "");
}

TEST_F(DispatcherTest, ARevisionThatCannotBeDeliveredDelaysNoOtherAlert) {
  const std::string poison = Name(1);
  Script script([&](const auto& names) { return names[0] == poison ? Failed() : Attempt{}; });
  AddOutput("a", script, {.max_concurrency = 4});
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(1, 2), MakeTestRevision(2), MakeTestRevision(3)});
  AdvanceUntilAttempts(script, 6);
  EXPECT_THAT(script.delivered(), ::testing::UnorderedElementsAre(Name(2), Name(3)));
  EXPECT_EQ(StatusOf().queue_length, 2U);
  EXPECT_EQ(StatusOf().cursor, 0);
}

TEST_F(DispatcherTest, AReceiverThatIsDownIsTriedByOneRevisionAtATime) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script, {.max_concurrency = 8});
  Start();
  std::vector<Revision> revisions;
  for (std::uint64_t alert = 0; alert < 100; ++alert) {
    revisions.push_back(MakeTestRevision(alert));
  }
  Commit(revisions);
  ASSERT_TRUE(script.WaitForAttempts(8));
  // No time has passed: nothing more is tried.
  dispatcher_->Notify();
  EXPECT_THAT(dispatcher_->Drain(absl::Milliseconds(50), Dispatcher::Patience::kToTheEnd),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("a (100 alert revisions")));
  EXPECT_EQ(script.attempts(), 8U);
}

TEST_F(DispatcherTest, NothingIsTriedBeforeTheReceiverWantsItAgain) {
  Script script([](const auto&) {
    Attempt attempt = Failed();
    attempt.wait_at_least = absl::Minutes(10);
    return attempt;
  });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2)});
  WaitForRetried(1);
  script.SetAnswer({});
  clock_.Advance(absl::Minutes(9));
  EXPECT_THAT(Drain(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("HTTP 503")));
  EXPECT_EQ(script.attempts(), 1U);
  clock_.Advance(absl::Minutes(2));
  EXPECT_THAT(Drain(), IsOk());
}

TEST_F(DispatcherTest, ARejectedRevisionIsADeadLetterWithTheAnswer) {
  Script script([](const auto&) {
    return Attempt{.outcome = Outcome::kRejected,
                   .status = 422,
                   .reason = "HTTP 422",
                   .answer = std::string(5'000, 'x')};
  });
  AddOutput("a", script);
  Start();
  const Revision revision = MakeTestRevision(1);
  Commit({revision});
  EXPECT_THAT(Drain(), IsOk());
  ASSERT_THAT(DeadLetters(), SizeIs(1));
  const DeadLetter letter = DeadLetters()[0];
  EXPECT_EQ(letter, (DeadLetter{.number = 1,
                                .output = "a",
                                .id = revision.id,
                                .n = 1,
                                .failed = absl::ToUnixMicros(clock_.Now()),
                                .attempts = 1,
                                .status = 422,
                                .reason = "HTTP 422",
                                .answer = std::string(1'024, 'x'),
                                .detected = revision.detected,
                                .json = revision.json}));
}

TEST_F(DispatcherTest, OfARejectedBatchOnlyTheBadOneIsADeadLetter) {
  Script script([](const auto& names) {
    const bool is_bad = std::find(names.begin(), names.end(), Name(2)) != names.end();
    return Attempt{.outcome = is_bad ? Outcome::kRejected : Outcome::kDelivered};
  });
  AddOutput("a", script, {.keeps_total_order = true, .max_batch = 10});
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2), MakeTestRevision(3)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(3)));
  ASSERT_THAT(DeadLetters(), SizeIs(1));
  EXPECT_EQ(DeadLetters()[0].id, AlertId(2));
}

TEST_F(DispatcherTest, WhatIsTooOldIsADeadLetterAndTheRestIsDelivered) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  WaitForRetried(1);
  clock_.Advance(absl::Hours(73));
  Revision fresh = MakeTestRevision(2);
  fresh.detected = absl::ToUnixMicros(clock_.Now());
  script.SetAnswer({});
  Commit({fresh});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(2)));
  ASSERT_THAT(DeadLetters(), SizeIs(1));
  EXPECT_EQ(DeadLetters()[0].reason, "not delivered within 72h: HTTP 503");
  EXPECT_EQ(DeadLetters()[0].status, 503);
}

TEST_F(DispatcherTest, AWallClockThatIsSetBackMakesNothingTooOld) {
  Script script;
  AddOutput("a", script);
  FakeClock wall;
  Start(&wall);
  wall.Advance(-absl::Hours(24 * 30));
  Revision revision = MakeTestRevision(1);
  revision.detected = absl::ToUnixMicros(wall.Now());
  Commit({revision});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1)));
  EXPECT_EQ(StatusOf().counts.expired, 0U);
}

TEST_F(DispatcherTest, AWallClockThatIsSetForwardMakesNothingTooOld) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script);
  FakeClock wall;
  Start(&wall);
  Commit({MakeTestRevision(1)});
  WaitForRetried(1);
  wall.Advance(absl::Hours(24 * 400));
  clock_.Advance(absl::Minutes(2));
  script.SetAnswer({});
  dispatcher_->Notify();
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1)));
  EXPECT_EQ(StatusOf().counts.expired, 0U);
}

TEST_F(DispatcherTest, AStoppedOutputRestsUntilItIsStartedAnew) {
  Script script([](const auto&) {
    return Attempt{.outcome = Outcome::kStop, .status = 410, .reason = "HTTP 410"};
  });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  EXPECT_THAT(Drain(), IsOk()) << "nothing can be waited for";
  EXPECT_EQ(StatusOf().state, OutputState::kStopped);
  EXPECT_THAT(*registry_.Text(), HasSubstr("hark_output_stopped{output=\"a\"} 1"));
  clock_.Advance(absl::Hours(10));
  Commit({MakeTestRevision(2)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_EQ(script.attempts(), 1U);
  dispatcher_->Stop();
  script.SetAnswer({});
  AddOutput("a", script);
  Start();
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(2)));
}

TEST_F(DispatcherTest, AnOutputThatNobodyReadsIsOverAndKeepsNothingBack) {
  Script script(
      [](const auto&) { return Attempt{.outcome = Outcome::kClosed, .reason = "broken pipe"}; });
  Script other;
  AddOutput("a", script);
  AddOutput("b", other);
  Start();
  Commit({MakeTestRevision(1)});
  Commit({MakeTestRevision(2)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_EQ(StatusOf().state, OutputState::kClosed);
  EXPECT_THAT(other.delivered(), SizeIs(2));
  dispatcher_->Stop();
  EXPECT_THAT(StoredCursors(), ElementsAre(std::pair("b", 2)));
}

TEST_F(DispatcherTest, AShutdownDoesNotWaitForAnOutputThatFails) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  WaitForRetried(1);
  const absl::Time begin = absl::Now();
  EXPECT_THAT(dispatcher_->Drain(absl::Hours(1), Dispatcher::Patience::kWhileItWorks),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("a (1 alert revisions")));
  EXPECT_LT(absl::Now() - begin, absl::Minutes(1));
}

}  // namespace
}  // namespace hark::alert
