#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "hark/event.h"

#include "base/codec.h"
#include "base/hash128.h"
#include "detect/freezer.h"
#include "detect/section_stream.h"

namespace hark::detect {

using KeySet = absl::flat_hash_set<Hash128, Hash128Hasher>;

// The keys of one moment. Valid while that moment is frozen.
class FrozenKeys {
 public:
  void Save(SectionStream& stream) const;

 private:
  friend class TimedKeySet;
  struct Bucket {
    std::int64_t minute = 0;
    std::vector<const KeySet*> shards;
  };
  std::vector<Bucket> buckets_;
};

// Which keys were seen, each remembered by the event time that belongs to it. Keys are kept in
// buckets of one minute and forgotten a bucket at a time, so that what is remembered at a moment
// depends on the keys and on the horizon alone, never on how the horizon got there. A large bucket
// is in shards, so that a key that is added to a frozen one has only a small part of it copied.
// Not thread-safe, but for what is frozen.
class TimedKeySet {
 public:
  // Bytes that one key counts for in the state budget.
  static constexpr std::uint64_t kBytesPerKey = 32;

  explicit TimedKeySet(std::shared_ptr<Freezer> freezer = std::make_shared<Freezer>())
      : freezer_(std::move(freezer)) {}
  ~TimedKeySet() { Clear(); }
  TimedKeySet(const TimedKeySet&) = delete;
  TimedKeySet& operator=(const TimedKeySet&) = delete;

  // Returns false if the key was there already.
  bool Insert(Micros time, const Hash128& key);
  bool Contains(Micros time, const Hash128& key) const;

  // Forgets every bucket that lies wholly before `horizon`.
  void ForgetBefore(Micros horizon);

  // Forgets the oldest bucket and returns its end: keys of earlier times are no longer known.
  // REQUIRES: bytes() > 0.
  Micros ForgetOldest();

  std::uint64_t bytes() const { return size_ * kBytesPerKey; }

  FrozenKeys Freeze() const;
  void Restore(ByteReader& reader);

 private:
  using Bucket = std::vector<Freezable<KeySet>>;  // one shard, or kShards

  void Split(Bucket& bucket);
  bool InsertInto(Bucket& bucket, const Hash128& key);
  void Clear();

  const std::shared_ptr<Freezer> freezer_;
  std::map<std::int64_t, Bucket> buckets_;  // by minute; none is empty
  std::uint64_t size_ = 0;
};

}  // namespace hark::detect
