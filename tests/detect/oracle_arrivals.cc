#include "detect/oracle_arrivals.h"

#include <algorithm>
#include <tuple>

#include "base/fact_codec.h"

namespace hark::testing {
namespace {

constexpr Micros kMinute = 60'000'000;

// The one order: late events come before the events of the watermark at which they are judged.
auto OrderOf(const JudgedEvent& event) {
  return std::tuple(event.seen, !event.late, event.record, event.fact->time,
                    event.fact->stage != Stage::kResponseStarted, event.fact->key);
}

auto WorthOf(const Fact& fact) {
  ByteWriter bytes;
  EncodeFact(fact, bytes);
  return std::tuple(fact.level, fact.raw_length, bytes.Take());
}

}  // namespace

std::vector<JudgedEvent> Arrivals::Sort(const std::vector<FactRecord>& records) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (const Fact& fact : records[i].facts) {
      Take(fact, i);
    }
    MoveWatermark(records[i]);
    if (i < released_after_.size()) {
      ReleaseEarly(released_after_[i], i);
    }
  }
  std::vector<JudgedEvent> events;
  for (const auto& [key, event] : events_) {
    events.push_back(event);
  }
  std::sort(events.begin(), events.end(),
            [](const auto& a, const auto& b) { return OrderOf(a) < OrderOf(b); });
  stats_.judged = events.size();
  return events;
}

void Arrivals::Take(const Fact& fact, std::size_t record) {
  ++stats_.facts;
  const bool late = released_ != kBeginningOfTime && fact.time < released_;
  if (late && fact.time < released_ - 10 * kMinute) {
    ++stats_.too_late;
    if (watermark_ == kBeginningOfTime || fact.time >= watermark_ - 10 * kMinute) {
      losses_.push_back(
          {.at = released_, .from = released_, .record = record, .comes_first = true});
    }
    return;
  }
  const auto [entry, is_new] =
      events_.try_emplace(fact.key, JudgedEvent{.fact = &fact,
                                                .seen = late ? released_ : fact.time,
                                                .late = late,
                                                .record = late ? record : 0});
  if (is_new) {
    stats_.late += late ? 1 : 0;
    return;
  }
  ++stats_.duplicate;
  JudgedEvent& event = entry->second;
  const bool still_waits = event.late ? event.record == record : !late;
  if (still_waits && WorthOf(fact) > WorthOf(*event.fact)) {
    event.fact = &fact;
  }
}

void Arrivals::MoveWatermark(const FactRecord& record) {
  if (record.kind == FactRecord::Kind::kReload) {
    return;
  }
  Source& source = sources_[record.source];
  switch (record.kind) {
    case FactRecord::Kind::kDeclare:
      source.lateness = record.lateness;
      break;
    case FactRecord::Kind::kBatch:
      if (record.highest_time != kBeginningOfTime) {
        source.promised = std::max(source.promised, record.highest_time - source.lateness);
      }
      break;
    case FactRecord::Kind::kIdle:
      source.promised = std::max(source.promised, record.highest_time);
      break;
    case FactRecord::Kind::kEnd:
      sources_.erase(record.source);
      break;
    case FactRecord::Kind::kReload:
      break;
  }
  Micros minimum = kEndOfTime;
  for (const auto& [name, each] : sources_) {
    minimum = std::min(minimum, each.promised);
  }
  if (!sources_.empty()) {
    watermark_ = std::max(watermark_, minimum);
    released_ = std::max(released_, watermark_);
  }
}

void Arrivals::ReleaseEarly(Micros limit, std::size_t record) {
  if (limit <= released_) {
    return;
  }
  losses_.push_back({.at = limit, .from = released_, .record = record});
  for (const auto& [key, event] : events_) {
    stats_.early += !event.late && event.seen >= released_ && event.seen < limit ? 1 : 0;
  }
  released_ = limit;
}

}  // namespace hark::testing
