#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"

#include "base/mutex.h"
#include "server/audit_sink.h"

namespace hark::server {

// What becomes of a body, for the one connection that waits for it: the first of several who know
// is believed. Thread-safe; shared by all of them.
class AwaitedOutcome : public std::enable_shared_from_this<AwaitedOutcome> {
 public:
  // `settled` is called once, at the first Settle(), by its caller; it may not call this.
  static std::shared_ptr<AwaitedOutcome> Create(std::function<void()> settled);

  void Settle(AuditOutcome outcome) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<AuditOutcome> outcome() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Calls Settle(). When it and its copies are destroyed without having been called, the outcome
  // is kUnavailable.
  std::function<void(AuditOutcome)> Done();

 private:
  explicit AwaitedOutcome(std::function<void()> settled) : settled_(std::move(settled)) {}

  mutable Mutex mutex_;
  std::function<void()> settled_ ABSL_GUARDED_BY(mutex_);
  std::optional<AuditOutcome> outcome_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::server
