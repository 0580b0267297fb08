#include "metrics/ingest_metrics.h"

#include <string>
#include <vector>

#include "hark/detector.h"

#include "metrics/seconds.h"

namespace hark::metrics {
namespace {

// Around the lateness bounds of the sources: 5 s for followed files, 35 s for the webhook, 60 s
// for Kafka; 600 s is the dedupe horizon.
const std::vector<double>& LatenessBounds() {
  static const std::vector<double> bounds = {0, 0.1, 0.5, 1, 2, 5, 10, 20, 35, 60, 120, 600};
  return bounds;
}

constexpr Family kRejected = {"hark_records_rejected_total",
                              "Records that are no valid audit event, by reason."};
constexpr Family kSkipped = {"hark_records_skipped_total",
                             "Records that are valid and no audit event, by reason."};

}  // namespace

SourceMetrics::SourceMetrics(Registry& registry, std::string_view source)
    : events_(registry.AddCounter({"hark_events_total", "Audit events read."},
                                  {{"source", std::string(source)}})),
      bytes_(registry.AddCounter({"hark_ingest_bytes_total", "Bytes read, uncompressed."},
                                 {{"source", std::string(source)}})),
      late_(registry.AddCounter(
          {"hark_events_late_total",
           "Events behind the watermark, judged as if they happened at the watermark."},
          {{"source", std::string(source)}})),
      too_late_(registry.AddCounter(
          {"hark_events_too_late_total", "Events older than the dedupe horizon, not judged."},
          {{"source", std::string(source)}})),
      lag_(registry.AddGauge(
          {"hark_ingest_lag_seconds",
           "Receipt of the latest batch less the highest stageTimestamp of the source."},
          {{"source", std::string(source)}})),
      last_event_(registry.AddGauge({"hark_last_event_timestamp_seconds",
                                     "The highest stageTimestamp that the source brought."},
                                    {{"source", std::string(source)}})),
      silent_(registry.AddGauge(
          {"hark_source_silent", "1 if the source has brought nothing for a long time."},
          {{"source", std::string(source)}})),
      unreadable_(registry.AddGauge(
          {"hark_source_unreadable",
           "1 if the source cannot be read, and therefore holds the watermark back."},
          {{"source", std::string(source)}})) {
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    const std::string_view reason = RejectReasonName(static_cast<RejectReason>(i));
    rejected_.at(i) = std::make_unique<Counter>(registry.AddCounter(
        kRejected, {{"source", std::string(source)}, {"reason", std::string(reason)}}));
  }
  for (std::size_t i = 0; i < kSkipReasons; ++i) {
    const std::string_view reason = SkipReasonName(static_cast<SkipReason>(i));
    skipped_.at(i) = std::make_unique<Counter>(registry.AddCounter(
        kSkipped, {{"source", std::string(source)}, {"reason", std::string(reason)}}));
  }
}

void SourceMetrics::RecordRejected(RejectReason reason, std::uint64_t count) const {
  rejected_.at(static_cast<std::size_t>(reason))->Add(static_cast<double>(count));
}

void SourceMetrics::RecordSkipped(SkipReason reason, std::uint64_t count) const {
  skipped_.at(static_cast<std::size_t>(reason))->Add(static_cast<double>(count));
}

void SourceMetrics::EventTime(Micros highest, Micros received) const {
  last_event_.Set(Seconds(highest));
  lag_.Set(Seconds(received) - Seconds(highest));
}

void SourceMetrics::State(SourceState state) const {
  silent_.Set(state == SourceState::kSilent ? 1 : 0);
  unreadable_.Set(state == SourceState::kUnreadable ? 1 : 0);
}

IngestMetrics::IngestMetrics(Registry& registry)
    : registry_(registry),
      duplicate_(registry.AddCounter(
          {"hark_events_duplicate_total", "Copies of events already judged, collapsed."})),
      lateness_(registry.AddHistogram(
          {"hark_lateness_seconds",
           "How far events were behind the highest event time of their source."},
          LatenessBounds())),
      watermark_(registry.AddGauge({"hark_watermark_timestamp_seconds",
                                    "Up to this event time everything is judged; 0 at first."})),
      source_names_(kMaxSources) {}

const SourceMetrics& IngestMetrics::ForSource(std::string_view source) {
  const MutexLock lock(mutex_);
  const std::string_view label = source_names_.Admit(source);
  auto found = sources_.find(label);
  if (found == sources_.end()) {
    found = sources_.emplace(std::string(label), std::make_unique<SourceMetrics>(registry_, label))
                .first;
  }
  return *found->second;
}

void IngestMetrics::KafkaLag(const std::string& topic, int partition, std::int64_t records) {
  const MutexLock lock(mutex_);
  auto series = kafka_lag_.find({topic, partition});
  if (series == kafka_lag_.end()) {
    const Gauge gauge =
        registry_.AddGauge({"hark_kafka_lag_records", "Records of a partition not read yet."},
                           {{"topic", topic}, {"partition", std::to_string(partition)}});
    series = kafka_lag_.emplace(std::pair(topic, partition), gauge).first;
  }
  series->second.Set(static_cast<double>(records));
}

void IngestMetrics::Watermark(Micros watermark) const {
  // Before the first event and after the last one it is no time that a graph could show.
  if (watermark != kBeginningOfTime && watermark != kEndOfTime) {
    watermark_.Set(Seconds(watermark));
  }
}

}  // namespace hark::metrics
