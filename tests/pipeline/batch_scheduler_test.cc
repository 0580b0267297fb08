#include "pipeline/batch_scheduler.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/memory_source.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::MemorySource;
using ::testing::ElementsAre;
using Ticket = BatchScheduler::Ticket;

// One record is one batch, and a record's text is the time that it brings: "5".
class BatchSchedulerTest : public ::testing::Test {
 protected:
  void AddSource(std::string lines, Micros first_time = kBeginningOfTime) {
    sources_.push_back(std::make_unique<MemorySource>("source", std::move(lines)));
    first_times_.push_back(first_time);
  }

  // Takes batches and applies each at once. Returns the sources in the order in which they were
  // taken; an end is a negative number, -1 for source 0.
  std::vector<int> TakeAll(log::MemoryFactLog& log) {
    BatchScheduler scheduler(std::move(sources_), first_times_, 1, log);
    std::vector<int> order;
    RecordBatch batch;
    FactRecord record;
    while (const std::optional<Ticket> ticket = scheduler.Next(batch)) {
      const int source = static_cast<int>(ticket->source);
      order.push_back(ticket->source_ended ? -1 - source : source);
      scheduler.Report(
          *ticket, ticket->source_ended ? kBeginningOfTime : std::stoll(std::string(batch.data)));
      log.Put(ticket->place, record);
      EXPECT_TRUE(log.Next(record));
    }
    return order;
  }

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Micros> first_times_;
};

// Says how often it was rewound, and that it cannot be read.
class BrokenSource final : public Source {
 public:
  explicit BrokenSource(int& rewound) : rewound_(rewound) {}
  const std::string& name() const override { return name_; }
  const std::string& cluster() const override { return name_; }
  std::uint64_t size_hint() const override { return 0; }
  absl::Status Read(std::size_t /*max_bytes*/, RecordBatch& /*batch*/) override {
    return absl::UnavailableError("broken");
  }
  bool Rewind() override {
    ++rewound_;
    return true;
  }

 private:
  const std::string name_;
  int& rewound_;
};

TEST_F(BatchSchedulerTest, TheSourceThatHasComeLeastFarIsReadFirst) {
  AddSource("10\n20\n30\n");
  AddSource("11\n12\n25\n");
  log::MemoryFactLog log(1);
  EXPECT_THAT(TakeAll(log), ElementsAre(0, 1, 0, 1, 1, 0, -2, -1));
}

TEST_F(BatchSchedulerTest, SourcesOfWhichNothingIsKnownTakeTurns) {
  AddSource("1\n1\n1\n");
  AddSource("1\n1\n1\n");
  log::MemoryFactLog log(100);
  EXPECT_THAT(TakeAll(log), ElementsAre(0, 1, 0, 1, 0, 1, -1, -2));
}

TEST_F(BatchSchedulerTest, ASourceIsNotReadBeforeTheOthersHaveComeToItsFirstEvent) {
  AddSource("20\n30\n", 20);
  AddSource("10\n15\n25\n", 10);
  log::MemoryFactLog log(1);
  EXPECT_THAT(TakeAll(log), ElementsAre(1, 1, 1, 0, 0, -2, -1));
}

TEST_F(BatchSchedulerTest, ASourceThatBeginsAtAnUnknownTimeIsReadFirst) {
  AddSource("10\n", 10);
  AddSource("20\n");
  log::MemoryFactLog log(1);
  EXPECT_THAT(TakeAll(log), ElementsAre(1, 0, -1, -2));
}

TEST_F(BatchSchedulerTest, ManySourcesOfOneEventAreReadOneAfterTheOther) {
  constexpr int kSources = 20'000;
  for (int i = 0; i < kSources; ++i) {
    AddSource("1\n", kSources - i);
  }
  std::vector<int> expected;
  for (int i = kSources - 1; i >= 0; --i) {
    expected.push_back(i);
    expected.push_back(-1 - i);
  }
  log::MemoryFactLog log(64);
  EXPECT_EQ(TakeAll(log), expected);
}

TEST_F(BatchSchedulerTest, ASourceThatEndsByAnErrorIsClosed) {
  int rewound = 0;
  sources_.push_back(std::make_unique<BrokenSource>(rewound));
  first_times_.push_back(kBeginningOfTime);
  log::MemoryFactLog log(1);
  EXPECT_THAT(TakeAll(log), ElementsAre(-1));
  EXPECT_EQ(rewound, 1);
}

TEST_F(BatchSchedulerTest, WithoutSourcesTheLogEndsAtOnce) {
  log::MemoryFactLog log(1);
  EXPECT_THAT(TakeAll(log), ElementsAre());
  FactRecord record;
  EXPECT_FALSE(log.Next(record));
}

TEST_F(BatchSchedulerTest, ACancelledLogEndsTheReading) {
  AddSource("1\n");
  log::MemoryFactLog log(1);
  log.Cancel();
  EXPECT_THAT(TakeAll(log), ElementsAre());
}

}  // namespace
}  // namespace hark::pipeline
