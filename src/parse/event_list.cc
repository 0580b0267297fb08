#include "parse/event_list.h"

#include <algorithm>

#include "base/json_members.h"

namespace hark::parse {
namespace {

constexpr std::string_view kGroup = "audit.k8s.io/";

// Groups items that lie behind each other.
class Runs {
 public:
  Runs(std::string_view text, std::size_t max_item_bytes, EventList& list)
      : text_(text), max_item_bytes_(max_item_bytes), list_(list) {}

  void Add(std::string_view item) {
    if (item.size() > max_item_bytes_) {
      list_.damages.push_back({.reason = RejectReason::kTooLarge,
                               .offset = static_cast<std::uint64_t>(item.data() - text_.data()),
                               .length = item.size()});
      is_open_ = false;
      return;
    }
    list_.longest = std::max(list_.longest, item.size());
    const char* const end = item.data() + item.size();
    if (is_open_) {
      std::string_view& run = list_.runs.back();
      const auto size = static_cast<std::size_t>(end - run.data());
      if (size <= EventList::kRunBytes) {
        run = {run.data(), size};
        return;
      }
    }
    list_.runs.push_back(item);
    is_open_ = true;
  }

 private:
  const std::string_view text_;
  const std::size_t max_item_bytes_;
  EventList& list_;
  bool is_open_ = false;  // the last run may grow
};

}  // namespace

EventListOutcome OpenEventList(std::string_view text, std::size_t max_item_bytes, EventList& list) {
  list = {};
  const std::string_view json = Trim(text);
  if (!IsObject(json)) {
    return EventListOutcome::kOther;
  }
  bool is_list = false, is_audit = false;
  std::string_view items = "null";
  Walk walk(json);
  WalkStep step = walk.Next();
  for (; step == WalkStep::kValue; step = walk.Next()) {
    const std::string_view key = walk.key();
    if (key == "kind") {
      is_list = Reads(walk.value(), "EventList");
    } else if (key == "apiVersion") {
      is_audit = TextOf(walk.value()).starts_with(kGroup);
    } else if (key == "items") {
      items = walk.value();
    }
  }
  if (step != WalkStep::kEnd || !walk.rest_is_blank()) {
    return EventListOutcome::kMalformed;
  }
  if (!is_list || !is_audit || (!IsArray(items) && items != "null")) {
    return EventListOutcome::kOther;
  }
  if (!IsArray(items)) {
    return EventListOutcome::kOpened;  // as Go writes a list without items
  }
  list.head = {text.data(), static_cast<std::size_t>(items.data() + 1 - text.data())};
  Runs runs(text, max_item_bytes, list);
  Walk item(items);
  for (step = item.Next(); step == WalkStep::kValue; step = item.Next()) {
    runs.Add(item.value());
  }
  return step == WalkStep::kEnd ? EventListOutcome::kOpened : EventListOutcome::kMalformed;
}

}  // namespace hark::parse
