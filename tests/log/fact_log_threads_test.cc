// Many appenders, a reader that follows them, and somebody who cuts, on real files.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "log/fact_log.h"
#include "log/fact_log_reader.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::TempDir;

constexpr std::uint64_t kAppenders = 8;
constexpr std::uint64_t kRecordsEach = 150;

FactRecord RecordOf(const std::string& source, std::uint64_t number) {
  FactRecord record;
  record.source = source;
  record.position = number;
  record.cursor = std::string(number % 700, 'x');
  return record;
}

// Appends records 1, 2, ... of its own source, each as soon as the one before is durable.
void AppendAll(FactLog& log, const std::string& source) {
  for (std::uint64_t number = 1; number <= kRecordsEach; ++number) {
    const absl::StatusOr<Appended> appended = log.Append(RecordOf(source, number));
    ASSERT_THAT(appended, IsOk());
    ASSERT_THAT(log.WaitDurable(*appended), IsOk());
  }
}

TEST(FactLogThreadsTest, AReaderSeesTheRecordsOfEachAppenderInOrder) {
  const TempDir dir;
  const auto log = FactLog::Open(FileSystem::Posix(), dir.Path("facts"),
                                 {.segment_bytes = 10'000, .max_pending_bytes = 2'000});
  ASSERT_THAT(log, IsOk());
  std::map<std::string, std::uint64_t> last;
  std::thread reader_thread([&] {
    FactLogReader reader = *(*log)->Read(1);
    FactRecord record;
    for (auto found = reader.Next(record); *found; found = reader.Next(record)) {
      ASSERT_EQ(record.position, ++last[record.source]);
      if (reader.position() % 50 == 0) {
        ASSERT_THAT((*log)->CutBefore(reader.position()), IsOk());
      }
    }
  });
  std::vector<std::thread> appenders;
  for (std::uint64_t i = 0; i < kAppenders; ++i) {
    appenders.emplace_back([&log, i] { AppendAll(**log, std::to_string(i)); });
  }
  for (std::thread& appender : appenders) {
    appender.join();
  }
  EXPECT_EQ((*log)->stats().durable_position, kAppenders * kRecordsEach);
  (*log)->Close();
  reader_thread.join();
  EXPECT_EQ(last.size(), kAppenders);
  for (const auto& [source, number] : last) {
    EXPECT_EQ(number, kRecordsEach) << source;
  }
}

// Appends the same records ahead of what is durable, as a source does that does not wait for the
// disk. After a failure it goes back to its last durable record.
void AppendAhead(FactLog& log, const std::string& source) {
  constexpr std::uint64_t kAhead = 5;
  std::uint64_t durable = 0;
  while (durable < kRecordsEach) {
    const std::uint64_t generation = log.generation();
    std::vector<Appended> ahead;
    for (std::uint64_t next = durable + 1; next <= std::min(durable + kAhead, kRecordsEach);
         ++next) {
      const auto appended = log.Append(RecordOf(source, next), {.generation = generation});
      if (!appended.ok()) {
        break;
      }
      ahead.push_back(*appended);
    }
    for (const Appended& each : ahead) {
      durable += log.WaitDurable(each).ok() ? 1U : 0U;
    }
  }
}

TEST(FactLogThreadsTest, FailuresLeaveNoHoleInASourceThatAppendsAhead) {
  FaultFileSystem files;
  for (std::uint64_t operation = 10; operation < 20'000; operation += 7) {
    files.FailAt(operation, absl::UnknownError("input/output error"));
  }
  const auto log = FactLog::Open(files, "/facts", {.segment_bytes = 5'000});
  ASSERT_THAT(log, IsOk());
  std::vector<std::thread> appenders;
  for (std::uint64_t i = 0; i < kAppenders; ++i) {
    appenders.emplace_back([&log, i] { AppendAhead(**log, std::to_string(i)); });
  }
  for (std::thread& appender : appenders) {
    appender.join();
  }
  (*log)->Close();
  EXPECT_GT((*log)->stats().failed_groups, 0);
  EXPECT_EQ((*log)->stats().durable_position, kAppenders * kRecordsEach);
  std::map<std::string, std::uint64_t> last;
  FactLogReader reader = *(*log)->Read(1);
  FactRecord record;
  for (auto found = reader.Next(record); *found; found = reader.Next(record)) {
    ASSERT_EQ(record.position, ++last[record.source]);
  }
}

}  // namespace
}  // namespace hark::log
