// The same fact log gives the same alerts, wherever the process was stopped and started again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/case_run.h"
#include "detect/random_case.h"
#include "support/case_count.h"
#include "support/status_matchers.h"

namespace hark::detect {
namespace {

using ::hark::testing::Case;
using ::hark::testing::CaseCount;
using ::hark::testing::CaseRun;
using ::hark::testing::Describe;
using ::hark::testing::Difference;
using ::hark::testing::IsOk;
using ::hark::testing::RandomCase;
using ::hark::testing::RandomCaseUnderPressure;
using ::hark::testing::SavedState;

// Stops after `cut` records and goes on in another process, from the bytes of the state.
void ExpectSameAfterRestart(const Case& tried, std::size_t cut, const CaseRun& whole) {
  CaseRun first(tried);
  first.Apply(0, cut);
  const SavedState saved = first.Save();
  CaseRun second(tried);
  ASSERT_THAT(second.Restore(saved), IsOk());
  EXPECT_EQ(second.Save(), saved) << "a restored state is saved as other bytes";
  second.ApplyRest(cut);
  std::vector<std::string> lines = first.Lines();
  for (const std::string& line : second.Lines()) {
    lines.push_back(line);
  }
  EXPECT_EQ(Difference(lines, whole.Lines()), "");
  EXPECT_EQ(second.Save(), whole.Save());
}

void ExpectSameAfterAnyRestart(const Case& tried) {
  CaseRun whole(tried);
  whole.ApplyRest(0);
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
