#include "pipeline/reject_tally.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/memory_source.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::MemorySource;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RejectTallyTest : public ::testing::Test {
 protected:
  // Counts that many records of a source, of which so many were rejected.
  static void Count(RejectTally& tally, std::size_t source, std::uint64_t records,
                    std::uint64_t rejected, RejectReason reason) {
    InputStats before, after;
    before.records = 7;
    before.rejected.fill(7);
    after = before;
    after.records += records;
    after.rejected[static_cast<std::size_t>(reason)] += rejected;
    tally.Add(source, before, after);
  }

  std::vector<std::string> Damaged(const RejectTally& tally) const {
    std::vector<std::string> lines;
    for (const DamagedLog& log : tally.DamagedLogs(sources_)) {
      lines.push_back(log.name + " " + std::to_string(log.rejected) + "/" +
                      std::to_string(log.records) + " " +
                      std::string(RejectReasonName(log.main_reason)));
    }
    return lines;
  }

  const std::vector<std::unique_ptr<Source>> sources_ = ThreeSources();

 private:
  static std::vector<std::unique_ptr<Source>> ThreeSources() {
    std::vector<std::unique_ptr<Source>> sources;
    for (const char* const name : {"a", "b", "c"}) {
      sources.push_back(std::make_unique<MemorySource>(name, ""));
    }
    return sources;
  }
};

TEST_F(RejectTallyTest, OnePercentIsAccepted) {
  RejectTally tally(3);
  Count(tally, 1, 1000, 10, RejectReason::kMalformed);
  EXPECT_THAT(Damaged(tally), IsEmpty());
  Count(tally, 1, 1, 1, RejectReason::kMalformed);
  EXPECT_THAT(Damaged(tally), ElementsAre("b 11/1001 malformed"));
}

TEST_F(RejectTallyTest, ASmallLogDoesNotHideBehindALargeOne) {
  RejectTally tally(3);
  Count(tally, 0, 1'000'000, 0, RejectReason::kMalformed);
  Count(tally, 2, 3, 3, RejectReason::kBadEnvelope);
  EXPECT_THAT(Damaged(tally), ElementsAre("c 3/3 bad_envelope"));
}

TEST_F(RejectTallyTest, TheReasonOfMostComesFirstAndSoDoesTheWorstLog) {
  RejectTally tally(3), other(3);
  Count(tally, 0, 100, 2, RejectReason::kMalformed);
  Count(other, 0, 100, 3, RejectReason::kFuture);
  Count(other, 2, 100, 9, RejectReason::kTruncated);
  tally.Merge(other);
  EXPECT_THAT(Damaged(tally), ElementsAre("c 9/100 truncated", "a 5/200 future"));
}

}  // namespace
}  // namespace hark::pipeline
