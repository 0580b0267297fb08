#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "absl/status/status.h"

namespace hark::ingest {

// What an error of librdkafka is to whoever waits for the data. `text` says it to people; empty:
// the error's own words. Never of secrets.
//
//   Unauthenticated     the broker does not know this client, or one does not trust the other's
//                       certificate
//   PermissionDenied    it knows it, and refuses
//   NotFound            there is no such topic or partition
//   FailedPrecondition  this member is out for good
//   Unavailable         all else: it may work again without anybody doing anything
absl::Status KafkaStatus(rd_kafka_resp_err_t error, std::string_view text = {});

}  // namespace hark::ingest
