#pragma once

#include <string_view>

#include "absl/base/thread_annotations.h"

#include "hark/event.h"

#include "base/mutex.h"
#include "metrics/label_cap.h"
#include "metrics/registry.h"

namespace hark::metrics {

// The receivers of audit events: requests and their answers. The registry outlives it.
// Thread-safe.
class ReceiverMetrics {
 public:
  // Clusters with series of their own; any more share "other", as do requests for none.
  static constexpr std::size_t kMaxClusters = 256;
  // The code of a request that ended without an answer: its client went, or took too long.
  static constexpr int kNoAnswer = 0;

  explicit ReceiverMetrics(Registry& registry);

  // `cluster` is one that the receiver knows, or empty. Shows the codes that an operator waits for
  // from now on, as 0.
  void Expect(std::string_view cluster) ABSL_LOCKS_EXCLUDED(mutex_);
  void Answered(std::string_view cluster, int code) ABSL_LOCKS_EXCLUDED(mutex_);
  // From the request line until the answer 200, in microseconds.
  void Acknowledged(Micros duration) const;

 private:
  Counter RequestCounter(std::string_view cluster, int code) ABSL_LOCKS_EXCLUDED(mutex_);

  Registry& registry_;
  Histogram ack_;
  Mutex mutex_;
  LabelCap clusters_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::metrics
