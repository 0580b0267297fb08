#include "config/kafka_flag.h"

#include <cstddef>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "config/kafka_checks.h"

namespace hark::config {
namespace {

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

absl::StatusOr<KafkaSourceConfig> ParseKafkaFlag(std::string_view text) {
  KafkaSourceConfig entry;
  std::string_view rest = text;
  if (const std::size_t equals = rest.find('='); equals != std::string_view::npos) {
    entry.cluster = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) {
    return InvalidArgument("\"%s\" is not BROKERS/TOPIC, such as kafka-0:9092/audit", text);
  }
  entry.brokers = SplitAtCommas(rest.substr(0, slash));
  entry.topics = SplitAtCommas(rest.substr(slash + 1));
  std::string problem;
  CheckKafka({entry}, [&problem](const std::string& /*path*/, const std::string& message) {
    problem = problem.empty() ? message : problem;
  });
  if (!problem.empty()) {
    return InvalidArgument("\"%s\" is not BROKERS/TOPIC, such as kafka-0:9092/audit: %s", text,
                           problem);
  }
  return entry;
}

}  // namespace hark::config
