#pragma once

#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/log.h"
#include "base/mutex.h"
#include "ingest/kafka_handles.h"
#include "ingest/kafka_options.h"

namespace hark::ingest {

struct TopicPartition {
  std::string topic;
  int partition = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): sees one where the compiler compares with 0
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

struct PartitionOffset {
  TopicPartition partition;
  std::int64_t offset = 0;  // what was asked for; of a committed one, negative if there is none
  absl::Status status = {};
};

struct TopicInfo {
  std::string topic;
  int partitions = 0;
  absl::Status status = {};  // NotFound, PermissionDenied, ...
};

// A member of a consumer group in librdkafka, in terms of C++. Knows how to ask, and nothing of
// when or why. What it is asked is answered by a call of the handler, within Poll.
//
// Used by one thread; but Commit may be called by any.
class KafkaClient {
 public:
  enum class Which { kFirst, kEnd, kCommitted };

  // What Poll finds. All of it is called within Poll, or the destructor.
  class Handler {
   public:
    virtual ~Handler() = default;
    // The group gives these partitions; must call Assign, if only with none.
    virtual void OnAssigned(const std::vector<TopicPartition>& partitions) = 0;
    // It takes back all that it gave; must call Unassign.
    virtual void OnRevoked() = 0;
    // Something does not work; the client goes on trying, unless it is FailedPrecondition.
    virtual void OnError(const absl::Status& error) = 0;
    // Answers to what was asked.
    virtual void OnTopics(const absl::StatusOr<std::vector<TopicInfo>>& topics) = 0;
    // In base64, by name; of brokers that do not tell them, none.
    virtual void OnTopicIds(const absl::StatusOr<std::map<std::string, std::string>>& ids) = 0;
    virtual void OnOffsets(Which which,
                           const absl::StatusOr<std::vector<PartitionOffset>>& offsets) = 0;
  };

  // Joins the group in the background. The handler and the logger outlive the client.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Create(const KafkaOptions& options,
                                                             Handler& handler, Logger& logger);
  // Leaves the group properly if that takes no more than some seconds. REQUIRES: all queues and
  // messages are gone.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  // Waits that long for something to happen, and tells the handler.
  void Poll(std::chrono::milliseconds wait);

  // The queue of a partition: what it brings comes nowhere else from now on. Null if librdkafka
  // does not know the partition.
  KafkaPtr<rd_kafka_queue_t> Queue(const TopicPartition& partition);
  // Reads these partitions, from these offsets on, and no others. When it returns, nothing that was
  // fetched before comes out of a queue any more.
  absl::Status Assign(const std::vector<PartitionOffset>& partitions);
  void Unassign();
  // Goes on fetching at that offset; what was fetched of the partition before is never given. Waits
  // for librdkafka, not for a broker.
  absl::Status Seek(const PartitionOffset& place);

  // Each is answered, if only by an error, after `patience` at most. One question of a kind at a
  // time.
  void AskForTopics(const std::vector<std::string>& topics, std::chrono::milliseconds patience);
  void AskForTopicIds(const std::vector<std::string>& topics, std::chrono::milliseconds patience);
  void AskForOffsets(Which which, const std::vector<TopicPartition>& partitions,
                     std::chrono::milliseconds patience);

  // Best effort, and does not wait.
  void Commit(const std::vector<PartitionOffset>& offsets);

  // For connections that are made from now on.
  absl::Status SetPassword(const std::string& username, const std::string& password);

 private:
  KafkaClient(const KafkaOptions& options, Handler& handler, Logger& logger);

  absl::Status Start(const KafkaOptions& options);
  void TellErrors() ABSL_LOCKS_EXCLUDED(errors_mutex_);
  void PollAnswers(std::chrono::milliseconds wait);
  KafkaPtr<rd_kafka_AdminOptions_t> AdminOptions(rd_kafka_admin_op_t operation,
                                                 std::chrono::milliseconds patience) const;
  void TellResult(rd_kafka_event_t* event);
  absl::StatusOr<std::vector<TopicInfo>> FetchTopics(const std::vector<std::string>& topics,
                                                     std::chrono::milliseconds patience) const;
  void TellTopicIds(rd_kafka_event_t* event);
  void TellOffsets(rd_kafka_event_t* event);
  void TellCommitted(rd_kafka_event_t* event);
  void ReportCommit(rd_kafka_event_t* event);
  void Log(int level, std::string_view facility, std::string_view text);

  static void OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t error,
                          rd_kafka_topic_partition_list_t* partitions, void* opaque);
  static void OnClientError(rd_kafka_t* client, int error, const char* reason, void* opaque);
  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);

  const std::string group_;
  const std::string about_;  // of log messages
  Handler& handler_;
  Logger& logger_;
  rd_kafka_t* client_ = nullptr;
  KafkaPtr<rd_kafka_queue_t> answers_;
  std::atomic<int> commits_ = 0;  // under way
  Mutex errors_mutex_;
  std::vector<absl::Status> errors_ ABSL_GUARDED_BY(errors_mutex_);  // not told yet
  std::future<absl::StatusOr<std::vector<TopicInfo>>> topics_;
};

}  // namespace hark::ingest
