#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
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

#include "alert/dispatcher.h"
#include "base/mutex.h"
#include "metrics/registry.h"
#include "support/fake_clock.h"
#include "support/revision_builder.h"
#include "support/sample_alert.h"
#include "support/scripted_destination.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {

using ::hark::testing::AlertId;
using ::hark::testing::FakeClock;
using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::NameOf;
using ::hark::testing::Script;
using ::hark::testing::ScriptedDestination;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr absl::Duration kLong = absl::Seconds(20);

inline Attempt Failed() {
  return {.outcome = Outcome::kRetry, .status = 503, .reason = "HTTP 503"};
}

inline std::string Name(std::uint64_t alert, std::uint32_t n = 1) {
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
  // `wall`: null for the one that all else is timed by.
  void Start(const Clock* wall = nullptr) {
    dispatcher_.reset();
    absl::StatusOr<std::unique_ptr<Dispatcher>> dispatcher =
        Dispatcher::Start(store_, std::exchange(outputs_, {}),
                          {.clock = wall == nullptr ? &clock_ : wall,
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
  // Whether it holds within so long, by the real clock.
  template <typename Condition>
  static bool Within(std::chrono::seconds at_most, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
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

}  // namespace hark::alert
