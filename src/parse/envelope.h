#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "hark/source.h"

namespace hark::parse {

// Is told what a record holds.
class EnvelopeVisitor {
 public:
  virtual ~EnvelopeVisitor() = default;

  // A JSON object that should be a native audit event, for EventParser to judge: it is the opener's
  // finding that nothing needs to be unwrapped any more. `cluster` is what the envelope calls the
  // cluster, or empty. 64 readable bytes follow `json`. Both are valid during the call.
  virtual void OnCandidate(std::string_view json, std::string_view cluster) = 0;
  virtual void OnSkip(SkipReason reason) = 0;
  virtual void OnReject(RejectReason reason) = 0;
};

// Opens the wrappers in which audit events come: lists, several documents in one text, log
// shippers, the transports of the managed clouds. docs/managed-clouds.md has the list; one may hold
// another, up to kMaxDepth.
//
// A container counts as its items, one that cannot be opened as one rejected record, and one that
// is cut off as the items before the cut and one rejected record. So each record gives one call or
// more, but for lists that are rightly empty. No call of a visitor may use the opener.
//
// Containers are split by their brackets, and only candidates are looked at closely; a wrapper in
// which something unimportant is malformed is opened all the same.
//
// Not thread-safe: one opener a thread. It keeps its buffers, small ones.
class EnvelopeOpener {
 public:
  static constexpr int kMaxDepth = 8;
  // What the compressed payloads that are open within each other may come to, together.
  static constexpr std::size_t kMaxPayloadBytes = std::size_t{128} << 20;

  explicit EnvelopeOpener(std::size_t max_payload_bytes = kMaxPayloadBytes);
  ~EnvelopeOpener();
  EnvelopeOpener(const EnvelopeOpener&) = delete;
  EnvelopeOpener& operator=(const EnvelopeOpener&) = delete;

  // `record`: normally one JSON value, or a line of other text. `context`: RecordBatch::context, if
  // the record is an item of a list that is too long to be held, else empty.
  // REQUIRES: 64 readable bytes after `record`.
  void Open(std::string_view record, std::string_view context, EnvelopeVisitor& visitor);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hark::parse
