#include "log/snapshot_format.h"

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/fact_codec.h"

namespace hark::log {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kMinSectionBytes = 11;

void EncodeSection(const SnapshotSection& section, ByteWriter& writer) {
  writer.Text(section.name);
  writer.Unsigned(section.version);
  writer.Unsigned(section.length);
  writer.Fixed64(section.checksum);
}

SnapshotSection DecodeSection(ByteReader& reader) {
  SnapshotSection section;
  section.name = reader.Text();
  section.version = Number<std::uint32_t>(reader);
  section.length = reader.Unsigned();
  section.checksum = reader.Fixed64();
  return section;
}

bool HaveLength(const std::vector<SnapshotSection>& sections, std::uint64_t length) {
  for (const SnapshotSection& section : sections) {
    if (section.length > length) {
      return false;
    }
    length -= section.length;
  }
  return length == 0;
}

}  // namespace

std::string EncodeSnapshotFooter(const SnapshotFooter& footer) {
  ByteWriter writer;
  writer.Unsigned(footer.number);
  writer.Unsigned(footer.position);
  writer.Text(footer.rules);
  EncodeList(footer.sections, writer, EncodeSection);
  writer.Fixed32(static_cast<std::uint32_t>(writer.bytes().size()));
  writer.Fixed32(kFormat);
  return writer.Take();
}

SnapshotTrailer DecodeSnapshotTrailer(std::string_view bytes) {
  ByteReader reader(bytes);
  SnapshotTrailer trailer;
  trailer.footer_length = reader.Fixed32();
  trailer.format = reader.Fixed32();
  trailer.checksum = reader.Fixed64();
  return trailer;
}

absl::StatusOr<SnapshotFooter> DecodeSnapshotFooter(std::string_view bytes, std::uint32_t format,
                                                    std::uint64_t section_bytes) {
  if (format != kFormat) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "it is a snapshot of format %u, and this hark knows format %u", format, kFormat));
  }
  ByteReader reader(bytes);
  SnapshotFooter footer;
  footer.number = reader.Unsigned();
  footer.position = reader.Unsigned();
  footer.rules = reader.Text();
  footer.sections = DecodeList<SnapshotSection>(reader, kMinSectionBytes, DecodeSection);
  if (!reader.ok() || !reader.at_end() || !HaveLength(footer.sections, section_bytes)) {
    return absl::DataLossError("its list of sections is damaged");
  }
  return footer;
}

}  // namespace hark::log
