#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace hark {

// XXH3 with 64 bits: finds damage, at memory speed. It is no protection against forgery, except
// that whoever does not know a random `seed` cannot make bytes that have the right checksum.
// Thread-safe.
std::uint64_t Checksum(std::string_view bytes, std::uint64_t seed = 0);

// The checksum, with seed 0, of bytes that come in pieces. Not thread-safe.
class RunningChecksum {
 public:
  RunningChecksum();
  ~RunningChecksum();
  RunningChecksum(RunningChecksum&& other) noexcept;
  RunningChecksum& operator=(RunningChecksum&& other) noexcept;

  void Add(std::string_view bytes);
  // Of all bytes so far; more may follow.
  std::uint64_t Value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hark
