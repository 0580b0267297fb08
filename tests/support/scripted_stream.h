#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"

namespace hark::testing {

// Gives out a text in pieces of at most `piece` bytes, then ends, or fails with `end`. A damage is
// there once the byte at its offset was given.
class ScriptedStream final : public ingest::ByteStream {
 public:
  struct Script {
    std::string text;
    std::size_t piece = std::numeric_limits<std::size_t>::max();
    absl::Status end;
    std::vector<Damage> damages;
  };
  explicit ScriptedStream(Script script) : script_(std::move(script)) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    const std::size_t count = std::min({size, script_.piece, script_.text.size() - given_});
    if (count == 0 && !script_.end.ok()) {
      return script_.end;
    }
    std::memcpy(data, script_.text.data() + given_, count);
    given_ += count;
    return count;
  }
  std::uint64_t size_hint() const override { return script_.text.size(); }
  void TakeDamages(std::vector<Damage>& damages) override {
    for (; taken_ < script_.damages.size() && script_.damages[taken_].offset < given_; ++taken_) {
      damages.push_back(script_.damages[taken_]);
    }
  }

 private:
  const Script script_;
  std::size_t given_ = 0;
  std::size_t taken_ = 0;
};

// What a stream brought.
struct StreamContent {
  std::string text;
  std::vector<Damage> damages;
  absl::Status status;
};

// Reads a stream to its end, or to more than `max_bytes`, `size` bytes at a time.
inline StreamContent ReadAll(ingest::ByteStream& stream, std::size_t size = std::size_t{64} << 10,
                             std::size_t max_bytes = std::numeric_limits<std::size_t>::max()) {
  StreamContent content;
  std::string buffer(size, '\0');
  while (content.text.size() <= max_bytes) {
    const absl::StatusOr<std::size_t> count = stream.Read(buffer.data(), size);
    stream.TakeDamages(content.damages);
    if (!count.ok() || *count == 0) {
      content.status = count.status();
      break;
    }
    content.text.append(buffer, 0, *count);
  }
  return content;
}

}  // namespace hark::testing
