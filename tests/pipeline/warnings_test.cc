#include "pipeline/warnings.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

ReplayResult ResultOf(std::uint64_t records) {
  ReplayResult result;
  result.input.records = records;
  result.detector.facts = records;
  return result;
}

TEST(WarningsTest, AnEmptyRunHasNone) {
  EXPECT_THAT(Warnings(ReplayResult()), IsEmpty());
}

TEST(WarningsTest, ADamagedLogIsNamedWithTheMainReasonAndWhatToDo) {
  ReplayResult result = ResultOf(1000);
  result.damaged_logs = {
      {.name = "b.log", .records = 1000, .rejected = 11, .main_reason = RejectReason::kFuture}};
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(StartsWith("b.log: 1.1 % of the records were rejected"),
                                HasSubstr("most as \"future\""), HasSubstr("pass --now"),
                                HasSubstr("--quarantine FILE"))));
}

TEST(WarningsTest, EveryReasonComesWithWhatToDo) {
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    ReplayResult result;
    result.damaged_logs = {{.name = "a.log",
                            .records = 1,
                            .rejected = 1,
                            .main_reason = static_cast<RejectReason>(i)}};
    EXPECT_THAT(Warnings(result), ElementsAre(ContainsRegex("\": [a-z][a-z -]{10,}"))) << i;
  }
}

TEST(WarningsTest, OfVeryManyDamagedLogsTheWorstAreNamed) {
  ReplayResult result;
  for (int i = 0; i < 25; ++i) {
    result.damaged_logs.push_back({.name = absl::StrFormat("%d.log", i),
                                   .records = 1,
                                   .rejected = 1,
                                   .main_reason = RejectReason::kMalformed});
  }
  const std::vector<std::string> warnings = Warnings(result);
  ASSERT_EQ(warnings.size(), 11);
  EXPECT_THAT(warnings[9], StartsWith("9.log: "));
  EXPECT_THAT(warnings[10], HasSubstr("15 more logs"));
}

TEST(WarningsTest, OneInAThousandMayBeLate) {
  ReplayResult result = ResultOf(1000);
  result.detector.late = 1;
  EXPECT_THAT(Warnings(result), IsEmpty());
}

TEST(WarningsTest, MoreLateEventsAskForALargerBound) {
  ReplayResult result = ResultOf(1000);
  result.detector.late = 2;
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(HasSubstr("out of their order"), HasSubstr("--lateness"))));
}

TEST(WarningsTest, OneEventThatWasNotJudgedIsTold) {
  ReplayResult result = ResultOf(1'000'000);
  result.detector.too_late = 1;
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(HasSubstr("1 matching events were not judged"),
                                HasSubstr("10 minutes"), HasSubstr("--lateness"))));
}

TEST(WarningsTest, EvictionsAskForALargerBudget) {
  ReplayResult result = ResultOf(1000);
  result.detector.evictions = 1;
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(HasSubstr("1 groups"), HasSubstr("--state-bytes"))));
}

TEST(WarningsTest, ForgottenKeysAreNoGroups) {
  ReplayResult result = ResultOf(1000);
  result.detector.forgotten = 3;
  EXPECT_THAT(Warnings(result), ElementsAre(AllOf(HasSubstr("3 minutes"), HasSubstr("twice"),
                                                  HasSubstr("--state-bytes"))));
}

TEST(WarningsTest, EventsThatWereJudgedEarlyAskForALargerBudgetOrASmallerBound) {
  ReplayResult result = ResultOf(1000);
  result.detector.early = 7;
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(HasSubstr("7 matching events"), HasSubstr("--state-bytes"),
                                HasSubstr("--lateness"))));
}

}  // namespace
}  // namespace hark::pipeline
