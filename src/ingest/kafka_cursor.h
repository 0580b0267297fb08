#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hark::ingest {

// Where a partition is to be read on, as text for the fact log:
//
//   cursor := "kafka1" offset [topic-id]      with one blank between
//
// for example "kafka1 81234 mFVtZW1vcnkgYW5kIG1vcg". The offset is that of the next message.
struct KafkaCursor {
  std::int64_t offset = 0;
  std::string topic_id;  // base64; empty: brokers before Kafka 2.8 do not tell

  std::string ToText() const;
  // InvalidArgument for whatever ToText does not write.
  static absl::StatusOr<KafkaCursor> Parse(std::string_view text);
  friend bool operator==(const KafkaCursor&, const KafkaCursor&) = default;
};

}  // namespace hark::ingest
