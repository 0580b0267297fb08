#include "detect/facts_in_order.h"

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
  // try_emplace moves only if there is no such key yet.
  const auto [entry, is_new] = facts_.try_emplace(OrderOf(fact), std::move(fact));
  if (is_new) {
    bytes_ += BytesOf(entry->second);
  } else if (IsBetterCopy(fact, entry->second)) {
    bytes_ -= BytesOf(entry->second);
    entry->second = std::move(fact);
    bytes_ += BytesOf(entry->second);
  }
  return is_new;
}

Fact FactsInOrder::TakeFirst() {
  auto first = facts_.extract(facts_.begin());
  bytes_ -= BytesOf(first.mapped());
  return std::move(first.mapped());
}

Micros FactsInOrder::TimeToShrinkTo(std::uint64_t bytes) const {
  Micros time = first_time();
  std::uint64_t left = bytes_;
  for (const auto& [order, fact] : facts_) {
    if (left <= bytes) {
      break;
    }
    left -= BytesOf(fact);
    time = order.time;
  }
  return time + 1;
}

void FactsInOrder::Save(ByteWriter& writer) const {
  writer.Unsigned(facts_.size());
  for (const auto& [order, fact] : facts_) {
    EncodeFact(fact, writer);
  }
}

void FactsInOrder::Restore(ByteReader& reader) {
  facts_.clear();
  bytes_ = 0;
  for (std::size_t left = reader.Count(kMinFactBytes); left > 0 && reader.ok(); --left) {
    Fact fact = DecodeFact(reader);
    if (!IsEventTime(fact.time) || !IsEventTime(fact.received_time) || !Add(std::move(fact))) {
      reader.Fail();
    }
  }
}

}  // namespace hark::detect
