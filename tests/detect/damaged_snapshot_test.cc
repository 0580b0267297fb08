// A damaged snapshot is refused or gives some state; nothing that is in it can crash the engine.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine_harness.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::EngineHarness;
using ::hark::testing::EventCountSpec;
using ::hark::testing::EventSpec;
using ::hark::testing::FactBuilder;
using ::hark::testing::IsOk;
using ::hark::testing::kHour;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::RuleSpec;
using ::hark::testing::SavedState;
using ::hark::testing::StatusIs;
using ::hark::testing::ValueCountSpec;
using ::testing::_;

std::vector<RuleSpec> Rules() {
  return {EventSpec(kHour), EventCountSpec(3, kMinute, kHour), ValueCountSpec(2, kMinute, kHour)};
}

Fact FactAt(Micros time, const std::string& audit_id, const std::string& actor) {
  FactBuilder builder(audit_id, time);
  builder.On("n", audit_id).Feeding(1, {actor}).Feeding(2, {actor}, audit_id);
  if (actor == "alice") {
    builder.Feeding(0, {actor});
  }
  return builder.Build();
}

// A snapshot with something in every part of it.
SavedState Snapshot() {
  EngineHarness harness(Rules());
  harness.Declare("s", kSecond);
  std::vector<Fact> facts;
  for (int i = 0; i < 6; ++i) {
    facts.push_back(
        FactAt(kStart + i * kSecond, "id" + std::to_string(i), i % 3 == 0 ? "bob" : "alice"));
  }
  harness.Batch("s", facts);
  return harness.Save();
}

// Restores the bytes and, where that succeeds, goes on for as long as all parts have a say.
void TryToGoOn(const SavedState& saved) {
  EngineHarness harness(Rules());
  if (!harness.Restore(saved).ok()) {
    return;
  }
  for (int i = 0; i < 4; ++i) {
    harness.Batch("s", {FactAt(kStart + i * kMinute, "more" + std::to_string(i), "alice")});
  }
  harness.Finish();
  harness.Save();
}

// Gives each byte of each section to `damage`, with a function that restores what it made of them.
template <typename Damage>
void ForEachByte(const Damage& damage) {
  const SavedState saved = Snapshot();
  for (const SavedState::Part& part : saved.sections) {
    for (std::size_t i = 0; i < part.bytes.size(); ++i) {
      SavedState damaged = saved;
      damage(damaged.bytes(part.section.name), i, [&] { TryToGoOn(damaged); });
    }
  }
}

TEST(DamagedSnapshotTest, TheUndamagedOneIsRestored) {
  EngineHarness harness(Rules());
  EXPECT_THAT(harness.Restore(Snapshot()), IsOk());
}

TEST(DamagedSnapshotTest, ASectionThatIsCutOffAnywhereIsRefused) {
  const SavedState saved = Snapshot();
  for (const SavedState::Part& part : saved.sections) {
    for (std::size_t length = 0; length < part.bytes.size(); ++length) {
      SavedState damaged = saved;
      damaged.bytes(part.section.name).resize(length);
      EngineHarness harness(Rules());
      EXPECT_THAT(harness.Restore(damaged), StatusIs(absl::StatusCode::kDataLoss, _))
          << part.section.name << " cut after " << length << " of " << part.bytes.size();
    }
  }
}

TEST(DamagedSnapshotTest, AChangedByteNeverCrashes) {
  ForEachByte([](std::string& bytes, std::size_t i, const auto& try_to_go_on) {
    const char before = bytes[i];
    for (const char change : {'\x01', '\x7f', '\x80'}) {
      bytes[i] = static_cast<char>(before ^ change);
      try_to_go_on();
    }
  });
}

TEST(DamagedSnapshotTest, AMissingOrRepeatedByteNeverCrashes) {
  ForEachByte([](std::string& bytes, std::size_t i, const auto& try_to_go_on) {
    const std::string before = bytes;
    bytes.erase(i, 1);
    try_to_go_on();
    bytes = before;
    bytes.insert(i, 1, before[i]);
    try_to_go_on();
  });
}

// The end and the beginning of all time take the place of each byte in turn.
TEST(DamagedSnapshotTest, AHugeNumberAnywhereNeverCrashes) {
  ForEachByte([](std::string& bytes, std::size_t i, const auto& try_to_go_on) {
    const std::string before = bytes;
    for (const std::string& huge :
         {std::string(9, '\xff') + '\x01', '\xfe' + std::string(8, '\xff') + '\x01'}) {
      bytes = before;
      bytes.replace(i, 1, huge);
      try_to_go_on();
    }
  });
}

}  // namespace
}  // namespace hark::detect
