#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "log/fact_log.h"
#include "log/fact_log_reader.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"

namespace hark::log {

inline const std::string kFacts = "/facts";

// A record that is told from others by its number, and of some size.
inline FactRecord RecordOf(std::uint64_t number, std::size_t size = 100) {
  FactRecord record;
  record.source = "s";
  record.position = number;
  record.cursor = std::string(size, static_cast<char>('a' + number % 26));
  return record;
}

inline std::unique_ptr<FactLog> OpenLog(FileSystem& file_system,
                                        const FactLogOptions& options = {}) {
  absl::StatusOr<std::unique_ptr<FactLog>> log = FactLog::Open(file_system, kFacts, options);
  EXPECT_THAT(log, testing::IsOk());
  return log.ok() ? *std::move(log) : nullptr;
}

inline absl::Status AppendDurably(FactLog& log, const FactRecord& record,
                                  const AppendOptions& options = {}) {
  const absl::StatusOr<Appended> appended = log.Append(record, options);
  return appended.ok() ? log.WaitDurable(*appended) : appended.status();
}

// The numbers of the durable records, from the oldest on, or the error that ends them.
inline absl::StatusOr<std::vector<std::uint64_t>> ReadNumbers(FactLog& log) {
  const FactLogStats stats = log.stats();
  absl::StatusOr<FactLogReader> reader = log.Read(stats.oldest_position);
  if (!reader.ok()) {
    return reader.status();
  }
  std::vector<std::uint64_t> numbers;
  while (reader->position() <= stats.durable_position) {
    FactRecord record;
    const absl::StatusOr<bool> found = reader->Next(record);
    if (!found.ok()) {
      return found.status();
    }
    EXPECT_TRUE(*found);
    EXPECT_EQ(record, RecordOf(record.position, record.cursor.size()));
    numbers.push_back(record.position);
  }
  return numbers;
}

}  // namespace hark::log
