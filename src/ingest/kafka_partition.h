#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"

#include "base/mutex.h"
#include "ingest/kafka_client.h"
#include "ingest/kafka_cursor.h"
#include "ingest/kafka_handles.h"

namespace hark::ingest {

// One partition, between the thread that serves the group and the source that reads it.
//
//              Start          Attach, Resume              Stop
//   (unknown) ------> stopped --------------> fetching ---------> stopped
//                                                 |  a failed cursor
//                                                 +---------------> stopped, until Start
//                                                 |  a damaged batch
//                                                 +---------------> passing, until Passed
//
// Messages come from a queue of librdkafka; what is before the position is dropped, so that
// fetching may begin anew at any time. Thread-safe.
class KafkaPartition {
 public:
  using Clock = std::chrono::steady_clock;

  // How long the source waits for what should come before it says that it does not.
  KafkaPartition(TopicPartition id, std::string name, Clock::duration patience);

  const TopicPartition& id() const { return id_; }
  const std::string& name() const { return name_; }

  // -- The source's side. A source that is not the latest gets FailedPrecondition.

  struct Taken {
    KafkaPtr<rd_kafka_message_t> message;
    std::string topic_id;     // changed only where it has
    bool is_damaged = false;  // there is no message at its offset that could be read
  };
  enum class Wait { kNo, kShortly };
  // Takes the next message. OK without one: the partition is read to its end. kShortly: waits some
  // milliseconds if there may be one soon.
  absl::Status Take(std::uint64_t source, Wait wait, Taken& taken) ABSL_LOCKS_EXCLUDED(mutex_);

  // -- The group's side.

  // The source that is made next, and where it stands. Nothing before Start.
  struct Standing {
    std::uint64_t source = 0;
    KafkaCursor cursor;
  };
  std::optional<Standing> NewSource() ABSL_LOCKS_EXCLUDED(mutex_);
  // The same, behind that cursor. Nothing is given until Start.
  std::uint64_t Reopen(const KafkaCursor& cursor) ABSL_LOCKS_EXCLUDED(mutex_);

  // The next message is at that offset of that topic.
  void Start(const KafkaCursor& cursor) ABSL_LOCKS_EXCLUDED(mutex_);
  // Gives nothing until Resume; where fetching is to begin.
  std::int64_t Attach(KafkaPtr<rd_kafka_queue_t> queue) ABSL_LOCKS_EXCLUDED(mutex_);
  void Resume() ABSL_LOCKS_EXCLUDED(mutex_);
  // Fetching goes on at the offset that was to be passed to.
  void Passed(std::int64_t offset) ABSL_LOCKS_EXCLUDED(mutex_);
  // It belongs to nobody or another member.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  // It is not there any more. Forgets where it was.
  void Vanish(absl::Status why) ABSL_LOCKS_EXCLUDED(mutex_);
  // It is there again, and waits for Start. False if its source has said that it is gone: whoever
  // reads on needs another one.
  bool Return() ABSL_LOCKS_EXCLUDED(mutex_);
  // No Read finds anything any more, and librdkafka can go.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  // The broker has said how far the partition goes.
  void Confirm(std::int64_t end) ABSL_LOCKS_EXCLUDED(mutex_);
  // The topic's id is known only now. Changes nothing if it was known.
  void Identify(const std::string& topic_id) ABSL_LOCKS_EXCLUDED(mutex_);
  // Why the broker says nothing; for as long as it does not. That the topic is not there is no more
  // than that: only Vanish makes an end.
  void Excuse(const absl::Status& error) ABSL_LOCKS_EXCLUDED(mutex_);

  struct Report {
    std::optional<KafkaCursor> cursor;  // of the next message; nothing before Start
    std::optional<std::int64_t> end;
    // librdkafka does not get over a batch that is damaged: it must be told to go on there.
    std::optional<std::int64_t> pass_to;
    bool cursor_failed = false;  // until Start
    bool fetch_failed = false;   // for so long that fetching should begin anew
  };
  Report Look() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  enum class State { kUnknown, kStopped, kAttached, kFetching, kPassing, kFailed, kGone, kClosed };

  bool Pop(std::chrono::milliseconds wait, Taken& taken) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnFetchError(const rd_kafka_message_t& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether it is to be told.
  bool OnDamaged(const rd_kafka_message_t& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsAtEnd(Clock::time_point now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WhyNothing(Clock::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const TopicPartition id_;
  const std::string name_;
  const Clock::duration patience_;
  mutable Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kUnknown;
  Clock::time_point since_ ABSL_GUARDED_BY(mutex_);  // the state, or the last message
  std::uint64_t source_ ABSL_GUARDED_BY(mutex_) = 0;
  KafkaPtr<rd_kafka_queue_t> queue_ ABSL_GUARDED_BY(mutex_);
  KafkaCursor next_ ABSL_GUARDED_BY(mutex_);
  std::int64_t damaged_ ABSL_GUARDED_BY(mutex_) = -1;  // told of last
  bool told_gone_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<std::int64_t> end_ ABSL_GUARDED_BY(mutex_);
  // Where reading began there is something, or the end: it was not beyond all that is there.
  bool is_heard_ ABSL_GUARDED_BY(mutex_) = false;
  Clock::time_point confirmed_ ABSL_GUARDED_BY(mutex_);
  absl::Status excuse_ ABSL_GUARDED_BY(mutex_);
  absl::Status fetch_error_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point fetch_error_since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::ingest
