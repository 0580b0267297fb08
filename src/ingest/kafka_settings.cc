#include "ingest/kafka_settings.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/secret_file.h"
#include "base/status_macros.h"

namespace hark::ingest {
namespace {

// What the properties of the options may change.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kDefaults = {{
    {"client.id", "hark"},
    // Of each partition so much waits to be read. With a fetch on top of it that is what a
    // partition costs in memory, at most.
    {"queued.max.messages.kbytes", "1024"},
    // Once that was full, the next fetch waits no longer than this.
    {"fetch.queue.backoff.ms", "10"},
    // A damaged batch is passed record by record.
    {"fetch.error.backoff.ms", "100"},
    {"fetch.max.bytes", "16777216"},
    // After so long, at most, a new partition is found.
    {"topic.metadata.refresh.interval.ms", "10000"},
    {"check.crcs", "true"},
    {"enable.metrics.push", "false"},
    {"log.connection.close", "false"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOwn = {{
    {"group.protocol", "classic"},
    {"partition.assignment.strategy", "range"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"enable.partition.eof", "true"},
    {"isolation.level", "read_committed"},
    {"allow.auto.create.topics", "false"},
    // Where a cursor leads nowhere, hark decides where to go on, and says so.
    {"auto.offset.reset", "error"},
}};

std::string HostName() {
  std::array<char, 256> name = {};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "hark";
}

class Settings {
 public:
  explicit Settings(const KafkaOptions& options) : options_(options) {}

  absl::StatusOr<KafkaPtr<rd_kafka_conf_t>> Make() {
    for (const auto& [name, value] : kDefaults) {
      RETURN_IF_ERROR(Set(std::string(name), std::string(value)));
    }
    for (const auto& [name, value] : options_.properties) {
      RETURN_IF_ERROR(Set(name, value));
    }
    RETURN_IF_ERROR(SetMember());
    RETURN_IF_ERROR(SetTls());
    RETURN_IF_ERROR(SetSasl());
    for (const auto& [name, value] : kOwn) {
      RETURN_IF_ERROR(Set(std::string(name), std::string(value)));
    }
    return std::move(conf_);
  }

 private:
  absl::Status Set(const std::string& name, const std::string& value) {
    std::array<char, 512> error = {};
    if (rd_kafka_conf_set(conf_.get(), name.c_str(), value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      return InvalidArgument("Kafka: %s", error.data());
    }
    return absl::OkStatus();
  }
  // librdkafka would repeat the value where it does not like it.
  absl::Status SetSecret(const std::string& name, const std::string& path) {
    ASSIGN_OR_RETURN(const std::string value, ReadSecretFile(path));
    return Set(name, value).ok()
               ? absl::OkStatus()
               : InvalidArgument("Kafka: what %s holds is no value for %s", path, name);
  }
  // Of a file that it cannot read librdkafka does not tell the name.
  absl::Status SetFile(const std::string& name, const std::string& path) {
    if (path.empty()) {
      return absl::OkStatus();
    }
    return access(path.c_str(), R_OK) == 0
               ? Set(name, path)
               : absl::ErrnoToStatus(errno, absl::StrFormat("cannot read %s", path));
  }

  absl::Status SetMember() {
    RETURN_IF_ERROR(Set("bootstrap.servers", options_.brokers));
    RETURN_IF_ERROR(Set("group.id", options_.group));
    const std::string own = HostName() + (options_.name.empty() ? "" : "-" + options_.name);
    return Set("group.instance.id", options_.instance.empty() ? own : options_.instance);
  }

  absl::Status SetTls() {
    const KafkaTls& tls = options_.tls;
    RETURN_IF_ERROR(SetFile("ssl.ca.location", tls.ca_file));
    RETURN_IF_ERROR(SetFile("ssl.certificate.location", tls.cert_file));
    RETURN_IF_ERROR(SetFile("ssl.key.location", tls.key_file));
    return tls.key_password_file.empty() ? absl::OkStatus()
                                         : SetSecret("ssl.key.password", tls.key_password_file);
  }

  absl::Status SetSasl() {
    const KafkaSasl& sasl = options_.sasl;
    const std::string transport = options_.tls.enabled ? "ssl" : "plaintext";
    if (sasl.mechanism.empty()) {
      return Set("security.protocol", transport);
    }
    RETURN_IF_ERROR(Set("security.protocol", "sasl_" + transport));
    RETURN_IF_ERROR(Set("sasl.mechanism", sasl.mechanism));
    RETURN_IF_ERROR(Set("sasl.username", sasl.username));
    return SetSecret("sasl.password", sasl.password_file);
  }

  const KafkaOptions& options_;
  KafkaPtr<rd_kafka_conf_t> conf_{rd_kafka_conf_new()};
};

}  // namespace

absl::StatusOr<KafkaPtr<rd_kafka_conf_t>> KafkaSettings(const KafkaOptions& options) {
  return Settings(options).Make();
}

}  // namespace hark::ingest
