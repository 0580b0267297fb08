#include "ingest/fingerprint.h"

#include "base/hash128.h"
#include "base/json_scanner.h"

namespace hark::ingest {

bool ContentHead::IsDistinct() const {
  return bytes.size() >= Fingerprint::kMaxBytes || bytes.find('\n') != std::string::npos ||
         (bytes.starts_with('{') && ScanContainer(bytes).end == ScanEnd::kWhole);
}

Fingerprint FingerprintOf(const ContentHead& head) {
  if (head.bytes.empty()) {
    return {};
  }
  return {.start = head.start, .size = head.bytes.size(), .hash = HashParts({head.bytes})};
}

bool Fingerprint::IsBeginningOf(const ContentHead& head) const {
  return head.start == start && head.bytes.size() >= size &&
         HashParts({std::string_view(head.bytes).substr(0, size)}) == hash;
}

bool Fingerprint::Fits(const ContentHead& head) const {
  if (!IsBeginningOf(head)) {
    return false;
  }
  return head.bytes.size() == size ||
         ContentHead{.start = start, .bytes = head.bytes.substr(0, size)}.IsDistinct();
}

}  // namespace hark::ingest
