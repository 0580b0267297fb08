#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace hark {

// A run of whole records of one source. `data` has at least 64 readable bytes after its end.
//
// A batch is meant to be given to Read again and again: its buffer is then reused, so that
// reading costs neither allocations nor page faults.
struct RecordBatch {
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;     // bytes of `buffer`
  std::string_view data;        // points into `buffer`
  std::uint64_t offset = 0;     // of data in the source, in uncompressed bytes
  std::uint64_t too_large = 0;  // records before the end of `data` that were cut out for their size

  // True if the source has ended: nothing was read and nothing was cut out.
  bool at_end() const { return data.empty() && too_large == 0; }
  // Bytes of the source up to the end of `data`.
  std::uint64_t end_offset() const { return offset + data.size(); }
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

  // Replaces `batch` by the next whole records, at most about `max_bytes` (more if one record is
  // longer), and reuses its buffer. At the end batch.at_end(). An error is final: the source
  // cannot be read further.
  virtual absl::Status Read(std::size_t max_bytes, RecordBatch& batch) = 0;
};

}  // namespace hark
