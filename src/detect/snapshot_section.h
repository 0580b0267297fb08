#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "base/codec.h"
#include "base/text.h"

namespace hark::detect {

// A snapshot is a sequence of sections, so that each part has a name and a version of its own:
//
//   snapshot = { section }.
//   section  = name version length bytes.
struct SectionName {
  std::string_view name;
  std::uint64_t version = 0;
};

// Writes the section whose bytes `save` writes to the ByteWriter that it is given.
template <typename SaveTo>
void SaveSection(const SectionName& section, ByteWriter& writer, SaveTo save) {
  ByteWriter bytes;
  save(bytes);
  writer.Text(section.name);
  writer.Unsigned(section.version);
  writer.Text(bytes.bytes());
}

// Reads the next section with `restore`, which has to read all of it. Another section or version
// than the one that belongs here is refused by its name.
template <typename RestoreFrom>
absl::Status RestoreSection(const SectionName& section, ByteReader& reader, RestoreFrom restore) {
  const std::string_view name = reader.TextView();
  const std::uint64_t version = reader.Unsigned();
  ByteReader bytes(reader.TextView());
  if (!reader.ok()) {
    return absl::DataLossError(
        absl::StrFormat("the detector state is damaged before its section \"%s\"", section.name));
  }
  if (name != section.name || version != section.version) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the detector state has a section \"%s\" of version %u where \"%s\" of version %u belongs: "
        "another version of hark wrote it",
        EscapeForTerminal(name), version, section.name, section.version));
  }
  restore(bytes);
  return bytes.ok() && bytes.at_end()
             ? absl::OkStatus()
             : absl::DataLossError(absl::StrFormat(
                   "the section \"%s\" of the detector state is damaged", section.name));
}

// After the last section there is nothing.
inline absl::Status CheckNoSectionLeft(ByteReader& reader) {
  if (reader.at_end()) {
    return absl::OkStatus();
  }
  const std::string_view name = reader.TextView();
  const std::uint64_t version = reader.Unsigned();
  reader.TextView();
  return reader.ok()
             ? absl::FailedPreconditionError(absl::StrFormat(
                   "the detector state has a section \"%s\" of version %u, which is unknown: "
                   "another version of hark wrote it",
                   EscapeForTerminal(name), version))
             : absl::DataLossError("the detector state goes on after its last section");
}

}  // namespace hark::detect
