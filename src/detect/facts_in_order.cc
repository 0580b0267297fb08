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
  const OrderKey order = OrderOf(fact);
  auto next = facts_.lower_bound(order);
  const bool is_new = next == facts_.end() || order < next->first;
  if (!is_new) {
    if (!IsBetterCopy(fact, next->second.fact)) {
      return false;
    }
    Drop(next++);
  }
  const std::uint64_t bytes = BytesOf(fact);
  facts_.try_emplace(next, order, std::move(fact), bytes, freezer_->epoch());
  bytes_ += bytes;
  return is_new;
}

void FactsInOrder::Drop(Facts::iterator entry) {
  bytes_ -= entry->second.bytes;
  if (freezer_->Holds(entry->second.epoch)) {
    freezer_->Bury(std::make_unique<Facts::node_type>(facts_.extract(entry)));
  } else {
    facts_.erase(entry);
  }
}

void FactsInOrder::DropFirst() {
  Drop(facts_.begin());
}

void FactsInOrder::Clear() {
  while (!facts_.empty()) {
    DropFirst();
  }
}

Micros FactsInOrder::TimeToShrinkTo(std::uint64_t bytes) const {
  Micros time = first().time;
  std::uint64_t left = bytes_;
  for (const auto& [order, waiting] : facts_) {
    if (left <= bytes) {
      break;
    }
    left -= waiting.bytes;
    time = order.time;
  }
  return time + 1;
}

FrozenFacts FactsInOrder::Freeze() const {
  FrozenFacts frozen;
  frozen.facts_.reserve(facts_.size());
  for (const auto& [order, waiting] : facts_) {
    frozen.facts_.push_back(&waiting.fact);
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
