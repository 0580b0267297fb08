#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hark {

// A run of whole records of one source. `data` has at least 64 readable bytes after its end.
struct RecordBatch {
  std::unique_ptr<char[]> buffer;
  std::string_view data;        // points into `buffer`
  std::uint64_t offset = 0;     // of data in the source, in uncompressed bytes
};

// Something that brings audit records: a file, standard input, later a topic or a listener.
// Not thread-safe: one caller at a time.
class Source {
 public:
  virtual ~Source() = default;

  // Unique among the sources of one run, and the same in every run: "prod=/var/log/audit.log".
  virtual const std::string& name() const = 0;
  // The cluster label of its events; empty if the source has none of its own.
  virtual const std::string& cluster() const = 0;
  // Bytes that it will bring, if it can know; else 0. For progress only.
  virtual std::uint64_t size_hint() const = 0;

  // The next whole records, at most about `max_bytes` (more if one record is longer). Empty `data`
  // at the end. An error is final: the source cannot be read further.
  virtual absl::StatusOr<RecordBatch> Read(std::size_t max_bytes) = 0;
};

}  // namespace hark
