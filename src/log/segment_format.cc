#include "log/segment_format.h"

#include "absl/strings/str_format.h"

#include "base/checksum.h"
#include "base/codec.h"
#include "log/numbered_files.h"

namespace hark::log {
namespace {

constexpr std::string_view kMagic = "HARKFACT";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::string_view kSegmentEnding = ".seg";
constexpr std::size_t kChecksumBytes = 8;
// No log comes so far; beyond it, positions could wrap around.
constexpr std::uint64_t kMaxFirst = std::uint64_t{1} << 62;

}  // namespace

std::string EncodeSegmentHeader(const SegmentHeader& header) {
  ByteWriter fields;
  fields.Fixed32(kFormatVersion);
  fields.Fixed64(header.first);
  fields.Fixed64(header.previous);
  fields.Fixed64(static_cast<std::uint64_t>(header.created));
  fields.Fixed64(header.salt);
  const std::string bytes = std::string(kMagic) + fields.Take();
  ByteWriter checksum;
  checksum.Fixed64(Checksum(bytes));
  return bytes + checksum.Take();
}

absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError("it does not begin as a segment of the fact log does");
  }
  ByteReader reader(bytes.substr(kMagic.size(), kSegmentHeaderBytes - kMagic.size()));
  const std::uint32_t version = reader.Fixed32();
  SegmentHeader header;
  header.first = reader.Fixed64();
  header.previous = reader.Fixed64();
  header.created = static_cast<Micros>(reader.Fixed64());
  header.salt = reader.Fixed64();
  const bool whole =
      reader.Fixed64() == Checksum(bytes.substr(0, kSegmentHeaderBytes - kChecksumBytes));
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "it is of version %u, or damaged; this hark knows version %u", version, kFormatVersion));
  }
  if (!whole || header.first == 0 || header.first > kMaxFirst || header.previous >= header.first) {
    return absl::DataLossError("its header is damaged");
  }
  return header;
}

std::string EncodeRecordHeader(const RecordHeader& header, std::uint64_t salt) {
  ByteWriter writer;
  writer.Fixed64(header.position);
  writer.Fixed64(header.group);
  writer.Fixed32(header.length);
  writer.Fixed64(header.payload_checksum);
  writer.Fixed64(Checksum(writer.bytes(), salt));
  return writer.Take();
}

std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < kRecordHeaderBytes) {
    return std::nullopt;
  }
  ByteReader reader(bytes);
  RecordHeader header;
  header.position = reader.Fixed64();
  header.group = reader.Fixed64();
  header.length = reader.Fixed32();
  header.payload_checksum = reader.Fixed64();
  if (reader.Fixed64() != Checksum(bytes.substr(0, kRecordHeaderBytes - kChecksumBytes), salt) ||
      header.length > kMaxPayloadBytes || header.group > header.position) {
    return std::nullopt;
  }
  return header;
}

std::string SegmentName(std::uint64_t first) {
  return NumberedName(first, kSegmentEnding);
}

std::optional<std::uint64_t> ParseSegmentName(std::string_view name) {
  return ParseNumberedName(name, kSegmentEnding);
}

}  // namespace hark::log
