#include "detect/facts_in_order.h"

#include <memory>
#include <tuple>
#include <utility>

#include "base/fact_codec.h"
#include "detect/logical_size.h"
#include "detect/snapshot_time.h"

namespace hark::detect {
namespace {

OrderKey OrderOf(const Fact& fact) {
  return {.time = fact.time, .not_started = fact.stage != Stage::kResponseStarted, .key = fact.key};
}

bool IsBetterCopy(const Fact& candidate, const Fact& kept) {
  const auto rank = [](const Fact& fact) { return std::tuple(fact.level, fact.raw_length); };
  if (rank(candidate) != rank(kept)) {
    return rank(candidate) > rank(kept);
  }
  ByteWriter candidate_bytes;
  ByteWriter kept_bytes;
  EncodeFact(candidate, candidate_bytes);
  EncodeFact(kept, kept_bytes);
  return candidate_bytes.bytes() > kept_bytes.bytes();
}

}  // namespace

bool operator<(const OrderKey& a, const OrderKey& b) {
  return std::tie(a.time, a.not_started, a.key) < std::tie(b.time, b.not_started, b.key);
}

bool FactsInOrder::Add(Fact&& fact) {
  const auto [entry, is_new] = facts_.try_emplace(OrderOf(fact));
  Freezable<Fact>& kept = entry->second;
  if (!is_new && !IsBetterCopy(fact, *kept)) {
    return false;
  }
  if (!is_new) {
    bytes_ -= BytesOf(*kept);
    kept.Retire(*freezer_);
  }
  kept = Freezable<Fact>(std::make_unique<Fact>(std::move(fact)), *freezer_);
  bytes_ += BytesOf(*kept);
  return is_new;
}

void FactsInOrder::DropFirst() {
  Freezable<Fact>& first = facts_.begin()->second;
  bytes_ -= BytesOf(*first);
  first.Retire(*freezer_);
  facts_.erase(facts_.begin());
}

void FactsInOrder::Clear() {
  for (auto& [order, fact] : facts_) {
    fact.Retire(*freezer_);
  }
  facts_.clear();
  bytes_ = 0;
}

Micros FactsInOrder::TimeToShrinkTo(std::uint64_t bytes) const {
  Micros time = first().time;
  std::uint64_t left = bytes_;
  for (const auto& [order, fact] : facts_) {
    if (left <= bytes) {
      break;
    }
    left -= BytesOf(*fact);
    time = order.time;
  }
  return time + 1;
}

FrozenFacts FactsInOrder::Freeze() const {
  FrozenFacts frozen;
  frozen.facts_.reserve(facts_.size());
  for (const auto& [order, fact] : facts_) {
    frozen.facts_.push_back(fact.get());
  }
  return frozen;
}

void FrozenFacts::Save(SectionStream& stream) const {
  stream.Next().Unsigned(facts_.size());
  for (const Fact* fact : facts_) {
    EncodeFact(*fact, stream.Next());
  }
}

void FactsInOrder::Restore(ByteReader& reader) {
  Clear();
  for (std::size_t left = reader.Count(kMinFactBytes); left > 0 && reader.ok(); --left) {
    Fact fact = DecodeFact(reader);
    if (!IsEventTime(fact.time) || !IsEventTime(fact.received_time) || !Add(std::move(fact))) {
      reader.Fail();
    }
  }
}

}  // namespace hark::detect
