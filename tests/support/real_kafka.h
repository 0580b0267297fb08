#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hark::testing {

// What a test does to the topics of a running Kafka cluster. Waits for each to be done. Not
// thread-safe.
class RealKafka {
 public:
  using Properties = std::vector<std::pair<std::string, std::string>>;  // of librdkafka

  static absl::StatusOr<std::unique_ptr<RealKafka>> Connect(const std::string& brokers,
                                                            const Properties& properties = {});
  ~RealKafka();
  RealKafka(const RealKafka&) = delete;
  RealKafka& operator=(const RealKafka&) = delete;

  absl::Status CreateTopic(const std::string& topic, int partitions);
  absl::Status DeleteTopic(const std::string& topic);
  // The topic has so many partitions from then on.
  absl::Status GrowTopic(const std::string& topic, int partitions);
  // What is before the offset is deleted.
  absl::Status CutTopic(const std::string& topic, int partition, std::int64_t offset);
  // Nobody but this user, and those who may do everything, may read the topic.
  absl::Status KeepTopicFor(const std::string& topic, const std::string& user);

  // nullopt: a message without a value. Flush waits until all are there.
  absl::Status Produce(const std::string& topic, int partition,
                       std::optional<std::string_view> value);
  absl::Status Flush();

  // With the property transactional.id: what is produced in between.
  enum class End { kCommit, kAbort };
  absl::Status BeginTransaction();
  absl::Status EndTransaction(End end);

  // What the group has committed of the partition; negative: nothing.
  absl::StatusOr<std::int64_t> Committed(const std::string& group, const std::string& topic,
                                         int partition);

 private:
  struct Impl;
  explicit RealKafka(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace hark::testing
