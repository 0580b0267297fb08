#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "alert/alert_reader.h"
#include "alert/outbox.h"
#include "alert/revision.h"
#include "alert/silence_matchers.h"
#include "base/mutex.h"

namespace hark::alert {

// The silences that hold or will hold, ready to be asked about revisions. Thread-safe.
class SilenceList {
 public:
  // Those of the configuration, beside those of the store; what cannot be parsed is left out:
  // whoever took them in has checked them.
  explicit SilenceList(std::vector<Silence> configured) : configured_(std::move(configured)) {}

  // Reads those of the store anew.
  absl::Status Load(AlertReader& reader) ABSL_LOCKS_EXCLUDED(mutex_);

  // Does one of them hold at that time that matches the revision?
  bool Silences(const Revision& revision, absl::Time now) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Compiled {
    Micros created = 0, until = 0;
    SilenceMatchers matchers;
  };
  using List = std::vector<Compiled>;

  const std::vector<Silence> configured_;
  mutable Mutex mutex_;
  std::shared_ptr<const List> list_ ABSL_GUARDED_BY(mutex_) = std::make_shared<const List>();
};

}  // namespace hark::alert
