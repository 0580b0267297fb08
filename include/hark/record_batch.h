#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hark/large_turn.h"
#include "hark/reject_reason.h"

namespace hark {

// Bytes of a source that no record could be made of: one rejected record each.
struct Damage {
  RejectReason reason = RejectReason::kTooLarge;
  std::uint64_t offset = 0;  // as that of a batch
  std::uint64_t length = 0;  // in bytes; 0 if unknown
  // Of a record that was cut out, in whose place nothing is in the batch: the SHA-256 of its bytes
  // as sha256sum prints it, and the first ones of them. Else empty.
  std::string sha256 = {};
  std::string start = {};
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
  // If whoever read the batch looked at each of its lines: where the first ones end, in `data`.
  std::vector<std::size_t> line_ends;
  // If the records are items of a list that is too long to be held at once: the JSON text up to the
  // list's bracket, for example {"kind":"EventList","items":[. Else empty.
  std::string context;
  // Where the offsets are those of messages: what of `data` is which one. Nothing that is broken in
  // one of them reaches into the next. Else empty, and the other two are 0.
  std::vector<BatchMessage> messages;
  std::uint64_t next_offset = 0;     // of the first message behind the batch
  std::uint64_t empty_messages = 0;  // within the batch: passed over
  // Taken while the buffer is large, because a record is.
  LargeTurn turn;

  // Empties all but the buffer.
  void Clear() {
    data = {};
    offset = next_offset = empty_messages = 0;
    damages.clear();
    line_ends.clear();
    context.clear();
    messages.clear();
  }
  // Gives a large buffer back, and the turn with it. To be called, by the thread that reads, when
  // the data is not needed any more.
  void ReleaseLarge() {
    if (turn.is_taken()) {
      buffer.reset();
      capacity = 0;
      data = {};
      line_ends.clear();
      turn.Release();
    }
  }
  // True if the source has ended, or one that is followed was read to its present end: nothing was
  // read, and nothing was cut out or passed over.
  bool at_end() const { return data.empty() && damages.empty() && empty_messages == 0; }
  // Where the source is read on.
  std::uint64_t end_offset() const { return next_offset > 0 ? next_offset : offset + data.size(); }
};

}  // namespace hark
