// A compressed file may hold anything. Property: reading it ends, with a status that is OK; the
// bytes and the damages do not depend on how large the pieces are in which it is read and given
// out; and there is a line feed at each damage. Stops after 32 KiB, as a small input can be a
// bomb.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "base/check.h"
#include "ingest/decompress_stream.h"
#include "support/scripted_stream.h"

using hark::Damage;
using hark::testing::ReadAll;
using hark::testing::ScriptedStream;
using hark::testing::StreamContent;

namespace {

constexpr std::size_t kMaxBytes = std::size_t{32} << 10;

StreamContent Decompressed(const std::string& bytes, std::size_t piece, std::size_t size) {
  const auto stream =
      hark::ingest::Decompress(std::make_unique<ScriptedStream>(ScriptedStream::Script{
                                   .text = bytes, .piece = piece, .end = {}, .damages = {}}),
                               // Bombs end where the pieces end, so there are none here.
                               {.bytes = 2 * kMaxBytes});
  StreamContent content = ReadAll(*stream, size, kMaxBytes);
  HARK_CHECK(content.status.ok());
  return content;
}

// Both have the same bytes, and the same damages before the place where one of them stopped.
void CheckEqual(const StreamContent& a, const StreamContent& b) {
  const std::size_t length = std::min({a.text.size(), b.text.size(), kMaxBytes});
  HARK_CHECK(a.text.compare(0, length, b.text, 0, length) == 0);
  HARK_CHECK(length == kMaxBytes || a.text.size() == b.text.size());
  const std::size_t damages = std::min(a.damages.size(), b.damages.size());
  HARK_CHECK(length == kMaxBytes || a.damages.size() == b.damages.size());
  for (std::size_t i = 0; i < damages; ++i) {
    HARK_CHECK(a.damages[i].offset == b.damages[i].offset);
    HARK_CHECK(a.damages[i].reason == b.damages[i].reason);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const StreamContent whole =
      Decompressed(bytes, std::numeric_limits<std::size_t>::max(), kMaxBytes);
  for (const Damage& damage : whole.damages) {
    HARK_CHECK(damage.offset < whole.text.size());
    HARK_CHECK(whole.text[damage.offset] == '\n');
  }
  CheckEqual(whole, Decompressed(bytes, 7, 1000));
  if (whole.text.size() < 10'000) {
    CheckEqual(whole, Decompressed(bytes, 1, 1));
  }
  return 0;
}
