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
  void AddSource(std::string lines) {
    sources_.push_back(std::make_unique<MemorySource>("source", std::move(lines)));
  }

  // Takes batches and applies each at once. Returns the sources in the order in which they were
  // taken; an end is a negative number, -1 for source 0.
  std::vector<int> TakeAll(log::MemoryFactLog& log) {
    BatchScheduler scheduler(std::move(sources_), 1, log);
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
