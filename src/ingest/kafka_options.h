#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

#include "ingest/record_source.h"

namespace hark::ingest {

// How the client proves who it is. Secrets are in files, read when the consumer is made.
struct KafkaSasl {
  std::string mechanism;  // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; empty: none
  std::string username;
  std::string password_file;
};

struct KafkaTls {
  bool enabled = false;
  std::string ca_file;              // empty: the system's
  std::string cert_file, key_file;  // the client's own; both or none
  std::string key_password_file;    // empty: the key is not encrypted
};

// What a KafkaConsumer reads, and how. A value.
struct KafkaOptions {
  std::string name;     // of the entry, a part of the sources' names; may be empty
  std::string cluster;  // of the events; may be empty
  std::string brokers;  // host:port, separated by commas
  std::vector<std::string> topics;
  std::string group = "hark";
  std::string instance;  // of the static membership; empty: the host's name, and that of the entry
  // Of partitions of an entry that was never read, and of which the group has committed nothing:
  // whether they are read from their first record or from those that come.
  bool from_start = true;
  KafkaSasl sasl;
  KafkaTls tls;
  std::map<std::string, std::string> properties;  // of librdkafka, on top of all that is above
  RecordSource::Limits limits;
  // How often the brokers are asked how far the partitions go. Read says that a partition is read
  // to its end only as of an answer that is not older than five times that.
  absl::Duration check_interval = absl::Seconds(1);
};

}  // namespace hark::ingest
