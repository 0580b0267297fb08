#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/log.h"
#include "config/config.h"
#include "ingest/kafka_consumer.h"
#include "log/fact_log.h"
#include "metrics/ingest_metrics.h"
#include "pipeline/live_ingest.h"
#include "pipeline/source_table.h"

namespace hark::pipeline {

// The Kafka topics that a configuration names: gives each partition that is assigned to this member
// to the ingest, where an earlier run, or this one, left it, and commits to the consumer group what
// no restart needs any more. Not thread-safe, but for what says so. Outlives the ingest's sources:
// stop the ingest first.
class KafkaSources {
 public:
  // All of it outlives it.
  struct Parts {
    LiveIngest& ingest;
    log::FactLog& fact_log;
    Logger& logger;
    metrics::IngestMetrics& metrics;
  };
  // `past`: the sources as the fact log has them at its end. Fails if a file that the configuration
  // names cannot be used. Waits for no broker.
  static absl::StatusOr<std::unique_ptr<KafkaSources>> Create(const config::Config& config,
                                                              const SourceTable& past,
                                                              const Parts& parts);

  // Whether a source of that name is a partition of a configured topic.
  bool Owns(const std::string& name) const;

  // Adds the partitions that are new. To be called every second. An error is one of the fact log:
  // it is tried again by the next call.
  absl::Status Find();

  // Nothing before these places is needed any more: those of the oldest snapshot.
  void Commit(const SourceTable& oldest);

  // Why this member does not read all that it should, a sentence for each entry. Thread-safe.
  std::vector<std::string> WhyNotReady() const;

 private:
  struct Entry {
    config::KafkaSourceConfig config;
    std::unique_ptr<ingest::KafkaConsumer> consumer;
    bool is_known = false;             // the fact log knows that all its partitions were found
    std::set<std::string> names = {};  // of those that were added
  };

  KafkaSources(const config::Config& config, SourceTable past, const Parts& parts);
  absl::Status FindOf(Entry& entry);
  void ForgetGone(Entry& entry);
  LiveSource::Settings SettingsOf(const Entry& entry, std::unique_ptr<Source> source);

  const config::Config& config_;
  SourceTable past_;
  const Parts parts_;
  std::vector<Entry> entries_;  // fixed once made
};

}  // namespace hark::pipeline
