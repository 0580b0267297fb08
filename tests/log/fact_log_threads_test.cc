// Many appenders, a reader that follows them, and somebody who cuts, on real files.

#include <atomic>
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
#include "support/case_count.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::log {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::TempDir;

constexpr int kAppenders = 8;
const std::uint64_t kRecordsEach = testing::CaseCount(100);

// Appends records 1, 2, ... of its own source, each as soon as the one before is durable.
void AppendAll(FactLog& log, const std::string& source) {
  for (std::uint64_t number = 1; number <= kRecordsEach; ++number) {
    FactRecord record;
    record.source = source;
    record.position = number;
    record.cursor = std::string(number % 700, 'x');
    const absl::StatusOr<Appended> appended = log.Append(record);
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
  for (int i = 0; i < kAppenders; ++i) {
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

}  // namespace
}  // namespace hark::log
