#include "ingest/kafka_start.h"

namespace hark::ingest {
namespace {

using Need = KafkaStart::Need;
using Loss = KafkaStart::Loss;

KafkaStart AtFirst(const KafkaKnowledge& known, Loss loss = Loss::kNone) {
  return known.first ? KafkaStart{.offset = *known.first, .loss = loss}
                     : KafkaStart{.need = Need::kFirst};
}

// The broker says that it has nothing at the cursor.
KafkaStart AfterFailure(const KafkaKnowledge& known, const KafkaCursor& cursor) {
  if (!known.first) {
    return {.need = Need::kFirst};
  }
  if (!known.end) {
    return {.need = Need::kEnd};
  }
  if (cursor.offset < *known.first) {
    return {.offset = *known.first, .loss = Loss::kRetention, .lost = *known.first - cursor.offset};
  }
  if (cursor.offset > *known.end) {
    // Where nobody tells one topic from another it may be another one. What is read twice is
    // counted once; what is passed over is lost.
    const bool is_same = !cursor.topic_id.empty() && cursor.topic_id == *known.topic_id;
    return is_same ? KafkaStart{.offset = *known.end, .loss = Loss::kCutBack}
                   : AtFirst(known, Loss::kNewTopic);
  }
  return {.offset = cursor.offset};
}

}  // namespace

KafkaStart DecideStart(const KafkaKnowledge& known) {
  if (!known.topic_id) {
    return {.need = Need::kTopic};
  }
  if (known.cursor) {
    const std::string& id = known.cursor->topic_id;
    if (!id.empty() && !known.topic_id->empty() && id != *known.topic_id) {
      return AtFirst(known, Loss::kNewTopic);
    }
    return known.cursor_failed ? AfterFailure(known, *known.cursor)
                               : KafkaStart{.offset = known.cursor->offset};
  }
  if (!known.committed) {
    return {.need = Need::kCommitted};
  }
  if (*known.committed >= 0) {
    return {.offset = *known.committed};
  }
  if (known.from_first) {
    return AtFirst(known);
  }
  return known.end ? KafkaStart{.offset = *known.end} : KafkaStart{.need = Need::kEnd};
}

}  // namespace hark::ingest
