#include "pipeline/warnings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReplayResult ResultOf(std::uint64_t records) {
  ReplayResult result;
  result.input.records = records;
  result.detector.facts = records;
  return result;
}

TEST(WarningsTest, AnEmptyRunHasNone) {
  EXPECT_THAT(Warnings(ReplayResult()), IsEmpty());
}

TEST(WarningsTest, OnePercentOfRejectedRecordsIsAccepted) {
  ReplayResult result = ResultOf(1000);
  result.input.rejected[static_cast<std::size_t>(RejectReason::kMalformed)] = 10;
  EXPECT_THAT(Warnings(result), IsEmpty());
}

TEST(WarningsTest, MoreRejectedRecordsAreToldWithTheMainReasonAndWhatToDo) {
  ReplayResult result = ResultOf(1000);
  result.input.rejected[static_cast<std::size_t>(RejectReason::kMalformed)] = 4;
  result.input.rejected[static_cast<std::size_t>(RejectReason::kFuture)] = 7;
  EXPECT_THAT(Warnings(result),
              ElementsAre(AllOf(HasSubstr("1.1 %"), HasSubstr("future"), HasSubstr("--now"))));
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
