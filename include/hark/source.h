#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "hark/record_batch.h"

namespace hark {

// Something that brings audit records: a file, standard input, a partition of a topic, a listener.
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
  // cannot be read further. Of a source that is followed neither is: the next Read may give more.
  // Aborted, of such a source only, says that it will soon be known whether there is more.
  virtual absl::Status Read(std::size_t max_bytes, RecordBatch& batch) = 0;

  // What it takes to go on behind the last batch, as text for the fact log; empty if it cannot.
  virtual std::string cursor() const { return {}; }

  // Gives back what it holds open; the next Read begins at the first record again. False, and
  // nothing is changed, if the source can be read only once.
  virtual bool Rewind() = 0;
};

}  // namespace hark
