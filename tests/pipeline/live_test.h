#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

#include "hark/fact.h"

#include "base/log.h"
#include "log/fact_log.h"
#include "log/fact_log_reader.h"
#include "metrics/ingest_metrics.h"
#include "metrics/registry.h"
#include "pipeline/replay_helper.h"
#include "pipeline/source_progress.h"
#include "support/captured_file.h"
#include "support/fault_file_system.h"

namespace hark::testing {

// What live sources share, over a disk that fails on demand, and at a time that stands still.
class LiveTest : public ::testing::Test {
 protected:
  LiveTest()
      : fact_log_(*log::FactLog::Open(disk_, "/facts")),
        logger_({.file = captured_.file()}),
        metrics_(registry_),
        context_{.fact_log = *fact_log_,
                 .logger = logger_,
                 .metrics = metrics_,
                 .now = [this] { return now_.load(); },
                 .highest_time = highest_time_,
                 .max_fact_log_bytes = std::uint64_t{1} << 30,
                 .on_facts = {}} {}

  // Those that are durable.
  std::vector<FactRecord> Records() {
    const log::FactLogStats stats = fact_log_->stats();
    std::vector<FactRecord> records;
    absl::StatusOr<log::FactLogReader> reader = fact_log_->Read(1);
    while (reader->position() <= stats.durable_position) {
      EXPECT_TRUE(*reader->Next(records.emplace_back()));
    }
    return records;
  }
  std::vector<FactRecord::Kind> Kinds() {
    std::vector<FactRecord::Kind> kinds;
    for (const FactRecord& record : Records()) {
      kinds.push_back(record.kind);
    }
    return kinds;
  }

  FaultFileSystem disk_;
  std::unique_ptr<log::FactLog> fact_log_;
  CapturedFile captured_;
  Logger logger_;
  metrics::Registry registry_;
  metrics::IngestMetrics metrics_;
  std::atomic<Micros> now_ = kStart + 3600 * kSecond;
  std::atomic<Micros> highest_time_ = kBeginningOfTime;
  pipeline::LiveContext context_;
};

}  // namespace hark::testing
