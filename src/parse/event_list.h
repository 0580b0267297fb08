#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hark/source.h"

namespace hark::parse {

// The items of an EventList of audit.k8s.io, as an API server posts it, found without indexing or
// copying the whole: views into the text.
struct EventList {
  std::string_view head;  // the text up to the items' bracket: what RecordBatch::context wants
  // All items, in order, in runs of about kRunBytes, or of one item that is longer. Within a run
  // they have their commas.
  std::vector<std::string_view> runs;
  std::size_t longest = 0;      // bytes of the longest item in the runs
  std::vector<Damage> damages;  // items that are longer than they may be; offsets in the text

  static constexpr std::size_t kRunBytes = std::size_t{1} << 20;
};

enum class EventListOutcome : std::uint8_t {
  kOpened,
  kMalformed,  // no JSON, or not to its end
  kOther,      // JSON, but no EventList of audit events
};

// Takes a whole text as one EventList. What its items hold is not judged, only where they end. Of
// duplicate keys the last one counts.
EventListOutcome OpenEventList(std::string_view text, std::size_t max_item_bytes, EventList& list);

}  // namespace hark::parse
