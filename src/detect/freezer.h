#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"

#include "base/check.h"
#include "base/mutex.h"

namespace hark::detect {

// Lets another thread read a state as it was at one moment while its owner goes on to change it.
// The state is made of values that are Freezable. At the moment of Freeze() the reader is given
// pointers to them; from then until Thaw() the owner changes a copy of a value in its place, and
// what it drops is buried here instead of destroyed:
//
//   owner    Freeze() ──▶ Mutable(): copies, once ──▶ Retire(): buries ──▶ Mutable(): in place
//   reader       └──────▶ reads ─────────────────────────────▶ Thaw(): destroys the buried
//
// A value is known to the reader if it was made before the moment: each carries the epoch, which
// counts the moments, in which it was made.
//
// Thaw() may be called on any thread; all else belongs to the owner's.
class Freezer {
 public:
  Freezer() = default;
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

  // REQUIRES: nothing is frozen.
  void Freeze() {
    HARK_CHECK(!frozen_.load(std::memory_order_acquire));
    ++epoch_;
    frozen_.store(true, std::memory_order_relaxed);
  }

  // The reader is done: nothing that it was given is read any more. Destroys what was buried.
  void Thaw() {
    std::deque<Grave> graves;
    const MutexLock lock(mutex_);
    graves.swap(graves_);
    // What the reader has read comes before what the owner changes after it has seen this.
    frozen_.store(false, std::memory_order_release);
  }

  std::uint64_t epoch() const { return epoch_; }
  // May something be read by the reader that was made in this epoch?
  bool Holds(std::uint64_t epoch) const {
    return epoch < epoch_ && frozen_.load(std::memory_order_acquire);
  }

  // Keeps the value for as long as the reader may read it.
  template <typename T>
  void Bury(std::unique_ptr<T> value) {
    Grave grave(value.release(), [](void* buried) { delete static_cast<T*>(buried); });
    const MutexLock lock(mutex_);
    if (frozen_.load(std::memory_order_relaxed)) {
      graves_.push_back(std::move(grave));
    }
  }

 private:
  using Grave = std::unique_ptr<void, void (*)(void*)>;

  std::uint64_t epoch_ = 0;
  std::atomic<bool> frozen_ = false;
  Mutex mutex_;  // guards that frozen_ becomes false, too
  std::deque<Grave> graves_ ABSL_GUARDED_BY(mutex_);
};

// Holds a value, or none, of a state that a Freezer freezes. The holder itself is the owner's
// alone; only the value behind it is shared with the reader.
template <typename T>
class Freezable {
 public:
  Freezable() = default;
  Freezable(std::unique_ptr<T> value, const Freezer& freezer)
      : value_(std::move(value)), epoch_(freezer.epoch()) {}

  explicit operator bool() const { return value_ != nullptr; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  const T* get() const { return value_.get(); }

  // The value, to be changed: a copy of it if the reader may read it.
  T& Mutable(Freezer& freezer) {
    if (freezer.Holds(epoch_)) {
      freezer.Bury(std::exchange(value_, std::make_unique<T>(*value_)));
      epoch_ = freezer.epoch();
    }
    return *value_;
  }

  // Ends the value. What is frozen must not be dropped in any other way.
  void Retire(Freezer& freezer) {
    if (freezer.Holds(epoch_)) {
      freezer.Bury(std::move(value_));
    }
    value_.reset();
  }

 private:
  std::unique_ptr<T> value_;
  std::uint64_t epoch_ = 0;
};

}  // namespace hark::detect
