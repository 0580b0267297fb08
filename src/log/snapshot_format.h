#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace hark::log {

// A snapshot is a file whose contents are named, versioned sections:
//
//   snapshot = "HARKSNAP" section* footer footer-length:4 format:4 checksum:8
//   footer   = number position rules count (name version length checksum)*
//
// Numbers with a width are little endian; the footer is written with a ByteWriter. Sections follow
// each other without a gap and the footer comes last, so a section can be written before its length
// is known and the bytes do not depend on the pieces in which it was. The last checksum is over
// all before it. Equal contents give equal bytes.
struct SnapshotSection {
  std::string name;
  std::uint32_t version = 0;
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;  // XXH3-64
  friend bool operator==(const SnapshotSection&, const SnapshotSection&) = default;
};

struct SnapshotFooter {
  std::uint64_t number = 0;
  std::uint64_t position = 0;  // of the last fact record that the state has seen; 0 if none
  std::string rules;           // the version of the rule set that the state belongs to
  std::vector<SnapshotSection> sections;
  friend bool operator==(const SnapshotFooter&, const SnapshotFooter&) = default;
};

inline constexpr std::string_view kSnapshotMagic = "HARKSNAP";
inline constexpr std::size_t kSnapshotTrailerBytes = 16;
inline constexpr std::size_t kSnapshotChecksumBytes = 8;

// The footer and the trailer but for the checksum, which is over these bytes too.
std::string EncodeSnapshotFooter(const SnapshotFooter& footer);

struct SnapshotTrailer {
  std::uint32_t footer_length = 0;
  std::uint32_t format = 0;
  std::uint64_t checksum = 0;
};
// REQUIRES: kSnapshotTrailerBytes bytes.
SnapshotTrailer DecodeSnapshotTrailer(std::string_view bytes);

// FailedPrecondition if `format` is not the one that this program knows; DataLoss if the bytes are
// no footer of it. `section_bytes`: what the sections have to be in total.
absl::StatusOr<SnapshotFooter> DecodeSnapshotFooter(std::string_view bytes, std::uint32_t format,
                                                    std::uint64_t section_bytes);

// "00000000000000000001.snap".
inline constexpr std::string_view kSnapshotEnding = ".snap";

}  // namespace hark::log
