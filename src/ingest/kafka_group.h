#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/log.h"
#include "base/mutex.h"
#include "ingest/kafka_client.h"
#include "ingest/kafka_options.h"
#include "ingest/kafka_partition.h"
#include "ingest/kafka_start.h"

namespace hark::ingest {

// The thread behind a KafkaConsumer: serves the group, decides where partitions begin, asks the
// brokers how far they go and whether they are there, and gives all that to the partitions.
//
//   assigned ──▶ where to begin? ──ask the brokers──▶ decided ──▶ assigned to librdkafka once more,
//                      ▲                                          with the offsets
//                      └── a cursor without messages; a topic that was made anew; opened again
//
// Thread-safe.
class KafkaGroup final : private KafkaClient::Handler {
 public:
  using Clock = KafkaPartition::Clock;

  struct Past {
    bool knows_entry = false;
    std::map<std::string, std::string> cursors;  // by the name of the partition
  };
  // A partition that a source can be made of.
  struct Place {
    std::shared_ptr<KafkaPartition> partition;
    std::uint64_t source = 0;
    KafkaCursor cursor;
  };
  struct Lag {
    TopicPartition partition;
    std::int64_t records = 0;
  };

  static absl::StatusOr<std::unique_ptr<KafkaGroup>> Create(const KafkaOptions& options, Past past,
                                                            Logger& logger);
  ~KafkaGroup() override;
  KafkaGroup(const KafkaGroup&) = delete;
  KafkaGroup& operator=(const KafkaGroup&) = delete;

  // As those of a KafkaConsumer.
  std::vector<Place> FindNew() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Place> Reopen(const std::string& name, const std::string& cursor)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Commit(const std::map<std::string, std::string>& cursors) ABSL_LOCKS_EXCLUDED(mutex_);
  std::string WhyNotReady() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Lag> Lags() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Which = KafkaClient::Which;

  struct Slot {
    std::shared_ptr<KafkaPartition> partition;
    KafkaKnowledge known;
    bool is_assigned = false;
    bool is_decided = false;  // where it begins
    bool is_given_out = false;
    bool is_gone = false;
    int missing = 0;              // so often in a row it was not there
    std::int64_t committed = -1;  // by this member
  };
  // A question to the brokers: one of a kind at a time, and not too often.
  struct Question {
    bool is_asked = false;
    Clock::time_point next = {};
  };

  KafkaGroup(const KafkaOptions& options, Past past, Logger& logger);

  void Run();
  std::chrono::milliseconds PollWait() const ABSL_LOCKS_EXCLUDED(mutex_);
  void AskForEnds();
  void AskForTopics();
  void DecideStarts() ABSL_LOCKS_EXCLUDED(mutex_);
  void Begin(const TopicPartition& id, Slot& slot, const KafkaStart& start)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReportLoss(const Slot& slot, const KafkaStart& start) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Ask(Which which, const std::vector<TopicPartition>& partitions);
  // Tells librdkafka what to read from where.
  void AssignDecided() ABSL_LOCKS_EXCLUDED(mutex_);
  // It is to be decided anew where the partition begins.
  void Undecide(Slot& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gets librdkafka over what is damaged.
  void PassDamages() ABSL_LOCKS_EXCLUDED(mutex_);
  void RenewPassword() ABSL_LOCKS_EXCLUDED(mutex_);

  void OnAssigned(const std::vector<TopicPartition>& partitions) override;
  void OnRevoked() override;
  void OnError(const absl::Status& error) override;
  void OnTopics(const absl::StatusOr<std::vector<TopicInfo>>& topics) override;
  void OnTopicIds(const absl::StatusOr<std::map<std::string, std::string>>& ids) override;
  void OnOffsets(Which which, const absl::StatusOr<std::vector<PartitionOffset>>& offsets) override;

  Slot& SlotOf(const TopicPartition& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  KafkaKnowledge FirstKnowledge(const TopicPartition& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string NameOf(const TopicPartition& id) const;
  Slot* Find(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookAfter(const TopicInfo& info) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnMissing(const TopicPartition& id, Slot& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnContact() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Trouble(const absl::Status& error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string WhyNotReadyOf(const std::string& topic) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const KafkaOptions options_;
  const Clock::duration check_interval_;
  const Clock::duration patience_;
  Logger& logger_;

  mutable Mutex mutex_;
  Past past_ ABSL_GUARDED_BY(mutex_);
  std::map<TopicPartition, Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, TopicInfo> topics_ ABSL_GUARDED_BY(mutex_);  // that were asked for
  // An empty one: nobody tells it.
  std::map<std::string, std::string> topic_ids_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> once_missing_ ABSL_GUARDED_BY(mutex_);  // topics
  bool was_assigned_ ABSL_GUARDED_BY(mutex_) = false;
  bool must_assign_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point trouble_since_ ABSL_GUARDED_BY(mutex_);
  std::optional<Clock::time_point> contact_ ABSL_GUARDED_BY(mutex_);  // the last answer

  // Of the thread alone.
  Question topics_question_, ids_question_;
  std::array<Question, 3> offsets_questions_;  // by Which
  std::string password_;
  Clock::time_point passing_until_ = {};  // so long more damage is expected

  std::atomic<bool> stopped_ = false;
  std::unique_ptr<KafkaClient> client_;
  std::thread thread_;
};

}  // namespace hark::ingest
