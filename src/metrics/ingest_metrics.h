#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"

#include "hark/event.h"
#include "hark/source.h"

#include "base/mutex.h"
#include "base/string_map.h"
#include "metrics/label_cap.h"
#include "metrics/registry.h"

namespace hark::metrics {

// What a source is doing, as far as the watermark is concerned.
enum class SourceState : std::uint8_t {
  kReading,     // it brings events, or was idle for a short time only
  kSilent,      // nothing new for so long that an operator should ask why
  kUnreadable,  // it cannot be read, and so holds the watermark back
};

// Counts what one source brings. Lives as long as its IngestMetrics. Thread-safe.
class SourceMetrics {
 public:
  SourceMetrics(Registry& registry, std::string_view source);

  void EventsRead(std::uint64_t count) const { events_.Add(static_cast<double>(count)); }
  // In uncompressed bytes.
  void BytesRead(std::uint64_t count) const { bytes_.Add(static_cast<double>(count)); }
  void RecordRejected(RejectReason reason, std::uint64_t count = 1) const;
  void RecordSkipped(SkipReason reason, std::uint64_t count = 1) const;
  // Judged at the watermark, because it came after it.
  void EventsLate(std::uint64_t count) const { late_.Add(static_cast<double>(count)); }
  // Older than the dedupe horizon, so not judged.
  void EventsTooLate(std::uint64_t count) const { too_late_.Add(static_cast<double>(count)); }
  // The highest stageTimestamp so far, and when its batch was received.
  void EventTime(Micros highest, Micros received) const;
  void State(SourceState state) const;

 private:
  Counter events_, bytes_, late_, too_late_;
  Gauge lag_, last_event_, silent_, unreadable_;
  std::array<std::unique_ptr<Counter>, kRejectReasons> rejected_;
  std::array<std::unique_ptr<Counter>, kSkipReasons> skipped_;
};

// What comes in, up to the watermark. Thread-safe.
class IngestMetrics {
 public:
  // Sources with a series of their own; any more share "other".
  static constexpr std::size_t kMaxSources = 256;

  // The registry outlives it.
  explicit IngestMetrics(Registry& registry);

  // To be kept: this looks the source up.
  const SourceMetrics& ForSource(std::string_view source) ABSL_LOCKS_EXCLUDED(mutex_);

  // Copies of events already judged.
  void EventsDuplicate(std::uint64_t count) const { duplicate_.Add(static_cast<double>(count)); }
  // How far events were behind the highest event time of their source, in seconds; 0 if they were
  // not.
  HistogramBatch NewLatenessBatch() const { return lateness_.NewBatch(); }
  void Lateness(HistogramBatch& batch) const { lateness_.Add(batch); }
  void Watermark(Micros watermark) const;
  // Records of a partition that are there and were not read yet.
  void KafkaLag(const std::string& topic, int partition, std::int64_t records)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Registry& registry_;
  Counter duplicate_;
  Histogram lateness_;
  Gauge watermark_;
  Mutex mutex_;
  LabelCap source_names_ ABSL_GUARDED_BY(mutex_);
  StringMap<std::unique_ptr<SourceMetrics>> sources_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, int>, Gauge> kafka_lag_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::metrics
