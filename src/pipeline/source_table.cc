#include "pipeline/source_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/codec.h"

namespace hark::pipeline {

void SourceTable::Apply(const FactRecord& record) {
  if (record.kind == FactRecord::Kind::kReload) {
    return;
  }
  Entry& entry = entries_[record.source];
  entry.ended = record.kind == FactRecord::Kind::kEnd;
  if (record.kind == FactRecord::Kind::kDeclare) {
    entry.lateness = record.lateness;
  }
  if (record.kind == FactRecord::Kind::kBatch) {
    entry.highest_time = std::max(entry.highest_time, record.highest_time);
    highest_time_ = std::max(highest_time_, record.highest_time);
  }
  if (record.kind != FactRecord::Kind::kIdle) {
    entry.position = record.position;
    entry.cursor = record.cursor;
  }
  if (entry.ended && entry.cursor.empty()) {
    entries_.erase(record.source);
  }
}

const SourceTable::Entry* SourceTable::Find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::string SourceTable::Save() const {
  ByteWriter writer;
  writer.Signed(highest_time_);
  writer.Unsigned(entries_.size());
  for (const auto& [name, entry] : entries_) {
    writer.Text(name);
    writer.Signed(entry.lateness);
    writer.Unsigned(entry.position);
    writer.Signed(entry.highest_time);
    writer.Text(entry.cursor);
    writer.Bool(entry.ended);
  }
  return writer.Take();
}

absl::Status SourceTable::Restore(std::string_view bytes) {
  entries_.clear();
  ByteReader reader(bytes);
  highest_time_ = reader.Signed();
  for (std::size_t left = reader.Count(6); left > 0 && reader.ok(); --left) {
    std::string name = reader.Text();
    Entry entry;
    entry.lateness = reader.Signed();
    entry.position = reader.Unsigned();
    entry.highest_time = reader.Signed();
    entry.cursor = reader.Text();
    entry.ended = reader.Bool();
    entries_.emplace(std::move(name), std::move(entry));
  }
  if (!reader.ok() || !reader.at_end()) {
    entries_.clear();
    return absl::DataLossError("the section \"sources\" of the snapshot is damaged");
  }
  return absl::OkStatus();
}

}  // namespace hark::pipeline
