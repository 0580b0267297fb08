#include "pipeline/kafka_sources.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

#include "base/status_macros.h"
#include "pipeline/kafka_options_of.h"

namespace hark::pipeline {
namespace {

// What the names of an entry's partitions begin with.
std::string PrefixOf(const config::KafkaSourceConfig& config) {
  std::string prefix = config.cluster.empty() ? "" : config.cluster + "=";
  prefix += "kafka:";
  return config.name.empty() ? prefix : prefix + config.name + "/";
}

// The name under which the fact log keeps that the entry was read, with these topics.
std::string MarkerOf(const config::KafkaSourceConfig& config) {
  std::string marker = std::string(SourceTable::kMarkerPrefix) + PrefixOf(config);
  for (const std::string& topic : config.topics) {
    absl::StrAppendFormat(&marker, "%s,", topic);
  }
  return marker;
}

// The topic in a name behind its prefix: "audit/3" is partition 3 of audit.
std::string_view TopicIn(std::string_view rest) {
  return rest.substr(0, rest.rfind('/'));
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaSources>> KafkaSources::Create(const config::Config& config,
                                                                   const SourceTable& past,
                                                                   const Parts& parts) {
  std::unique_ptr<KafkaSources> sources(new KafkaSources(config, past, parts));
  std::map<std::string, std::string> cursors;
  for (const auto& [name, entry] : past.entries()) {
    cursors.emplace(name, entry.cursor);
  }
  for (const config::KafkaSourceConfig& each : config.sources.kafka) {
    const bool is_known = past.Find(MarkerOf(each)) != nullptr;
    ASSIGN_OR_RETURN(
        std::unique_ptr<ingest::KafkaConsumer> consumer,
        ingest::KafkaConsumer::Create(KafkaOptionsOf(each, config.limits),
                                      {.knows_entry = is_known, .cursors = cursors}, parts.logger));
    sources->entries_.push_back(
        {.config = each, .consumer = std::move(consumer), .is_known = is_known});
  }
  return sources;
}

KafkaSources::KafkaSources(const config::Config& config, SourceTable past, const Parts& parts)
    : config_(config), past_(std::move(past)), parts_(parts) {}

bool KafkaSources::Owns(const std::string& name) const {
  return std::any_of(entries_.begin(), entries_.end(), [&name](const Entry& entry) {
    const std::string prefix = PrefixOf(entry.config);
    const auto& topics = entry.config.topics;
    return name.starts_with(prefix) &&
           std::find(topics.begin(), topics.end(),
                     TopicIn(std::string_view(name).substr(prefix.size()))) != topics.end();
  });
}

absl::Status KafkaSources::Find() {
  absl::Status status;
  for (Entry& entry : entries_) {
    status.Update(FindOf(entry));
    for (const ingest::KafkaConsumer::Lag& lag : entry.consumer->lags()) {
      parts_.metrics.KafkaLag(lag.topic, lag.partition, lag.records);
    }
  }
  return status;
}

absl::Status KafkaSources::FindOf(Entry& entry) {
  ForgetGone(entry);
  for (std::unique_ptr<Source>& source : entry.consumer->FindNew()) {
    const std::string name = source->name();
    parts_.ingest.Add(SettingsOf(entry, std::move(source)));
    entry.names.insert(name);
    parts_.logger.Write({.level = LogLevel::kInfo,
                         .key = "source_added",
                         .text = "The partition is read.",
                         .about = name},
                        {{"source", std::string_view(name)}});
  }
  // Only what appears after all were found once is new, and so read from its first record.
  if (!entry.is_known && entry.consumer->why_not_ready().empty()) {
    FactRecord marker;
    marker.kind = FactRecord::Kind::kEnd;
    marker.source = MarkerOf(entry.config);
    marker.cursor = "read";
    ASSIGN_OR_RETURN(const log::Appended appended, parts_.fact_log.Append(marker));
    RETURN_IF_ERROR(parts_.fact_log.WaitDurable(appended));
    entry.is_known = true;
  }
  return absl::OkStatus();
}

// Should a topic come back that was deleted, its partitions are declared once more.
void KafkaSources::ForgetGone(Entry& entry) {
  for (auto name = entry.names.begin(); name != entry.names.end();) {
    if (parts_.ingest.Has(*name)) {
      ++name;
      continue;
    }
    FactRecord end;
    end.kind = FactRecord::Kind::kEnd;
    end.source = *name;
    past_.Apply(end);  // without a cursor it is forgotten
    name = entry.names.erase(name);
  }
}

LiveSource::Settings KafkaSources::SettingsOf(const Entry& entry, std::unique_ptr<Source> source) {
  LiveSource::Settings settings = {
      .source = std::move(source),
      .cluster = config_.cluster,
      .lateness = entry.config.lateness,
      .reopen = {},
      .may_vanish = true,
      .keeps_cursor = true,
  };
  const std::string name = settings.source->name();
  if (const SourceTable::Entry* const past = past_.Find(name)) {
    settings.position = past->position;
    settings.highest_time = past->highest_time;
    settings.is_declared = !past->ended && past->lateness == settings.lateness;
  }
  settings.reopen = [consumer = entry.consumer.get(), name](const std::string& cursor) {
    return consumer->Reopen(name, cursor);
  };
  return settings;
}

void KafkaSources::Commit(const SourceTable& oldest) {
  for (const Entry& entry : entries_) {
    std::map<std::string, std::string> cursors;
    for (const std::string& name : entry.names) {
      if (const SourceTable::Entry* const source = oldest.Find(name)) {
        cursors.emplace(name, source->cursor);
      }
    }
    entry.consumer->Commit(cursors);
  }
}

std::vector<std::string> KafkaSources::WhyNotReady() const {
  std::vector<std::string> reasons;
  for (const Entry& entry : entries_) {
    if (std::string reason = entry.consumer->why_not_ready(); !reason.empty()) {
      // Of one entry without a name it is clear which.
      const std::string name(
          absl::StripSuffix(absl::StripSuffix(PrefixOf(entry.config), "/"), ":"));
      reasons.push_back(name == "kafka" ? std::move(reason) : absl::StrCat(name, ": ", reason));
    }
  }
  return reasons;
}

}  // namespace hark::pipeline
