#include "detect/timed_key_set.h"

#include <algorithm>

#include "hark/detector.h"

namespace hark::detect {
namespace {

constexpr Micros kBucket = 60'000'000;

// Rounds towards the past, also before 1970.
std::int64_t BucketOf(Micros time) {
  const std::int64_t quotient = time / kBucket;
  return time % kBucket < 0 ? quotient - 1 : quotient;
}

constexpr std::size_t kShards = 64;
constexpr std::size_t kMostUnsplit = 1'024;  // keys of a bucket that is in one shard

// The place of the key's shard among so many, by a byte that the hash tables do not look at.
std::size_t ShardOf(const Hash128& key, std::size_t shards) {
  return key.back() % shards;
}

}  // namespace

void TimedKeySet::Split(Bucket& bucket) {
  std::vector<std::unique_ptr<KeySet>> shards;
  for (std::size_t i = 0; i < kShards; ++i) {
    shards.push_back(std::make_unique<KeySet>());
  }
  for (const Hash128& key : *bucket.front()) {
    shards[ShardOf(key, kShards)]->insert(key);
  }
  bucket.front().Retire(*freezer_);
  bucket.clear();
  for (std::unique_ptr<KeySet>& shard : shards) {
    bucket.emplace_back(std::move(shard), *freezer_);
  }
}

bool TimedKeySet::InsertInto(Bucket& bucket, const Hash128& key) {
  if (bucket.empty()) {
    bucket.emplace_back(std::make_unique<KeySet>(), *freezer_);
  } else if (bucket.size() == 1 && bucket.front()->size() == kMostUnsplit) {
    Split(bucket);
  }
  Freezable<KeySet>& shard = bucket[ShardOf(key, bucket.size())];
  const bool is_new = shard.Mutable(*freezer_).insert(key).second;
  size_ += is_new ? 1 : 0;
  return is_new;
}

bool TimedKeySet::Insert(Micros time, const Hash128& key) {
  return InsertInto(buckets_[BucketOf(time)], key);
}

bool TimedKeySet::Contains(Micros time, const Hash128& key) const {
  const auto bucket = buckets_.find(BucketOf(time));
  return bucket != buckets_.end() &&
         bucket->second[ShardOf(key, bucket->second.size())]->contains(key);
}

void TimedKeySet::ForgetBefore(Micros horizon) {
  const std::int64_t first_kept = BucketOf(horizon);
  while (!buckets_.empty() && buckets_.begin()->first < first_kept) {
    ForgetOldest();
  }
}

Micros TimedKeySet::ForgetOldest() {
  const auto oldest = buckets_.begin();
  const Micros end = (oldest->first + 1) * kBucket;
  for (Freezable<KeySet>& shard : oldest->second) {
    size_ -= shard->size();
    shard.Retire(*freezer_);
  }
  buckets_.erase(oldest);
  return end;
}

void TimedKeySet::Clear() {
  while (!buckets_.empty()) {
    ForgetOldest();
  }
}

FrozenKeys TimedKeySet::Freeze() const {
  FrozenKeys frozen;
  frozen.buckets_.reserve(buckets_.size());
  for (const auto& [minute, bucket] : buckets_) {
    FrozenKeys::Bucket& copy = frozen.buckets_.emplace_back();
    copy.minute = minute;
    copy.shards.reserve(bucket.size());
    for (const Freezable<KeySet>& shard : bucket) {
      copy.shards.push_back(shard.get());
    }
  }
  return frozen;
}

void FrozenKeys::Save(SectionStream& stream) const {
  stream.Next().Unsigned(buckets_.size());
  for (const Bucket& bucket : buckets_) {
    std::vector<Hash128> keys;
    for (const KeySet* shard : bucket.shards) {
      keys.insert(keys.end(), shard->begin(), shard->end());
    }
    std::sort(keys.begin(), keys.end());
    stream.Next().Signed(bucket.minute);
    stream.Next().Unsigned(keys.size());
    for (const Hash128& key : keys) {
      stream.Next().Hash(key);
    }
  }
}

void TimedKeySet::Restore(ByteReader& reader) {
  Clear();
  for (std::size_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
    const std::int64_t minute = reader.Signed();
    const std::size_t keys = reader.Count(sizeof(Hash128));
    if (keys == 0 || buckets_.contains(minute) || minute < BucketOf(kBeginningOfTime) ||
        minute >= BucketOf(kEndOfTime)) {
      reader.Fail();
      return;
    }
    Bucket& bucket = buckets_[minute];
    for (std::size_t i = 0; i < keys; ++i) {
      InsertInto(bucket, reader.Hash());
    }
  }
}

}  // namespace hark::detect
