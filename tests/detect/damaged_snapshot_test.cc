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
std::string Snapshot() {
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
void TryToGoOn(const std::string& bytes) {
  EngineHarness harness(Rules());
  if (!harness.Restore(bytes).ok()) {
    return;
  }
  for (int i = 0; i < 4; ++i) {
    harness.Batch("s", {FactAt(kStart + i * kMinute, "more" + std::to_string(i), "alice")});
  }
  harness.Finish();
  harness.Save();
}

TEST(DamagedSnapshotTest, TheUndamagedOneIsRestored) {
  EngineHarness harness(Rules());
  EXPECT_THAT(harness.Restore(Snapshot()), IsOk());
}

TEST(DamagedSnapshotTest, OneThatIsCutOffAnywhereIsRefused) {
  const std::string bytes = Snapshot();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EngineHarness harness(Rules());
    EXPECT_THAT(harness.Restore(bytes.substr(0, length)), StatusIs(absl::StatusCode::kDataLoss, _))
        << "cut after " << length << " of " << bytes.size() << " bytes";
  }
}

TEST(DamagedSnapshotTest, AChangedByteNeverCrashes) {
  const std::string bytes = Snapshot();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const char change : {'\x01', '\x7f', '\x80'}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      TryToGoOn(damaged);
    }
  }
}

TEST(DamagedSnapshotTest, AMissingOrRepeatedByteNeverCrashes) {
  const std::string bytes = Snapshot();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged.erase(i, 1);
    TryToGoOn(damaged);
    damaged = bytes;
    damaged.insert(i, 1, bytes[i]);
    TryToGoOn(damaged);
  }
}

// The end and the beginning of all time take the place of each byte in turn.
TEST(DamagedSnapshotTest, AHugeNumberAnywhereNeverCrashes) {
  const std::string bytes = Snapshot();
  for (const std::string& huge :
       {std::string(9, '\xff') + '\x01', '\xfe' + std::string(8, '\xff') + '\x01'}) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged.replace(i, 1, huge);
      TryToGoOn(damaged);
    }
  }
}

}  // namespace
}  // namespace hark::detect
