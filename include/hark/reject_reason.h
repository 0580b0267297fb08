#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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
  kNoValue,         // a message that only says that its key is deleted, or is empty
};
constexpr std::size_t kSkipReasons = 4;
std::string_view SkipReasonName(SkipReason reason);

}  // namespace hark
