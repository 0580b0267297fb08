#include "config/kafka_checks.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"

namespace hark::config {
namespace {

constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
constexpr std::size_t kMaxNameLength = 249;  // as Kafka has it

// Properties that hark sets, and the setting for them; none: it relies on what it sets.
constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kOwnProperties = {{
    {"bootstrap.servers", "brokers"},
    {"metadata.broker.list", "brokers"},
    {"group.id", "group"},
    {"group.instance.id", "instance"},
    {"auto.offset.reset", "from_start"},
    {"security.protocol", "tls and sasl"},
    {"group.protocol", ""},
    {"group.remote.assignor", ""},
    {"partition.assignment.strategy", ""},
    {"enable.auto.commit", ""},
    {"auto.commit.enable", ""},
    {"auto.commit.interval.ms", ""},
    {"enable.auto.offset.store", ""},
    {"enable.partition.eof", ""},
    {"isolation.level", ""},
    {"allow.auto.create.topics", ""},
    {"consume.callback.max.messages", ""},
    {"log.queue", ""},
    {"plugin.library.paths", ""},
    {"test.mock.num.brokers", ""},
    {"test.mock.broker.rtt", ""},
}};
// Of those that begin with "ssl." hark sets or refuses the others: keys, passwords, code.
constexpr std::array<std::string_view, 5> kFreeTlsProperties = {
    "ssl.cipher.suites", "ssl.curves.list", "ssl.sigalgs.list",
    "ssl.endpoint.identification.algorithm", "ssl.crl.location"};

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameLength && text != "." && text != ".." &&
         text.find_first_not_of(kNameCharacters) == std::string_view::npos;
}

// host, host:port, [v6]:port. What is no address at all shows when it is connected to.
bool IsBroker(std::string_view text) {
  return !text.empty() && text.find_first_of(", /\t") == std::string_view::npos;
}

struct DeleteConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};

class KafkaChecks {
 public:
  explicit KafkaChecks(const ReportProblem& report) : report_(report) {}

  void Check(const KafkaSourceConfig& entry, const std::string& path) {
    CheckNames(entry, path);
    CheckSasl(entry.sasl, path + ".sasl");
    CheckTls(entry.tls, path + ".tls");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < entry.properties.size(); ++i) {
      const std::string property = absl::StrFormat("%s.properties[%d]", path, i);
      if (!seen.insert(entry.properties[i].name).second) {
        Report(property + ".name", "is set twice");
      }
      CheckProperty(entry.properties[i], property);
    }
    CheckMember(entry, path);
  }

 private:
  // '<path>' and what is wrong with it.
  void Report(const std::string& path, std::string_view problem) {
    report_(path, absl::StrFormat("'%s' %s", path, problem));
  }

  void CheckNames(const KafkaSourceConfig& entry, const std::string& path) {
    if (!entry.name.empty() && !IsName(entry.name)) {
      Report(path + ".name", "may hold letters, digits, '.', '_' and '-'");
    }
    if (!entry.instance.empty() && !IsName(entry.instance)) {
      Report(path + ".instance", "may hold letters, digits, '.', '_' and '-'");
    }
    if (entry.brokers.empty()) {
      Report(path + ".brokers", "must not be empty");
    }
    if (entry.topics.empty()) {
      Report(path + ".topics", "must not be empty");
    }
    for (std::size_t i = 0; i < entry.brokers.size(); ++i) {
      if (!IsBroker(entry.brokers[i])) {
        Report(absl::StrFormat("%s.brokers[%d]", path, i),
               "must be a broker, such as kafka-0.kafka:9092");
      }
    }
    for (std::size_t i = 0; i < entry.topics.size(); ++i) {
      const std::string topic = absl::StrFormat("%s.topics[%d]", path, i);
      if (!IsName(entry.topics[i])) {
        Report(topic, "is no name of a topic");
        continue;
      }
      const auto [first, is_new] =
          topics_.try_emplace({entry.cluster, entry.name, entry.topics[i]}, topic);
      if (!is_new) {
        Report(topic, absl::StrFormat("is the topic of %s, too: give one of the entries a name",
                                      first->second));
      }
    }
  }

  void CheckSasl(const KafkaSaslConfig& sasl, const std::string& path) {
    const bool is_used = sasl.mechanism != KafkaMechanism::kNone;
    if (sasl.username.empty() == is_used || sasl.password_file.empty() == is_used) {
      Report(path, is_used ? "needs username and password_file" : "needs a mechanism");
    }
  }

  void CheckTls(const KafkaTlsConfig& tls, const std::string& path) {
    if (tls.cert_file.empty() != tls.key_file.empty()) {
      Report(path, "needs both cert_file and key_file");
    }
    if (tls.key_file.empty() && !tls.key_password_file.empty()) {
      Report(path + ".key_password_file", "needs key_file");
    }
    if (!tls.enabled && !(tls.ca_file.empty() && tls.cert_file.empty() && tls.key_file.empty())) {
      Report(path, "has files, but is not enabled");
    }
  }

  void CheckProperty(const KafkaPropertyConfig& property, const std::string& path) {
    const std::string& name = property.name;
    const auto* const own =
        std::find_if(kOwnProperties.begin(), kOwnProperties.end(),
                     [&name](const auto& candidate) { return candidate.first == name; });
    const bool is_free_tls = std::find(kFreeTlsProperties.begin(), kFreeTlsProperties.end(),
                                       name) != kFreeTlsProperties.end();
    std::string_view setting;
    if (own != kOwnProperties.end()) {
      setting = own->second;
    } else if (name.starts_with("sasl.") || name.starts_with("enable.sasl.")) {
      setting = "sasl";
    } else if ((name.starts_with("ssl.") || name.starts_with("ssl_")) && !is_free_tls) {
      setting = "tls";
    } else {
      return TryProperty(property, path);
    }
    report_(
        path + ".name",
        setting.empty()
            ? absl::StrFormat("'%s.name': hark relies on what it sets %s to", path, name)
            : absl::StrFormat("'%s.name': for %s there is the setting %s", path, name, setting));
  }

  void TryProperty(const KafkaPropertyConfig& property, const std::string& path) {
    std::array<char, 512> error = {};
    const rd_kafka_conf_res_t result = rd_kafka_conf_set(
        conf_.get(), property.name.c_str(), property.value.c_str(), error.data(), error.size());
    if (result == RD_KAFKA_CONF_UNKNOWN) {
      report_(path + ".name",
              absl::StrFormat("'%s.name': librdkafka knows no property %s", path, property.name));
    } else if (result != RD_KAFKA_CONF_OK) {
      report_(path + ".value", absl::StrFormat("'%s.value': %s", path, error.data()));
    }
  }

  // Two members of one group must not have the same name: each would throw the other one out.
  void CheckMember(const KafkaSourceConfig& entry, const std::string& path) {
    const std::string instance = entry.instance.empty() ? "-" + entry.name : entry.instance;
    for (const std::string& broker : entry.brokers) {
      const auto [first, is_new] = members_.try_emplace({broker, entry.group, instance}, path);
      if (!is_new && first->second != path) {
        return Report(path + ".instance",
                      absl::StrFormat("is that of %s, too, in the same group: give one of the "
                                      "entries a name, a group or an instance of its own",
                                      first->second));
      }
    }
  }

  const ReportProblem& report_;
  const std::unique_ptr<rd_kafka_conf_t, DeleteConf> conf_{rd_kafka_conf_new()};
  // Paths, by cluster, name and topic; by broker, group and instance.
  std::map<std::tuple<std::string, std::string, std::string>, std::string> topics_, members_;
};

}  // namespace

void CheckKafka(const std::vector<KafkaSourceConfig>& entries, const ReportProblem& report) {
  KafkaChecks checks(report);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    checks.Check(entries[i], absl::StrFormat("sources.kafka[%d]", i));
  }
}

}  // namespace hark::config
