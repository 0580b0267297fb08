#include "detect/timed_key_set.h"

#include <algorithm>
#include <vector>

#include "hark/detector.h"

namespace hark::detect {
namespace {

constexpr Micros kBucket = 60'000'000;

// Rounds towards the past, also before 1970.
std::int64_t BucketOf(Micros time) {
  const std::int64_t quotient = time / kBucket;
  return time % kBucket < 0 ? quotient - 1 : quotient;
}

}  // namespace

bool TimedKeySet::Insert(Micros time, const Hash128& key) {
  const bool is_new = buckets_[BucketOf(time)].insert(key).second;
  size_ += is_new ? 1 : 0;
  return is_new;
}

bool TimedKeySet::Contains(Micros time, const Hash128& key) const {
  const auto bucket = buckets_.find(BucketOf(time));
  return bucket != buckets_.end() && bucket->second.contains(key);
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
  size_ -= oldest->second.size();
  buckets_.erase(oldest);
  return end;
}

void TimedKeySet::Save(ByteWriter& writer) const {
  writer.Unsigned(buckets_.size());
  for (const auto& [minute, bucket] : buckets_) {
    std::vector<Hash128> keys(bucket.begin(), bucket.end());
    std::sort(keys.begin(), keys.end());
    writer.Signed(minute);
    writer.Unsigned(keys.size());
    for (const Hash128& key : keys) {
      writer.Hash(key);
    }
  }
}

void TimedKeySet::Restore(ByteReader& reader) {
  buckets_.clear();
  size_ = 0;
  for (std::size_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
    const std::int64_t minute = reader.Signed();
    const std::size_t keys = reader.Count(sizeof(Hash128));
    Bucket& bucket = buckets_[minute];
    if (keys == 0 || !bucket.empty() || minute < BucketOf(kBeginningOfTime) ||
        minute >= BucketOf(kEndOfTime)) {
      reader.Fail();
      return;
    }
    bucket.reserve(keys);
    for (std::size_t i = 0; i < keys; ++i) {
      bucket.insert(reader.Hash());
    }
    size_ += bucket.size();
  }
}

}  // namespace hark::detect
