#include "log/record_codec.h"

#include <cstdint>

#include "base/fact_codec.h"

namespace hark::log {
namespace {

constexpr std::uint64_t kVersion = 1;

}  // namespace

void EncodeRecord(const FactRecord& record, ByteWriter& writer) {
  writer.Unsigned(kVersion);
  writer.Unsigned(static_cast<std::uint64_t>(record.kind));
  writer.Text(record.source);
  writer.Signed(record.lateness);
  writer.Unsigned(record.position);
  writer.Unsigned(record.events);
  writer.Signed(record.highest_time);
  writer.Text(record.cursor);
  writer.Text(record.rules);
  EncodeList(record.facts, writer, EncodeFact);
}

absl::StatusOr<FactRecord> DecodeRecord(ByteReader& reader) {
  if (reader.Unsigned() != kVersion) {
    return absl::DataLossError("a fact record is damaged or of an unknown version");
  }
  FactRecord record;
  record.kind = Enumerator(reader, FactRecord::Kind::kReload);
  record.source = reader.Text();
  record.lateness = reader.Signed();
  record.position = reader.Unsigned();
  record.events = reader.Unsigned();
  record.highest_time = reader.Signed();
  record.cursor = reader.Text();
  record.rules = reader.Text();
  record.facts = DecodeList<Fact>(reader, kMinFactBytes, DecodeFact);
  if (!reader.ok()) {
    return absl::DataLossError("a fact record is damaged");
  }
  return record;
}

}  // namespace hark::log
