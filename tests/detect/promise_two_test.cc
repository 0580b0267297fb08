// The same fact log gives the same alerts, wherever the process was stopped and started again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/codec.h"
#include "detect/engine.h"
#include "detect/random_case.h"
#include "log/record_codec.h"
#include "support/case_count.h"
#include "support/collecting_sink.h"
#include "support/rule_set_builder.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::Case;
using ::hark::testing::CaseCount;
using ::hark::testing::CollectingSink;
using ::hark::testing::Describe;
using ::hark::testing::Difference;
using ::hark::testing::IsOk;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::RandomCase;
using ::hark::testing::RandomCaseUnderPressure;
using ::hark::testing::ToLines;

std::string Saved(const Detector& engine) {
  ByteWriter writer;
  engine.Save(writer);
  return writer.Take();
}

// The record as the fact log keeps it and gives it back.
FactRecord ThroughTheLog(const FactRecord& record) {
  ByteWriter writer;
  log::EncodeRecord(record, writer);
  ByteReader reader(writer.bytes());
  return log::DecodeRecord(reader).value();
}

class Run {
 public:
  explicit Run(const Case& replayed)
      : case_(replayed),
        rules_(MakeRuleSet(replayed.rules)),
        engine_(MakeEngine(rules_, {.max_state_bytes = replayed.max_state_bytes})) {}

  // Takes the records from `begin` to before `end`.
  void Apply(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      engine_->Apply(ThroughTheLog(case_.records[i]), sink_);
    }
  }
  void Finish() { engine_->Finish(sink_); }
  absl::Status Restore(const std::string& bytes) {
    ByteReader reader(bytes);
    return engine_->Restore(reader);
  }
  std::string Save() const { return Saved(*engine_); }
  std::vector<std::string> Lines() const { return ToLines(sink_.revisions); }

 private:
  const Case& case_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::unique_ptr<Detector> engine_;
  CollectingSink sink_;
};

// Stops after `cut` records and goes on in another process, from the bytes of the state.
void ExpectSameAfterRestart(const Case& tried, std::size_t cut, const Run& whole) {
  Run first(tried);
  first.Apply(0, cut);
  const std::string bytes = first.Save();
  Run second(tried);
  ASSERT_THAT(second.Restore(bytes), IsOk());
  EXPECT_EQ(second.Save(), bytes) << "a restored state is saved as other bytes";
  second.Apply(cut, tried.records.size());
  second.Finish();
  std::vector<std::string> lines = first.Lines();
  for (const std::string& line : second.Lines()) {
    lines.push_back(line);
  }
  EXPECT_EQ(Difference(lines, whole.Lines()), "");
  EXPECT_EQ(second.Save(), whole.Save());
}

void ExpectSameAfterAnyRestart(const Case& tried) {
  Run whole(tried);
  whole.Apply(0, tried.records.size());
  whole.Finish();
  for (std::size_t cut = 0; cut <= tried.records.size(); ++cut) {
    ExpectSameAfterRestart(tried, cut, whole);
    if (::testing::Test::HasFailure()) {
      FAIL() << "cut after " << cut << " records of\n" << Describe(tried);
    }
  }
}

TEST(PromiseTwoTest, ARestartAtAnyRecordChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(50) && !HasFailure(); ++seed) {
    ExpectSameAfterAnyRestart(RandomCase(seed));
  }
}

TEST(PromiseTwoTest, ARestartUnderASmallBudgetChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(200) && !HasFailure(); ++seed) {
    ExpectSameAfterAnyRestart(RandomCaseUnderPressure(seed));
  }
}

// Copies and pairs have a share of the budget of their own, which dense events exceed.
TEST(PromiseTwoTest, ARestartWhileCopiesAreForgottenChangesNothing) {
  for (std::uint64_t seed = 1; seed <= CaseCount(200) && !HasFailure(); ++seed) {
    Case tried = RandomCase(seed);
    tried.max_state_bytes = 2'000;
    ExpectSameAfterAnyRestart(tried);
  }
}

}  // namespace
}  // namespace hark::detect
