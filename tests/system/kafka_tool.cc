// What tests in Python do to the topics of a Kafka cluster (support/real_kafka.h):
//
//   kafka_tool BROKERS create TOPIC PARTITIONS
//   kafka_tool BROKERS delete TOPIC
//   kafka_tool BROKERS grow TOPIC PARTITIONS
//   kafka_tool BROKERS cut TOPIC PARTITION OFFSET
//   kafka_tool BROKERS produce TOPIC PARTITIONS
//       every line of standard input is a message; they go to the partitions in turn
//   kafka_tool BROKERS committed GROUP TOPIC PARTITION
//
// Exit code 1, and a message, if it fails.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/status_macros.h"
#include "support/real_kafka.h"

namespace hark::testing {
namespace {

using Arguments = std::vector<std::string>;

absl::Status Produce(RealKafka& kafka, const std::string& topic, int partitions) {
  std::string line;
  for (int i = 0; std::getline(std::cin, line); ++i) {
    RETURN_IF_ERROR(kafka.Produce(topic, i % partitions, line));
  }
  return kafka.Flush();
}

absl::Status Run(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const auto kafka, RealKafka::Connect(arguments.at(0)));
  const std::string& verb = arguments.at(1);
  const std::string& topic = arguments.at(2);
  if (verb == "create") {
    return kafka->CreateTopic(topic, std::stoi(arguments.at(3)));
  }
  if (verb == "delete") {
    return kafka->DeleteTopic(topic);
  }
  if (verb == "grow") {
    return kafka->GrowTopic(topic, std::stoi(arguments.at(3)));
  }
  if (verb == "cut") {
    return kafka->CutTopic(topic, std::stoi(arguments.at(3)), std::stoll(arguments.at(4)));
  }
  if (verb == "produce") {
    return Produce(*kafka, topic, std::stoi(arguments.at(3)));
  }
  if (verb == "committed") {
    ASSIGN_OR_RETURN(const std::int64_t offset,
                     kafka->Committed(topic, arguments.at(3), std::stoi(arguments.at(4))));
    std::cout << offset << "\n";
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("no such verb: " + verb);
}

}  // namespace
}  // namespace hark::testing

int main(int argc, char** argv) {
  const hark::testing::Arguments arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) {
    std::cerr << "usage: kafka_tool BROKERS VERB ARGUMENT...\n";
    return 2;
  }
  const absl::Status status = hark::testing::Run(arguments);
  if (!status.ok()) {
    std::cerr << "kafka_tool: " << status.ToString() << "\n";
    return 1;
  }
  return 0;
}
