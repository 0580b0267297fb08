#pragma once

#include <cstdint>
#include <map>

#include "hark/fact.h"

#include "base/codec.h"
#include "base/hash128.h"

namespace hark::detect {

// The place of an event in the one order in which events are judged.
struct OrderKey {
  Micros time = 0;
  bool not_started = false;  // ResponseStarted comes before the other stages
  Hash128 key{};
};
bool operator<(const OrderKey& a, const OrderKey& b);

// Facts that wait to be judged, in their order, each event once. Not thread-safe.
class FactsInOrder {
 public:
  // Returns false for a copy of an event that is there. Of unequal copies the one that says more
  // stays, whichever came first.
  bool Add(Fact&& fact);

  bool empty() const { return facts_.empty(); }
  // REQUIRES: not empty().
  Micros first_time() const { return facts_.begin()->first.time; }
  Fact TakeFirst();

  // What the facts count for in the state budget.
  std::uint64_t bytes() const { return bytes_; }
  // The time before which all have to go for the rest to count for at most `bytes`. Events of one
  // moment go together. REQUIRES: bytes() > `bytes`.
  Micros TimeToShrinkTo(std::uint64_t bytes) const;

  void Save(ByteWriter& writer) const;
  void Restore(ByteReader& reader);

 private:
  std::map<OrderKey, Fact> facts_;
  std::uint64_t bytes_ = 0;
};

}  // namespace hark::detect
