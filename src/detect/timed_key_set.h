#pragma once

#include <cstdint>
#include <map>

#include "absl/container/flat_hash_set.h"

#include "hark/event.h"

#include "base/codec.h"
#include "base/hash128.h"

namespace hark::detect {

// Which keys were seen, each remembered by the event time that belongs to it. Keys are kept in
// buckets of one minute and forgotten a bucket at a time, so that what is remembered at a moment
// depends on the keys and on the horizon alone, never on how the horizon got there.
// Not thread-safe.
class TimedKeySet {
 public:
  // Bytes that one key counts for in the state budget.
  static constexpr std::uint64_t kBytesPerKey = 32;

  // Returns false if the key was there already.
  bool Insert(Micros time, const Hash128& key);
  bool Contains(Micros time, const Hash128& key) const;

  // Forgets every bucket that lies wholly before `horizon`.
  void ForgetBefore(Micros horizon);

  // Forgets the oldest bucket and returns its end: keys of earlier times are no longer known.
  // REQUIRES: bytes() > 0.
  Micros ForgetOldest();

  std::uint64_t bytes() const { return size_ * kBytesPerKey; }

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  using Bucket = absl::flat_hash_set<Hash128, Hash128Hasher>;
  std::map<std::int64_t, Bucket> buckets_;  // by minute
  std::uint64_t size_ = 0;
};

}  // namespace hark::detect
