#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/kafka_cursor.h"

namespace hark::ingest {

// What is known of a partition that is to be read from somewhere on. What is not known yet is
// absent.
struct KafkaKnowledge {
  std::optional<KafkaCursor> cursor;  // where it was left
  bool cursor_failed = false;         // the broker has nothing at the cursor
  bool from_first = false;            // without a cursor and a commit: not from the end
  std::optional<std::string> topic_id;
  std::optional<std::int64_t> committed;  // negative: nothing was
  std::optional<std::int64_t> first;      // message that the broker has
  std::optional<std::int64_t> end;        // behind the last one
};

// Where to begin, or what must be known to decide it.
struct KafkaStart {
  enum class Need : std::uint8_t { kNothing, kTopic, kCommitted, kFirst, kEnd };
  enum class Loss : std::uint8_t {
    kNone,
    kRetention,  // messages behind the cursor were deleted before they were read
    kNewTopic,   // the topic was deleted, and another one has its name
    kCutBack,    // the broker has lost messages that were read: fewer are there than were read
  };
  Need need = Need::kNothing;  // if anything, the rest says nothing
  std::int64_t offset = 0;
  Loss loss = Loss::kNone;
  std::int64_t lost = 0;  // messages, of kRetention
};

KafkaStart DecideStart(const KafkaKnowledge& known);

}  // namespace hark::ingest
