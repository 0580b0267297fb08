#include "base/checksum.h"

#include <xxhash.h>

#include "base/check.h"

namespace hark {

struct RunningChecksum::State {
  XXH3_state_t* xxh3 = XXH3_createState();

  State() = default;
  ~State() { XXH3_freeState(xxh3); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

std::uint64_t Checksum(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

RunningChecksum::RunningChecksum() : state_(std::make_unique<State>()) {
  HARK_CHECK(state_->xxh3 != nullptr);
  XXH3_64bits_reset(state_->xxh3);
}

RunningChecksum::~RunningChecksum() = default;
RunningChecksum::RunningChecksum(RunningChecksum&& other) noexcept = default;
RunningChecksum& RunningChecksum::operator=(RunningChecksum&& other) noexcept = default;

void RunningChecksum::Add(std::string_view bytes) {
  XXH3_64bits_update(state_->xxh3, bytes.data(), bytes.size());
}

std::uint64_t RunningChecksum::Value() const {
  return XXH3_64bits_digest(state_->xxh3);
}

}  // namespace hark
