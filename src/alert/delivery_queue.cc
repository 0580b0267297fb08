#include "alert/delivery_queue.h"

#include <string_view>

#include "alert/parsed_alert.h"
#include "base/check.h"

namespace hark::alert {
namespace {

// What an item takes beside its texts; an estimate.
constexpr std::size_t kItemBytes = 512;

// What a filter and a silence may ask of it stands in its JSON, too.
Revision RevisionOf(const DeadLetter& letter) {
  Revision revision;
  if (const absl::StatusOr<ParsedAlert> parsed = ParseAlert(letter.json); parsed.ok()) {
    revision = MakeRevision(parsed->alert, letter.detected);
  }
  revision.id = letter.id;
  revision.n = letter.n;
  revision.detected = letter.detected;
  revision.json = letter.json;
  return revision;
}

std::size_t BytesOf(const StoredRevision& stored) {
  return stored.revision.json.size() + kItemBytes;
}

}  // namespace

std::string_view DeliveryQueue::LaneOf(const Item& item) const {
  return traits_.keeps_total_order ? std::string_view() : item.stored.revision.id;
}

void DeliveryQueue::Add(StoredRevision stored) {
  HARK_CHECK(stored.sequence > last_read_);
  last_read_ = stored.sequence;
  Insert(std::move(stored));
}

bool DeliveryQueue::AddLetter(const DeadLetter& letter) {
  const std::int64_t sequence = INT64_MIN + letter.number;
  if (items_.contains(sequence)) {
    return false;
  }
  Item& item = Insert({.sequence = sequence, .revision = RevisionOf(letter)});
  item.letter = letter.number;
  item.attempts = letter.attempts;
  ++letters_waiting_;
  return true;
}

DeliveryQueue::Item& DeliveryQueue::Insert(StoredRevision stored) {
  bytes_ += BytesOf(stored);
  Item& item = items_[stored.sequence];
  item.stored = std::move(stored);
  Lane& lane = lanes_[LaneOf(item)];
  lane.push_back(&item);
  if (lane.size() == 1) {
    Schedule(item);
  }
  return item;
}

DeliveryQueue::Item* DeliveryQueue::Oldest() {
  const auto oldest = items_.upper_bound(0);
  return oldest == items_.end() ? nullptr : &oldest->second;
}

bool DeliveryQueue::MayBury(const Item& item) const {
  return !item.in_flight && lanes_.find(LaneOf(item))->second.front() == &item;
}

std::int64_t DeliveryQueue::cursor() const {
  const auto oldest = items_.upper_bound(0);
  return oldest == items_.end() ? last_read_ : oldest->first - 1;
}

DeliveryQueue::Batch DeliveryQueue::Take(absl::Time now) {
  Batch batch;
  if (due_.empty() || due_.begin()->first > now) {
    return batch;
  }
  Item& first = items_.at(due_.begin()->second);
  due_.erase(due_.begin());
  for (Item* const item : lanes_.find(LaneOf(first))->second) {
    if (batch.size() == traits_.max_batch || (item->alone && item != &first)) {
      break;
    }
    item->in_flight = true;
    batch.push_back(item);
    if (item->alone) {
      break;
    }
  }
  return batch;
}

absl::Time DeliveryQueue::NextDue() const {
  return due_.empty() ? absl::InfiniteFuture() : due_.begin()->first;
}

void DeliveryQueue::Finish(const Batch& batch) {
  for (Item* const item : batch) {
    Remove(*item);
  }
}

void DeliveryQueue::Retry(const Batch& batch, absl::Time due) {
  for (Item* const item : batch) {
    item->in_flight = false;
    item->due = due;
  }
  Schedule(*batch.front());
}

void DeliveryQueue::Split(const Batch& batch) {
  for (Item* const item : batch) {
    item->alone = true;
  }
  Retry(batch, absl::InfinitePast());
}

void DeliveryQueue::Bury(Item& item, DeadLetter letter) {
  letters_.emplace(item.stored.sequence, std::move(letter));
  Remove(item);
}

void DeliveryQueue::Remove(Item& item) {
  const std::int64_t sequence = item.stored.sequence;
  due_.erase({item.due, sequence});
  const auto lane = lanes_.find(LaneOf(item));
  HARK_CHECK(lane->second.front() == &item);
  lane->second.pop_front();
  if (lane->second.empty()) {
    lanes_.erase(lane);
  } else if (!lane->second.front()->in_flight) {
    Schedule(*lane->second.front());
  }
  bytes_ -= BytesOf(item.stored);
  letters_waiting_ -= item.letter != 0 ? 1 : 0;
  items_.erase(sequence);
}

std::vector<DeadLetter> DeliveryQueue::Letters() const {
  std::vector<DeadLetter> letters;
  for (const auto& [sequence, letter] : letters_) {
    if (sequence > cursor()) {
      break;
    }
    letters.push_back(letter);
  }
  return letters;
}

void DeliveryQueue::DropLetters(std::int64_t up_to) {
  letters_.erase(letters_.begin(), letters_.upper_bound(up_to));
}

}  // namespace hark::alert
