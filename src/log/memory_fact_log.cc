#include "log/memory_fact_log.h"

#include <limits>
#include <utility>

namespace hark::log {

MemoryFactLog::MemoryFactLog(std::size_t capacity)
    : capacity_(capacity), slots_(capacity), end_(std::numeric_limits<std::uint64_t>::max()) {}

bool MemoryFactLog::WaitForRoom(std::uint64_t place) {
  MutexLock lock(mutex_);
  while (!cancelled_ && place - next_ >= capacity_) {
    has_room_.Wait(lock);
  }
  return !cancelled_;
}

void MemoryFactLog::Put(std::uint64_t place, FactRecord& record) {
  const MutexLock lock(mutex_);
  Slot& slot = SlotAt(place);
  std::swap(slot.record, record);
  slot.filled = true;
  if (place == next_) {
    has_next_.NotifyOne();
  }
}

void MemoryFactLog::EndAt(std::uint64_t place) {
  const MutexLock lock(mutex_);
  end_ = place;
  has_next_.NotifyOne();
}

void MemoryFactLog::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  has_room_.NotifyAll();
  has_next_.NotifyAll();
}

bool MemoryFactLog::Next(FactRecord& record) {
  MutexLock lock(mutex_);
  while (!cancelled_ && next_ != end_ && !SlotAt(next_).filled) {
    has_next_.Wait(lock);
  }
  if (cancelled_ || next_ == end_) {
    return false;
  }
  Slot& slot = SlotAt(next_);
  std::swap(slot.record, record);
  slot.filled = false;
  ++next_;
  has_room_.NotifyAll();
  return true;
}

}  // namespace hark::log
