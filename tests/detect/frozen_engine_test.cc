// A frozen state is that of its moment, whatever the engine does meanwhile; and the engine does
// what it would have done.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/case_run.h"
#include "detect/engine_harness.h"
#include "detect/random_case.h"
#include "support/case_count.h"
#include "support/saved_state.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::Case;
using ::hark::testing::CaseCount;
using ::hark::testing::CaseRun;
using ::hark::testing::Describe;
using ::hark::testing::Difference;
using ::hark::testing::EngineHarness;
using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::IsOk;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::Random;
using ::hark::testing::RandomCase;
using ::hark::testing::RandomCaseUnderPressure;
using ::hark::testing::SavedOf;
using ::hark::testing::SavedState;
using ::hark::testing::ValueCountSpec;

// What the state is after `cut` records, of an engine to which nothing else happened.
SavedState SavedAfter(const Case& tried, std::size_t cut) {
  CaseRun run(tried);
  run.Apply(0, cut);
  return run.Save();
}

// The engine goes on to the end of all time while another thread saves.
void ExpectSameWhileSaved(const Case& tried, std::size_t cut, const CaseRun& whole) {
  CaseRun run(tried);
  run.Apply(0, cut);
  SavedState saved;
  std::thread saver([&saved, frozen = run.Freeze()]() mutable {
    saved = SavedOf(*frozen);
    frozen.reset();
  });
  run.ApplyRest(cut);
  saver.join();
  EXPECT_EQ(saved, SavedAfter(tried, cut));
  EXPECT_EQ(Difference(run.Lines(), whole.Lines()), "");
  EXPECT_EQ(run.Save(), whole.Save());
}

// All that happens until the end of all time happens before anything is saved.
void ExpectSameWhenSavedAtTheEnd(const Case& tried, std::size_t cut, const CaseRun& whole) {
  CaseRun run(tried);
  run.Apply(0, cut);
  const auto frozen = run.Freeze();
  run.ApplyRest(cut);
  const SavedState saved = SavedOf(*frozen);
  EXPECT_EQ(saved, SavedAfter(tried, cut));
  EXPECT_EQ(Difference(run.Lines(), whole.Lines()), "");
  run.DestroyEngine();
  EXPECT_EQ(SavedOf(*frozen), saved);
  CaseRun restored(tried);
  ASSERT_THAT(restored.Restore(saved), IsOk());
  restored.ApplyRest(cut);
  EXPECT_EQ(restored.Save(), whole.Save());
}

// One moment is frozen after the other, each for some records.
void ExpectSameWhenFrozenAgainAndAgain(const Case& tried, const CaseRun& whole) {
  Random random(tried.seed);
  CaseRun run(tried);
  std::unique_ptr<FrozenState> frozen;
  std::size_t cut = 0;
  for (std::size_t i = 0; i < tried.records.size(); ++i) {
    if (frozen == nullptr && random.OneIn(2)) {
      frozen = run.Freeze();
      cut = i;
    }
    run.Apply(i, i + 1);
    if (frozen != nullptr && random.OneIn(4)) {
      EXPECT_EQ(SavedOf(*frozen), SavedAfter(tried, cut));
      frozen.reset();
    }
  }
  run.Finish();
  EXPECT_EQ(Difference(run.Lines(), whole.Lines()), "");
}

void ExpectSameWhenFrozen(const Case& tried) {
  CaseRun whole(tried);
  whole.ApplyRest(0);
  const std::size_t cut = Random(tried.seed).Below(tried.records.size() + 1);
  ExpectSameWhileSaved(tried, cut, whole);
  ExpectSameWhenSavedAtTheEnd(tried, cut, whole);
  ExpectSameWhenFrozenAgainAndAgain(tried, whole);
  if (::testing::Test::HasFailure()) {
    FAIL() << "frozen after " << cut << " records of\n" << Describe(tried);
  }
}

TEST(FrozenEngineTest, FreezingChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(10) && !HasFailure(); ++seed) {
    ExpectSameWhenFrozen(RandomCase(seed));
  }
}

TEST(FrozenEngineTest, FreezingUnderASmallBudgetChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(10) && !HasFailure(); ++seed) {
    ExpectSameWhenFrozen(RandomCaseUnderPressure(seed));
  }
}

// Copies and pairs have a share of the budget of their own, which dense events exceed.
TEST(FrozenEngineTest, FreezingWhileCopiesAreForgottenChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(20) && !HasFailure(); ++seed) {
    Case tried = RandomCase(seed);
    tried.max_state_bytes = 2'000;
    ExpectSameWhenFrozen(tried);
  }
}

EngineHarness ManyGroups() {
  return EngineHarness(
      {EventSpec(kMinute), EventCountSpec(3, kHour, kMinute), ValueCountSpec(3, kHour, kMinute)},
      {.max_state_bytes = 8 << 20});
}

constexpr int kEvents = 3'000;

// Events of many actors, of whom a few come again and again.
void ApplyEvents(EngineHarness& harness, int first, Micros step) {
  for (int i = first; i < first + kEvents; ++i) {
    const std::string actor = absl::StrFormat("actor%d", i % 3 == 0 ? i % 21 : i);
    FactBuilder builder(absl::StrFormat("id%d", i), kStart + i * step);
    builder.Feeding(1, {actor}).Feeding(2, {actor}, absl::StrFormat("value%d", i % 7));
    if (i % 5 == 0) {
      builder.Feeding(0, {actor});
    }
    harness.Batch("source", {builder.Build()});
  }
}

// So many groups that the two threads do meet: groups go and change, alerts open and close, keys
// come and are forgotten.
TEST(FrozenEngineTest, AStateIsSavedWhileEventsFlow) {
  EngineHarness undisturbed = ManyGroups();
  EngineHarness harness = ManyGroups();
  for (EngineHarness* each : {&undisturbed, &harness}) {
    each->Declare("source", 10 * kSecond);
    ApplyEvents(*each, 0, kSecond);
  }
  const SavedState expected = undisturbed.Save();
  std::atomic<bool> done = false;
  std::thread saver([&done, &expected, frozen = harness.engine().Freeze()]() mutable {
    do {
      EXPECT_EQ(SavedOf(*frozen), expected);
    } while (!done.load());
    frozen.reset();
  });
  ApplyEvents(harness, kEvents, 2 * kSecond);
  harness.Finish();
  done.store(true);
  saver.join();
  ApplyEvents(undisturbed, kEvents, 2 * kSecond);
  undisturbed.Finish();
  EXPECT_EQ(Difference(harness.Story(), undisturbed.Story()), "");
  EXPECT_EQ(harness.Save(), undisturbed.Save());
  EXPECT_GT(harness.engine().stats().evictions, 0);
}

TEST(FrozenEngineTest, ASnapshotReplacesAFrozenState) {
  EngineHarness harness = ManyGroups();
  const SavedState empty = harness.Save();
  ApplyEvents(harness, 0, kSecond);
  const SavedState before = harness.Save();
  const auto frozen = harness.engine().Freeze();
  ASSERT_THAT(harness.Restore(empty), IsOk());
  EXPECT_EQ(SavedOf(*frozen), before);
}

class FullDisk final : public SectionWriter {
 public:
  void BeginSection(std::string_view /*name*/, std::uint32_t /*version*/) override {}
  absl::Status Append(std::string_view bytes) override {
    room_ -= bytes.size() < room_ ? bytes.size() : room_;
    return room_ > 0 ? absl::OkStatus() : absl::ResourceExhaustedError("full");
  }

 private:
  std::size_t room_ = 300'000;
};

TEST(FrozenEngineTest, AnErrorOfTheWriterIsToldAndTheStateCanBeSavedAgain) {
  EngineHarness harness = ManyGroups();
  ApplyEvents(harness, 0, kSecond);
  const SavedState expected = harness.Save();
  const auto frozen = harness.engine().Freeze();
  FullDisk disk;
  EXPECT_THAT(frozen->Save(disk),
              ::hark::testing::StatusIs(absl::StatusCode::kResourceExhausted, "full"));
  EXPECT_EQ(SavedOf(*frozen), expected);
}

}  // namespace
}  // namespace hark::detect
