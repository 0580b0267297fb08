#include "detect/watermark.h"

#include <algorithm>

#include "detect/snapshot_time.h"

namespace hark::detect {
namespace {

Micros Minus(Micros time, Micros lateness) {
  return time < kBeginningOfTime + lateness ? kBeginningOfTime : time - lateness;
}

}  // namespace

void Watermark::Promise(const std::string& name, SourceState& source, Micros time) {
  if (time > source.promised) {
    by_promise_.erase({source.promised, name});
    source.promised = time;
    by_promise_.emplace(time, name);
  }
}

void Watermark::Update(const FactRecord& record) {
  if (record.kind == FactRecord::Kind::kReload) {
    return;  // of no source: it must not become one
  }
  const auto [entry, is_new] = sources_.try_emplace(record.source);
  SourceState& source = entry->second;
  if (is_new) {
    source.lateness = record.lateness;
    by_promise_.emplace(source.promised, record.source);
  }
  switch (record.kind) {
    case FactRecord::Kind::kDeclare:
      source.lateness = record.lateness;
      if (record.highest_time > kBeginningOfTime) {
        Promise(record.source, source, Minus(record.highest_time, source.lateness));
      }
      break;
    case FactRecord::Kind::kBatch:
      Promise(record.source, source, Minus(record.highest_time, source.lateness));
      break;
    case FactRecord::Kind::kIdle:
      Promise(record.source, source, record.highest_time);
      break;
    case FactRecord::Kind::kEnd:
      by_promise_.erase({source.promised, record.source});
      sources_.erase(entry);
      break;
    case FactRecord::Kind::kReload:
      break;
  }
  if (!by_promise_.empty()) {
    time_ = std::max(time_, by_promise_.begin()->first);
  }
}

void Watermark::Save(ByteWriter& writer) const {
  writer.Signed(time_);
  writer.Unsigned(sources_.size());
  for (const auto& [name, source] : sources_) {
    writer.Text(name);
    writer.Signed(source.lateness);
    writer.Signed(source.promised);
  }
}

void Watermark::Restore(ByteReader& reader) {
  sources_.clear();
  by_promise_.clear();
  time_ = ReadTimeOrBound(reader);
  for (std::size_t left = reader.Count(3); left > 0 && reader.ok(); --left) {
    std::string name = reader.Text();
    SourceState source;
    source.lateness = reader.Signed();
    source.promised = ReadTimeOrBound(reader);
    if (source.lateness < 0) {
      reader.Fail();
    }
    by_promise_.emplace(source.promised, name);
    sources_.emplace(std::move(name), source);
  }
}

}  // namespace hark::detect
