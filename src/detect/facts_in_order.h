#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "hark/fact.h"

#include "base/codec.h"
#include "base/hash128.h"
#include "detect/freezer.h"
#include "detect/section_stream.h"

namespace hark::detect {

// The place of an event in the one order in which events are judged.
struct OrderKey {
  Micros time = 0;
  bool not_started = false;  // ResponseStarted comes before the other stages
  Hash128 key{};
};
bool operator<(const OrderKey& a, const OrderKey& b);

// The facts of one moment, in their order. Valid while that moment is frozen.
class FrozenFacts {
 public:
  void Save(SectionStream& stream) const;

 private:
  friend class FactsInOrder;
  std::vector<const Fact*> facts_;
};

// Facts that wait to be judged, in their order, each event once. Not thread-safe, but for what is
// frozen.
class FactsInOrder {
 public:
  explicit FactsInOrder(std::shared_ptr<Freezer> freezer = std::make_shared<Freezer>())
      : freezer_(std::move(freezer)) {}
  ~FactsInOrder() { Clear(); }
  FactsInOrder(const FactsInOrder&) = delete;
  FactsInOrder& operator=(const FactsInOrder&) = delete;

  // Returns false for a copy of an event that is there. Of unequal copies the one that says more
  // stays, whichever came first.
  bool Add(Fact&& fact);

  bool empty() const { return facts_.empty(); }
  // REQUIRES: not empty(). The reference is valid until the fact is dropped.
  const Fact& first() const { return facts_.begin()->second.fact; }
  void DropFirst();

  // What the facts count for in the state budget.
  std::uint64_t bytes() const { return bytes_; }
  // The time before which all have to go for the rest to count for at most `bytes`. Events of one
  // moment go together. REQUIRES: bytes() > `bytes`.
  Micros TimeToShrinkTo(std::uint64_t bytes) const;

  // Calls `visit(const Fact&)` for each, in order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [order, waiting] : facts_) {
      visit(waiting.fact);
    }
  }
  // Calls `change(Fact&)` for each, which may change all but what the order depends on.
  template <typename Change>
  void ChangeEach(Change change);

  FrozenFacts Freeze() const;
  void Restore(ByteReader& reader);

 private:
  // Frozen as a whole with its node of the map.
  struct Waiting {
    Waiting(Fact&& waiting, std::uint64_t size, std::uint64_t made)
        : fact(std::move(waiting)), bytes(size), epoch(made) {}

    Fact fact;
    std::uint64_t bytes;
    std::uint64_t epoch;
  };
  using Facts = std::map<OrderKey, Waiting>;

  void Drop(Facts::iterator entry);
  void Clear();

  const std::shared_ptr<Freezer> freezer_;
  Facts facts_;
  std::uint64_t bytes_ = 0;
};

template <typename Change>
void FactsInOrder::ChangeEach(Change change) {
  for (auto entry = facts_.begin(); entry != facts_.end();) {
    const auto old = entry++;
    Fact fact = old->second.fact;
    change(fact);
    Drop(old);
    Add(std::move(fact));
  }
}

}  // namespace hark::detect
