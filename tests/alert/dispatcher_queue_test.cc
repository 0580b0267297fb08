#include "alert/dispatcher_helper.h"

namespace hark::alert {
namespace {

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

TEST_F(DispatcherTest, WhatExpiresIsInTheSumOnceAndADeadLetter) {
  // About every third one fails for ever, by the first digit of its id.
  Script script([](const auto& names) { return names.front()[0] % 3 == 0 ? Failed() : Attempt{}; });
  AddOutput("a", script, {.max_concurrency = 4});
  outputs_.back().max_age = absl::Minutes(10);
  outputs_.back().filter = {.min_level = Severity::kHigh};
  Start();
  constexpr std::uint64_t kAlerts = 90;
  for (std::uint64_t alert = 0; alert < kAlerts; ++alert) {
    Revision revision = MakeTestRevision(alert);
    revision.detected = absl::ToUnixMicros(clock_.Now());
    revision.level = alert % 10 == 0 ? Severity::kLow : Severity::kHigh;
    Commit({revision});
  }
  while (!Drain(absl::Milliseconds(1)).ok()) {
    clock_.Advance(absl::Seconds(10));
  }
  const OutputCounts counts = StatusOf().counts;
  EXPECT_EQ(counts.filtered, 9U);
  EXPECT_GT(counts.expired, 0U);
  EXPECT_EQ(counts.delivered + counts.expired + counts.filtered, kAlerts);
  EXPECT_THAT(DeadLetters(), SizeIs(counts.expired));
  EXPECT_THAT(DeadLetters().front().reason, StartsWith("not delivered within 10m: HTTP 503"));
  EXPECT_THAT(script.delivered(), SizeIs(counts.delivered));
}

TEST_F(DispatcherTest, WhatExpiresAndHowManyDeadLettersThereAreIsSeenThoughNothingElseHappens) {
  Script script([](const auto&) {
    Attempt attempt = Failed();
    attempt.wait_at_least = absl::Hours(1);
    return attempt;
  });
  AddOutput("a", script);
  outputs_.back().max_age = absl::Milliseconds(100);
  Start();
  Revision revision = MakeTestRevision(1);
  revision.detected = absl::ToUnixMicros(clock_.Now());
  Commit({revision});
  WaitForRetried(1);
  clock_.Advance(absl::Seconds(1));
  constexpr std::chrono::seconds kSoon(5);
  EXPECT_TRUE(Within(kSoon, [this] { return StatusOf().counts.expired == 1; }));
  EXPECT_TRUE(Within(kSoon, [this] { return StatusOf().dead_letters == 1; }));
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
