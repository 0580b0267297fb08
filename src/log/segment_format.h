#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "hark/event.h"

namespace hark::log {

// A segment is a file of the fact log that holds records of consecutive positions:
//
//   segment = "HARKFACT" version:4 first:8 previous:8 created:8 salt:8 checksum:8 record*
//   record  = position:8 group:8 length:4 payload-checksum:8 header-checksum:8 payload
//
// in bytes, little endian. The header's checksum is over all before it, with seed 0; a record's
// header checksum likewise, with the segment's salt as seed. So nobody who chooses what an event
// says can make bytes that look like a record, nor does an old record of another segment.
//
// `group` is the position of the first record of the group that was synced together with this
// one. Everything before that was on the disk before this record was written, so that a damaged
// record is known to have been whole once if a later group follows it.
struct SegmentHeader {
  std::uint64_t first = 1;     // position of its first record, whether it has one or not
  std::uint64_t previous = 0;  // `first` of the segment before it; 0 if there never was one
  Micros created = 0;
  std::uint64_t salt = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

struct RecordHeader {
  std::uint64_t position = 0;
  std::uint64_t group = 0;
  std::uint32_t length = 0;  // of the payload
  std::uint64_t payload_checksum = 0;
  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

inline constexpr std::size_t kSegmentHeaderBytes = 52;
inline constexpr std::size_t kRecordHeaderBytes = 36;
// No record is longer, so a damaged length cannot ask for much memory.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{256} << 20;

std::string EncodeSegmentHeader(const SegmentHeader& header);
// Fails with DataLoss if the bytes do not begin with the header of a segment, with
// FailedPrecondition if it is of another version. The message does not say which file it is.
absl::StatusOr<SegmentHeader> DecodeSegmentHeader(std::string_view bytes);

std::string EncodeRecordHeader(const RecordHeader& header, std::uint64_t salt);
// nullopt if the bytes do not begin with a whole, undamaged header.
std::optional<RecordHeader> DecodeRecordHeader(std::string_view bytes, std::uint64_t salt);

// "00000000000000000001.seg" for 1, and back; nullopt for the name of anything else.
std::string SegmentName(std::uint64_t first);
std::optional<std::uint64_t> ParseSegmentName(std::string_view name);

}  // namespace hark::log
