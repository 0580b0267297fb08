#include "ingest/fingerprint.h"

#include "base/hash128.h"

namespace hark::ingest {

Fingerprint FingerprintOf(const ContentHead& head) {
  if (head.bytes.empty()) {
    return {};
  }
  return {.start = head.start, .size = head.bytes.size(), .hash = HashParts({head.bytes})};
}

bool Fingerprint::Fits(const ContentHead& head) const {
  return head.start == start && head.bytes.size() >= size &&
         HashParts({std::string_view(head.bytes).substr(0, size)}) == hash;
}

}  // namespace hark::ingest
