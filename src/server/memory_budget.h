#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace hark::server {

class MemoryReservation;

// A number of bytes that several parties share: each reserves what it is about to allocate, and
// goes without where nothing is left. It counts and allocates nothing. It outlives its
// reservations. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t capacity) : capacity_(capacity) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // Nothing if less than that is left.
  std::optional<MemoryReservation> Reserve(std::size_t bytes);

  std::size_t capacity() const { return capacity_; }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryReservation;

  bool Take(std::size_t bytes) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > capacity_ - used) {
        return false;
      }
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  void Give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  const std::size_t capacity_;
  std::atomic<std::size_t> used_{0};
};

// Bytes of a budget, given back at its end. A default or moved-from one holds nothing. Not
// thread-safe, but for reservations of one budget on different threads.
class MemoryReservation {
 public:
  MemoryReservation() = default;
  MemoryReservation(MemoryReservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MemoryReservation& operator=(MemoryReservation&& other) noexcept {
    if (this != &other) {
      Release();
      budget_ = std::exchange(other.budget_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~MemoryReservation() { Release(); }

  // Takes so many bytes more. False, and nothing has changed, if they are not left or if this
  // belongs to no budget.
  [[nodiscard]] bool Grow(std::size_t bytes) {
    if (budget_ == nullptr || !budget_->Take(bytes)) {
      return false;
    }
    size_ += bytes;
    return true;
  }

  // Gives all bytes back.
  void Release() {
    if (budget_ != nullptr) {
      budget_->Give(size_);
    }
    budget_ = nullptr;
    size_ = 0;
  }

  std::size_t size() const { return size_; }

 private:
  friend class MemoryBudget;
  MemoryReservation(MemoryBudget& budget, std::size_t size) : budget_(&budget), size_(size) {}

  MemoryBudget* budget_ = nullptr;
  std::size_t size_ = 0;
};

inline std::optional<MemoryReservation> MemoryBudget::Reserve(std::size_t bytes) {
  if (!Take(bytes)) {
    return std::nullopt;
  }
  return MemoryReservation(*this, bytes);
}

}  // namespace hark::server
