#include "pipeline/daemon_status.h"

#include <string_view>

#include "alert/dispatcher.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/rfc3339.h"

namespace hark::pipeline {
namespace {

std::string_view NameOf(metrics::SourceState state) {
  switch (state) {
    case metrics::SourceState::kReading:
      return "reading";
    case metrics::SourceState::kSilent:
      return "silent";
    case metrics::SourceState::kUnreadable:
      return "unreadable";
  }
  return "";
}

// Absent where there is no time yet.
void WriteTime(std::string_view key, Micros time, JsonWriter& json) {
  if (time > 0 && time < kEndOfTime) {
    json.Key(key).String(FormatRfc3339(time));
  }
}

void WriteSources(const std::vector<LiveSourceStatus>& sources, JsonWriter& json) {
  json.Key("sources").BeginArray();
  for (const LiveSourceStatus& source : sources) {
    json.BeginObject().Key("name").String(source.name);
    if (!source.cluster.empty()) {
      json.Key("cluster").String(source.cluster);
    }
    json.Key("state").String(NameOf(source.state));
    if (!source.error.empty()) {
      json.Key("error").String(source.error);
    }
    json.Key("position").Unsigned(source.position).Key("events").Unsigned(source.events);
    WriteTime("last_event", source.highest_time, json);
    WriteTime("last_received", source.last_received, json);
    json.EndObject();
  }
  json.EndArray();
}

void WriteDetector(const DaemonStatus& status, JsonWriter& json) {
  const DetectorStats& stats = status.detector.stats;
  json.Key("rules").BeginObject();
  json.Key("id").String(status.detector.rules).Key("count").Unsigned(status.rules).EndObject();
  json.Key("detector").BeginObject();
  WriteTime("watermark", status.detector.watermark, json);
  json.Key("position").Unsigned(status.detector.position);
  json.Key("facts").Unsigned(stats.facts).Key("judged").Unsigned(stats.judged);
  json.Key("duplicate").Unsigned(stats.duplicate).Key("late").Unsigned(stats.late);
  json.Key("too_late").Unsigned(stats.too_late).Key("evictions").Unsigned(stats.evictions);
  json.Key("revisions").Unsigned(status.detector.revisions);
  if (!status.detector.commit.ok()) {
    json.Key("error").String(ErrorText(status.detector.commit));
  }
  json.EndObject();
}

void WriteFactLog(const log::FactLogStats& stats, JsonWriter& json) {
  json.Key("fact_log").BeginObject();
  json.Key("bytes").Unsigned(stats.bytes);
  json.Key("oldest_position").Unsigned(stats.oldest_position);
  json.Key("durable_position").Unsigned(stats.durable_position);
  json.Key("failed_writes").Unsigned(stats.failed_groups).EndObject();
}

}  // namespace

std::string ToJson(const DaemonStatus& status) {
  JsonWriter json;
  json.BeginObject().Key("version").String(status.version);
  if (!status.commit.empty()) {
    json.Key("commit").String(status.commit);
  }
  json.Key("data_dir").String(status.data_dir);
  WriteTime("started", status.started, json);
  WriteTime("now", status.now, json);
  json.Key("ready").Bool(status.ready);
  if (!status.not_ready.empty()) {
    json.Key("not_ready").BeginArray();
    for (const std::string& reason : status.not_ready) {
      json.String(reason);
    }
    json.EndArray();
  }
  WriteSources(status.sources, json);
  WriteDetector(status, json);
  WriteFactLog(status.fact_log, json);
  json.Key("outputs");
  alert::WriteOutputs(status.outputs, json);
  json.EndObject();
  return json.Take() + "\n";
}

}  // namespace hark::pipeline
