#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "base/mutex.h"
#include "base/string_map.h"

namespace hark::ingest {

// Collects why files could not be read, where that does not end what reads them. What was said once
// is not said again: a file may be tried several times in one run.
//
// Safe to use from any number of threads.
class InputErrors {
 public:
  void Add(absl::Status error) ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    if (known_.insert(std::string(error.message())).second) {
      new_.push_back(std::move(error));
    }
  }

  // How many different errors there were.
  std::size_t count() const ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    return known_.size();
  }

  // What was said may be said again: for who limits repetitions otherwise.
  void Forget() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    known_.clear();
  }

  // The errors since the last call, in the order in which they came.
  std::vector<absl::Status> TakeNew() ABSL_LOCKS_EXCLUDED(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(new_, {});
  }

 private:
  mutable Mutex mutex_;
  StringSet known_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Status> new_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::ingest
