#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

#include "alert/destination.h"
#include "alert/outbox.h"
#include "alert/revision.h"
#include "base/string_map.h"

namespace hark::alert {

// The revisions that one output has read from the store and is not done with, and its cursor.
//
// What is due when: revisions of one alert, or all of them if the destination keeps the total
// order, form a lane. Only the first of a lane may be tried; the next ones wait until it is done.
// A revision that fails keeps back its lane and the cursor, and no other lane.
//
// Not thread-safe.
class DeliveryQueue {
 public:
  struct Item {
    StoredRevision stored;
    std::int64_t letter = 0;  // the number of the dead letter that it is; else 0
    std::uint32_t attempts = 0;
    bool in_flight = false;
    bool alone = false;  // a batch with it was rejected: it is tried by itself
    absl::Time due = absl::InfinitePast();
    Attempt last;  // the last one that failed
  };
  using Batch = std::vector<Item*>;

  // `cursor`: the output is done with all revisions up to it.
  DeliveryQueue(const Destination::Traits& traits, std::int64_t cursor)
      : traits_(traits), last_read_(cursor) {}

  // The next revision of the store. REQUIRES: they come in order.
  void Add(StoredRevision stored);
  // A dead letter that is tried again: behind what waits in its lane. It does not keep the cursor
  // back. False if it is here already.
  bool AddLetter(const DeadLetter& letter);
  // The next one is nothing for this output.
  void Skip(std::int64_t sequence) { last_read_ = sequence; }

  // What may be tried now; its items are in flight from then on. Empty if nothing is due.
  Batch Take(absl::Time now);
  // When the next attempt is due; infinite if all wait for attempts that are in flight.
  absl::Time NextDue() const;

  // How an attempt ended. The items are gone after Finish and Bury.
  void Finish(const Batch& batch);
  void Retry(const Batch& batch, absl::Time due);
  void Split(const Batch& batch);
  // REQUIRES: MayBury, or it was in flight alone.
  void Bury(Item& item, DeadLetter letter);

  // The one that keeps the cursor back; nullptr if there is none.
  Item* Oldest();
  // Not while it is in flight, or waits behind a dead letter of its lane.
  bool MayBury(const Item& item) const;

  // All revisions up to it are done with.
  std::int64_t cursor() const;
  std::int64_t last_read() const { return last_read_; }
  // What is in memory, dead letters too.
  std::size_t size() const { return items_.size() + letters_.size(); }
  std::size_t bytes() const { return bytes_; }
  // Revisions that are not done with, without dead letters.
  std::size_t waiting() const { return items_.size() - letters_waiting_; }
  std::size_t letters_waiting() const { return letters_waiting_; }

  // The dead letters that the cursor has passed. Until it does, one may still be tried again after
  // a restart, so it is not yet certain. They stay until they are dropped.
  std::vector<DeadLetter> Letters() const;
  void DropLetters(std::int64_t up_to);

 private:
  using Lane = std::deque<Item*>;

  std::string_view LaneOf(const Item& item) const;
  Item& Insert(StoredRevision stored);
  void Schedule(const Item& item) { due_.emplace(item.due, item.stored.sequence); }
  void Remove(Item& item);

  const Destination::Traits traits_;
  std::int64_t last_read_;
  // By sequence number. Dead letters have negative ones of their own.
  std::map<std::int64_t, Item> items_;
  std::size_t letters_waiting_ = 0;
  StringMap<Lane> lanes_;                              // in order; none is empty
  std::set<std::pair<absl::Time, std::int64_t>> due_;  // of each lane the first, if not in flight
  std::map<std::int64_t, DeadLetter> letters_;
  std::size_t bytes_ = 0;
};

}  // namespace hark::alert
