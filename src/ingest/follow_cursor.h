#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "ingest/fingerprint.h"

namespace hark::ingest {

// Where a followed log is to be read on, as text for the fact log:
//
//   cursor := "file1" position start size hash offset      with one blank between
//   offset := number | "end"
//
// for example "file1 81234 0 1024 5feceb66ffc86f38d952786c6d696c79 8123". The numbers are decimal,
// the hash is that of Fingerprint, in 32 hexadecimal digits.
struct FollowCursor {
  std::uint64_t position = 0;  // in the series
  FilePlace place;             // of a file that is known

  std::string ToText() const;
  // InvalidArgument for whatever ToText does not write.
  static absl::StatusOr<FollowCursor> Parse(std::string_view text);
  friend bool operator==(const FollowCursor&, const FollowCursor&) = default;
};

}  // namespace hark::ingest
