#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hark/large_turn.h"

namespace hark {

// Why something that was read did not become an event. Reports, metrics and the quarantine count by
// it, so the names stay as they are.
enum class RejectReason : std::uint8_t {
  kMalformed,     // not JSON
  kTruncated,     // cut off: the input ends, or another record begins, within it
  kNotAnObject,   // JSON, but no object
  kMissingField,  // auditID, stage or a time is missing
  kWrongType,     // auditID, stage or a time is of a wrong type
  kBadValue,      // an unknown stage, a time that is none
  kTooLarge,      // over the size limit of one event
  kTooDeep,       // wrappers in wrappers, deeper than any shipper makes them
  kBadEnvelope,   // a wrapper whose content cannot be opened: base64, compression, JSON in a text
  kDamaged,       // compressed bytes that cannot be decompressed
  kBomb,          // compressed bytes that grow beyond all bounds
  kFuture,        // more than 1 h ahead of its receipt
};
constexpr std::size_t kRejectReasons = 12;
std::string_view RejectReasonName(RejectReason reason);

// Why a record that can be read is none of hark's business.
enum class SkipReason : std::uint8_t {
  kNoAuditEvent,    // a JSON object that is neither an event nor a wrapper of events
  kOtherCategory,   // a managed cloud's record of another category or service
  kControlMessage,  // what a transport says about itself
};
constexpr std::size_t kSkipReasons = 3;
std::string_view SkipReasonName(SkipReason reason);

// Bytes of a source that no record could be made of: one rejected record each.
struct Damage {
  RejectReason reason = RejectReason::kTooLarge;
  std::uint64_t offset = 0;  // in the source, in uncompressed bytes
  std::uint64_t length = 0;  // 0 if unknown
  // Of a record that was cut out, in whose place nothing is in the batch: the SHA-256 of its bytes
  // as sha256sum prints it, and the first ones of them. Else empty.
  std::string sha256 = {};
  std::string start = {};
};

// A run of whole records of one source. `data` has at least 64 readable bytes after its end.
//
// A batch is meant to be given to Read again and again: its buffer is then reused, so that
// reading costs neither allocations nor page faults.
struct RecordBatch {
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;     // bytes of `buffer`
  std::string_view data;        // points into `buffer`
  std::uint64_t offset = 0;     // of data in the source, in uncompressed bytes
  std::vector<Damage> damages;  // met before the end of `data`
  // If the records are items of a list that is too long to be held at once: the JSON text up to the
  // list's bracket, for example {"kind":"EventList","items":[. Else empty.
  std::string context;
  // Taken while the buffer is large, because a record is.
  LargeTurn turn;

  // True if the source has ended, or one that is followed was read to its present end: nothing was
  // read and nothing was cut out.
  bool at_end() const { return data.empty() && damages.empty(); }
  // Bytes of the source up to the end of `data`.
  std::uint64_t end_offset() const { return offset + data.size(); }
  // Gives a large buffer back, and the turn with it. To be called, by the thread that reads, when
  // the data is not needed any more.
  void ReleaseLarge() {
    if (turn.is_taken()) {
      buffer.reset();
      capacity = 0;
      data = {};
      turn.Release();
    }
  }
};

}  // namespace hark
