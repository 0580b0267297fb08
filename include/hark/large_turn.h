#pragma once

#include <cstddef>
#include <mutex>

namespace hark {

// Memory that grows with the length of one text is taken in turns: in the whole process one thread
// at a time works on a text over kLarge bytes, so that a log with events of 60 MiB costs the memory
// of one of them, however many threads read it.
//
// A thread that has the turn may take it again, for what it finds within the text; it is passed on
// when the last of them is released. Whoever has it must not wait for another thread that may want
// it. Used, and destroyed, by one thread.
class LargeTurn {
 public:
  static constexpr std::size_t kLarge = std::size_t{4} << 20;

  LargeTurn() = default;
  explicit LargeTurn(std::size_t bytes) { TakeFor(bytes); }

  // Waits for the turn if so many bytes are large; does nothing if this object has it already.
  void TakeFor(std::size_t bytes) {
    if (bytes > kLarge && !lock_.owns_lock()) {
      lock_ = std::unique_lock(Mutex());
    }
  }
  void Release() { lock_ = {}; }
  bool is_taken() const { return lock_.owns_lock(); }

 private:
  static std::recursive_mutex& Mutex() {
    static std::recursive_mutex one_at_a_time;
    return one_at_a_time;
  }

  std::unique_lock<std::recursive_mutex> lock_;
};

}  // namespace hark
