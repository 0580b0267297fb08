#include "alert/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/mutex.h"
#include "metrics/registry.h"
#include "support/fake_clock.h"
#include "support/revision_builder.h"
#include "support/sample_alert.h"
#include "support/scripted_destination.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::AlertId;
using ::hark::testing::FakeClock;
using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::NameOf;
using ::hark::testing::Script;
using ::hark::testing::ScriptedDestination;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(20);

Attempt Failed() {
  return {.outcome = Outcome::kRetry, .status = 503, .reason = "HTTP 503"};
}

std::string Name(std::uint64_t alert, std::uint32_t n = 1) {
  return NameOf(MakeTestRevision(alert, n));
}

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() : store_(*AlertStore::Open(directory_.Path("hark.db"))) {}

  void AddOutput(const std::string& name, Script& script, const Destination::Traits& traits = {}) {
    outputs_.push_back({.name = name,
                        .kind = "scripted",
                        .destination = std::make_unique<ScriptedDestination>(script, traits)});
  }
  void Start() {
    dispatcher_.reset();
    absl::StatusOr<std::unique_ptr<Dispatcher>> dispatcher =
        Dispatcher::Start(store_, std::exchange(outputs_, {}),
                          {.clock = &clock_,
                           .steady = &clock_,
                           .metrics = &metrics_,
                           .cursor_interval = cursor_interval_,
                           .seed = 7});
    ASSERT_THAT(dispatcher, IsOk());
    dispatcher_ = *std::move(dispatcher);
  }
  void Commit(const std::vector<Revision>& revisions) {
    ASSERT_THAT(store_.Commit({.revisions = revisions}), IsOk());
    if (dispatcher_ != nullptr) {
      dispatcher_->Notify();
    }
  }
  absl::Status Drain(absl::Duration at_most = kLong) {
    return dispatcher_->Drain(at_most, Dispatcher::Patience::kToTheEnd);
  }
  OutputStatus StatusOf(std::size_t output = 0) { return dispatcher_->Status()[output]; }
  // Until the output has taken note of so many failures.
  void WaitForRetried(std::uint64_t number) {
    while (StatusOf().counts.retried < number) {
      std::this_thread::yield();
    }
  }
  // Moves time on until the script has seen so many attempts.
  void AdvanceUntilAttempts(Script& script, std::size_t number) {
    for (int i = 0; i < 100'000 && script.attempts() < number; ++i) {
      clock_.Advance(absl::Seconds(1));
      dispatcher_->Notify();
      std::this_thread::yield();
    }
    ASSERT_TRUE(script.WaitForAttempts(number));
  }
  Cursors StoredCursors() { return *store_.OpenReader()->ReadCursors(); }
  std::vector<DeadLetter> DeadLetters() { return *store_.OpenReader()->DeadLetters("", 0, 1'000); }

  TempDir directory_;
  FakeClock clock_;
  metrics::Registry registry_;
  metrics::DeliveryMetrics metrics_{registry_};
  absl::Duration cursor_interval_ = absl::ZeroDuration();
  AlertStore store_;
  std::vector<OutputSettings> outputs_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

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

TEST_F(DispatcherTest, ARateLimitDelaysAndNeverDrops) {
  Script script;
  AddOutput("a", script);
  outputs_.back().max_per_second = 0.5;
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2), MakeTestRevision(3)});
  ASSERT_TRUE(script.WaitForAttempts(1));
  EXPECT_THAT(Drain(absl::Milliseconds(50)),
              StatusIs(absl::StatusCode::kDeadlineExceeded, ::testing::_));
  EXPECT_EQ(script.attempts(), 1U);
  EXPECT_EQ(StatusOf().queue_length, 2U);
  clock_.Advance(absl::Seconds(2));
  dispatcher_->Notify();
  ASSERT_TRUE(script.WaitForAttempts(2));
  EXPECT_EQ(script.attempts(), 2U);
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), SizeIs(3));
}

TEST_F(DispatcherTest, WhatIsFilteredIsCountedAndDoneWith) {
  Script script;
  AddOutput("a", script);
  outputs_.back().filter = {.min_level = Severity::kHigh};
  Start();
  Revision low = MakeTestRevision(1);
  low.level = Severity::kLow;
  Commit({low, MakeTestRevision(2)});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(2)));
  EXPECT_EQ(StatusOf().cursor, 2);
  EXPECT_EQ(StatusOf().counts.filtered, 1U);
}

TEST_F(DispatcherTest, OnceDrainedTheFinalCountsSumUpToTheRevisions) {
  Script script([count = 0](const auto&) mutable {
    ++count;
    return count % 3 == 0   ? Failed()
           : count % 5 == 0 ? Attempt{.outcome = Outcome::kRejected}
                            : Attempt{};
  });
  AddOutput("a", script, {.max_concurrency = 4});
  outputs_.back().filter = {.min_level = Severity::kHigh};
  Start();
  for (std::uint64_t alert = 0; alert < 200; ++alert) {
    Revision revision = MakeTestRevision(alert);
    revision.level = alert % 7 == 0 ? Severity::kLow : Severity::kHigh;
    Commit({revision});
  }
  while (!Drain(absl::Milliseconds(1)).ok()) {
    clock_.Advance(absl::Seconds(1));
  }
  const OutputCounts counts = StatusOf().counts;
  EXPECT_EQ(counts.Done(), 200U);
  EXPECT_EQ(counts.filtered, 29U);
  EXPECT_GT(counts.retried, 0U);
  EXPECT_THAT(DeadLetters(), SizeIs(counts.rejected));
  const std::string metrics = *registry_.Text();
  EXPECT_THAT(metrics, HasSubstr("result=\"filtered\"} 29"));
  EXPECT_THAT(metrics, HasSubstr("hark_output_queue_length{output=\"a\"} 0"));
}

TEST_F(DispatcherTest, TheOrderOfEachAlertIsKeptAtAnyConcurrency) {
  Script script(
      [count = 0](const auto&) mutable { return ++count % 4 == 0 ? Failed() : Attempt{}; });
  AddOutput("a", script, {.max_concurrency = 16});
  Start();
  std::vector<Revision> revisions;
  for (std::uint32_t n = 1; n <= 20; ++n) {
    for (std::uint64_t alert = 0; alert < 10; ++alert) {
      revisions.push_back(MakeTestRevision(alert, n));
    }
  }
  Commit(revisions);
  while (!Drain(absl::Milliseconds(1)).ok()) {
    clock_.Advance(absl::Seconds(1));
  }
  std::map<std::string, std::vector<std::string>> by_alert;
  for (const std::string& name : script.delivered()) {
    by_alert[name.substr(0, name.find('/'))].push_back(name);
  }
  ASSERT_THAT(by_alert, SizeIs(10));
  for (std::uint64_t alert = 0; alert < 10; ++alert) {
    std::vector<std::string> expected;
    for (std::uint32_t n = 1; n <= 20; ++n) {
      expected.push_back(Name(alert, n));
    }
    EXPECT_EQ(by_alert[AlertId(alert)], expected);
  }
}

TEST_F(DispatcherTest, ALongQueueIsNotReadIntoMemory) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script);
  Start();
  std::vector<Revision> revisions;
  for (std::uint64_t alert = 0; alert < 5'000; ++alert) {
    revisions.push_back(MakeTestRevision(alert));
  }
  Commit(revisions);
  AdvanceUntilAttempts(script, 3);
  EXPECT_EQ(StatusOf().queue_length, 5'000U);
  script.SetAnswer({});
  while (!Drain(absl::Milliseconds(10)).ok()) {
    clock_.Advance(absl::Seconds(10));
  }
  EXPECT_THAT(script.delivered(), SizeIs(5'000));
}

TEST_F(DispatcherTest, ManyThreadsMayAskAndNotifyWhileItDelivers) {
  Script script;
  AddOutput("a", script, {.max_concurrency = 4});
  Start();
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        dispatcher_->Notify();
        EXPECT_THAT(dispatcher_->Status(), SizeIs(1));
        dispatcher_->Reopen();
      }
    });
  }
  for (std::uint64_t alert = 0; alert < 200; ++alert) {
    Commit({MakeTestRevision(alert)});
  }
  EXPECT_THAT(Drain(), IsOk());
  done = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(script.delivered(), SizeIs(200));
}

TEST_F(DispatcherTest, MoreThanMayWaitMakesTheOldestDeadLetters) {
  Script script([](const auto&) { return Failed(); });
  AddOutput("a", script);
  outputs_.back().max_bytes = 1'000'000;
  Start();
  std::vector<Revision> revisions;
  for (std::uint64_t alert = 0; alert < 3'000; ++alert) {
    revisions.push_back(MakeTestRevision(alert));
    revisions.back().json.append(1'000, ' ');
  }
  Commit(revisions);
  // Each pass reads on, and buries what is too much.
  for (int i = 0; i < 100'000 && StatusOf().counts.expired < 1'900; ++i) {
    clock_.Advance(absl::Seconds(1));
    dispatcher_->Notify();
    std::this_thread::yield();
  }
  EXPECT_LT(StatusOf().queue_length, 1'000U);
  EXPECT_GT(StatusOf().queue_length, 500U);
  script.SetAnswer({});
  while (!Drain(absl::Milliseconds(10)).ok()) {
    clock_.Advance(absl::Seconds(10));
  }
  const std::vector<DeadLetter> letters = *store_.OpenReader()->DeadLetters("a", 0, 5'000);
  EXPECT_EQ(letters.front().id, AlertId(0));
  EXPECT_THAT(letters.front().reason, StartsWith("more than 1000000B wait"));
  EXPECT_EQ(letters.size() + script.delivered().size(), 3'000U);
}

TEST_F(DispatcherTest, ADeadLetterThatIsReplayedIsDeliveredAndGone) {
  Script script([](const auto&) { return Attempt{.outcome = Outcome::kRejected, .status = 400}; });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1), MakeTestRevision(2)});
  ASSERT_THAT(Drain(), IsOk());
  ASSERT_THAT(DeadLetters(), SizeIs(2));
  // Refused once more, it stays.
  EXPECT_EQ(*store_.ReplayDeadLetters("a", 0), 2);
  dispatcher_->Notify();
  ASSERT_TRUE(script.WaitForAttempts(4));
  while (DeadLetters()[1].attempts < 2) {
    std::this_thread::yield();
  }
  EXPECT_THAT(DeadLetters(), SizeIs(2));
  script.SetAnswer({});
  EXPECT_EQ(*store_.ReplayDeadLetters("", 1), 1);
  dispatcher_->Notify();
  ASSERT_TRUE(script.WaitForDelivered(1));
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1)));
  while (DeadLetters().size() > 1) {
    std::this_thread::yield();
  }
  EXPECT_EQ(DeadLetters()[0].id, AlertId(2));
  const OutputCounts counts = StatusOf().counts;
  EXPECT_EQ(counts.Done(), 2U) << "a dead letter is counted once";
}

TEST_F(DispatcherTest, AReplayIsNotForgottenByAKill) {
  Script script([](const auto&) { return Attempt{.outcome = Outcome::kRejected}; });
  AddOutput("a", script);
  Start();
  Commit({MakeTestRevision(1)});
  ASSERT_THAT(Drain(), IsOk());
  dispatcher_ = nullptr;
  EXPECT_EQ(*store_.ReplayDeadLetters("a", 0), 1);
  Script second;
  AddOutput("a", second);
  Start();
  EXPECT_TRUE(second.WaitForDelivered(1));
}

Revision RealRevision(std::uint64_t number, const std::string& actor) {
  Alert alert = hark::testing::SampleAlert();
  alert.id = AlertId(number);
  alert.n = 1;
  alert.opening.actor_name = actor;
  return MakeRevision(alert, hark::testing::kRevisionStart);
}

TEST_F(DispatcherTest, WhatIsSilencedIsStoredAndCountedAndNotDelivered) {
  Script script;
  AddOutput("a", script, {.keeps_total_order = true, .max_batch = 10});
  const Micros now = absl::ToUnixMicros(clock_.Now());
  ASSERT_THAT(store_.AddSilence({.matchers = "actor=bob",
                                 .reason = "",
                                 .author = "",
                                 .created = now,
                                 .until = now + 60'000'000}),
              IsOk());
  Start();
  Commit({RealRevision(1, "alice"), RealRevision(2, "bob"), RealRevision(3, "carol")});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(3)));
  EXPECT_EQ(StatusOf().counts.silenced, 1U);
  EXPECT_EQ(StatusOf().cursor, 3);
  EXPECT_THAT(*registry_.Text(), HasSubstr("hark_silenced_total{rule=\"secret_read_burst\"} 1"));
  clock_.Advance(absl::Minutes(1));
  Commit({RealRevision(4, "bob")});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(1), Name(3), Name(4)));
}

TEST_F(DispatcherTest, ASilenceHoldsOnceItWasReloadedUntilItIsEnded) {
  Script script;
  AddOutput("a", script);
  Start();
  const Micros now = absl::ToUnixMicros(clock_.Now());
  const std::int64_t number = *store_.AddSilence({.matchers = "actor=bob",
                                                  .reason = "",
                                                  .author = "",
                                                  .created = now,
                                                  .until = now + 60'000'000});
  ASSERT_THAT(dispatcher_->ReloadSilences(), IsOk());
  Commit({RealRevision(1, "bob")});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), IsEmpty());
  ASSERT_THAT(store_.ExpireSilence(number, now), IsOk());
  ASSERT_THAT(dispatcher_->ReloadSilences(), IsOk());
  Commit({RealRevision(2, "bob")});
  EXPECT_THAT(Drain(), IsOk());
  EXPECT_THAT(script.delivered(), ElementsAre(Name(2)));
}

TEST_F(DispatcherTest, TheStatusIsAListOfObjects) {
  JsonWriter json;
  WriteOutputs({{.name = "a",
                 .kind = "webhook",
                 .state = OutputState::kFailing,
                 .cursor = 7,
                 .queue_length = 3,
                 .oldest_age = absl::Seconds(90),
                 .counts = {.delivered = 5, .retried = 2},
                 .last_error = "HTTP 503"}},
               json);
  EXPECT_EQ(json.text(),
            R"([{"name":"a","kind":"webhook","state":"failing","cursor":7,"queue_length":3,)"
            R"("oldest_age_seconds":90,"revisions":{"delivered":5,"retried":2,"rejected":0,)"
            R"("expired":0,"silenced":0,"filtered":0,"replayed":0},"dead_letters":0,)"
            R"("last_error":"HTTP 503"}])");
}

}  // namespace
}  // namespace hark::alert
