#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "hark/reject_reason.h"

namespace hark {

// Bytes of a source that no record could be made of: one rejected record each.
struct Damage {
  RejectReason reason = RejectReason::kTooLarge;
  std::uint64_t offset = 0;  // as that of a batch
  std::uint64_t length = 0;  // in bytes; 0 if unknown
};

// A message of a source whose offsets count messages (Kafka), not bytes.
struct BatchMessage {
  std::size_t begin = 0;  // in the data of the batch; it ends where the next one begins
  std::uint64_t offset = 0;
};

// A run of whole records of one source. `data` has at least 64 readable bytes after its end.
//
// A batch is meant to be given to Read again and again: its buffer is then reused, so that
// reading costs neither allocations nor page faults.
struct RecordBatch {
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;     // bytes of `buffer`
  std::string_view data;        // points into `buffer`
  std::uint64_t offset = 0;     // of data in the source: in uncompressed bytes, or of its message
  std::vector<Damage> damages;  // met before the end of `data`
  // If the records are items of a list that is too long to be held at once: the JSON text up to the
  // list's bracket, for example {"kind":"EventList","items":[. Else empty.
  std::string context;
  // Where the offsets are those of messages: what of `data` is which one. Nothing that is broken in
  // one of them reaches into the next. Else empty, and the other two are 0.
  std::vector<BatchMessage> messages;
  std::uint64_t next_offset = 0;     // of the first message behind the batch
  std::uint64_t empty_messages = 0;  // within the batch: passed over

  // Empties all but the buffer.
  void Clear() {
    data = {};
    offset = next_offset = empty_messages = 0;
    damages.clear();
    context.clear();
    messages.clear();
  }
  // True if the source has ended, or one that is followed was read to its present end: nothing was
  // read, and nothing was cut out or passed over.
  bool at_end() const { return data.empty() && damages.empty() && empty_messages == 0; }
  // Where the source is read on.
  std::uint64_t end_offset() const { return next_offset > 0 ? next_offset : offset + data.size(); }
};

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
