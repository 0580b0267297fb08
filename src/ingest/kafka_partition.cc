#include "ingest/kafka_partition.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/kafka_status.h"

namespace hark::ingest {
namespace {

constexpr std::chrono::milliseconds kShortWait(10);
// Messages that are there, and do not come, are no reason to worry for so many times the patience;
// then fetching begins anew.
constexpr int kFetchPatience = 6;

// A broker that has just started may know of no topic, and one may be made anew.
absl::Status MayComeBack(const absl::Status& error) {
  return absl::IsNotFound(error) ? absl::UnavailableError(error.message()) : error;
}

absl::Status AskAgain() {
  return absl::AbortedError("it is not known yet whether there is more");
}

}  // namespace

KafkaPartition::KafkaPartition(TopicPartition id, std::string name, Clock::duration patience)
    : id_(std::move(id)), name_(std::move(name)), patience_(patience), since_(Clock::now()) {}

absl::Status KafkaPartition::Take(std::uint64_t source, Wait wait, Taken& taken) {
  const MutexLock lock(mutex_);
  if (source != source_) {
    return absl::FailedPreconditionError("the partition is read by another source");
  }
  if (Pop(std::chrono::milliseconds(0), taken) ||
      (wait == Wait::kShortly && !IsAtEnd(Clock::now()) && Pop(kShortWait, taken))) {
    return absl::OkStatus();
  }
  const Clock::time_point now = Clock::now();
  return IsAtEnd(now) ? absl::OkStatus() : WhyNothing(now);
}

bool KafkaPartition::Pop(std::chrono::milliseconds wait, Taken& taken) {
  while (state_ == State::kFetching && queue_ != nullptr) {
    taken.message.reset(rd_kafka_consume_queue(queue_.get(), static_cast<int>(wait.count())));
    if (taken.message == nullptr) {
      return false;
    }
    wait = std::chrono::milliseconds(0);
    const rd_kafka_message_t& message = *taken.message;
    taken.is_damaged = false;
    switch (message.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        if (message.offset < next_.offset) {
          continue;
        }
        next_.offset = message.offset + 1;
        is_heard_ = true;
        break;
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        // What is between is no message: marks of transactions, and what compaction has removed.
        next_.offset = std::max(next_.offset, message.offset);
        is_heard_ = true;
        fetch_error_ = absl::OkStatus();
        continue;
      case RD_KAFKA_RESP_ERR__BAD_MSG:
      case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
        if (!OnDamaged(message)) {
          continue;
        }
        taken.is_damaged = true;
        break;
      default:
        OnFetchError(message);
        continue;
    }
    if (taken.topic_id != next_.topic_id) {
      taken.topic_id = next_.topic_id;
    }
    since_ = Clock::now();
    fetch_error_ = absl::OkStatus();
    return true;
  }
  return false;
}

// How many records are in a damaged batch nobody knows, and the broker gives all of it for any of
// them: it is passed offset by offset, and told once.
bool KafkaPartition::OnDamaged(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__BAD_MSG) {
    const bool is_in_range = message.offset >= next_.offset && end_ && message.offset < *end_;
    next_.offset = (is_in_range ? message.offset : next_.offset) + 1;
    state_ = State::kPassing;
    since_ = Clock::now();
  }
  return std::exchange(damaged_, message.offset) != message.offset;
}

void KafkaPartition::OnFetchError(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    state_ = State::kFailed;
    since_ = Clock::now();
    return;
  }
  if (fetch_error_.ok()) {
    fetch_error_since_ = Clock::now();
  }
  fetch_error_ = MayComeBack(KafkaStatus(message.err, rd_kafka_message_errstr(&message)));
}

bool KafkaPartition::IsAtEnd(Clock::time_point now) const {
  return state_ == State::kFetching && fetch_error_.ok() && end_ &&
         (next_.offset == *end_ || (is_heard_ && next_.offset > *end_)) &&
         now - confirmed_ < patience_;
}

absl::Status KafkaPartition::WhyNothing(Clock::time_point now) {
  const bool is_patient = now - since_ < patience_;
  switch (state_) {
    case State::kClosed:
      return absl::FailedPreconditionError("the consumer is closed");
    case State::kGone:
      told_gone_ = true;
      return fetch_error_;
    case State::kUnknown:
    case State::kStopped:
    case State::kAttached:
    case State::kPassing:
    case State::kFailed:
      if (absl::IsFailedPrecondition(excuse_)) {
        return excuse_;
      }
      return is_patient      ? AskAgain()
             : !excuse_.ok() ? excuse_
                             : absl::UnavailableError(
                                   "the group has given the partition to another member, or to "
                                   "none yet");
    case State::kFetching:
      break;
  }
  if (!fetch_error_.ok()) {
    return fetch_error_;
  }
  if (!is_patient && now - confirmed_ >= patience_) {
    return !excuse_.ok() ? excuse_ : absl::UnavailableError("the broker does not answer");
  }
  if (now - since_ >= kFetchPatience * patience_ && end_) {
    return absl::UnavailableError(absl::StrFormat(
        "the broker has messages up to offset %d, but none comes from %d on", *end_, next_.offset));
  }
  return AskAgain();
}

std::optional<KafkaPartition::Standing> KafkaPartition::NewSource() {
  const MutexLock lock(mutex_);
  if (state_ == State::kUnknown || state_ == State::kGone || state_ == State::kClosed) {
    return std::nullopt;
  }
  return Standing{.source = ++source_, .cursor = next_};
}

std::uint64_t KafkaPartition::Reopen(const KafkaCursor& cursor) {
  const MutexLock lock(mutex_);
  if (state_ != State::kClosed) {
    state_ = State::kStopped;
    since_ = Clock::now();
    next_ = cursor;
    damaged_ = -1;
  }
  return ++source_;
}

void KafkaPartition::Start(const KafkaCursor& cursor) {
  const MutexLock lock(mutex_);
  next_ = cursor;
  end_.reset();
  state_ = State::kStopped;
  since_ = Clock::now();
  fetch_error_ = absl::OkStatus();
}

std::int64_t KafkaPartition::Attach(KafkaPtr<rd_kafka_queue_t> queue) {
  const MutexLock lock(mutex_);
  queue_ = std::move(queue);
  is_heard_ = false;
  if (state_ == State::kFetching || state_ == State::kPassing || state_ == State::kStopped) {
    state_ = State::kAttached;
  }
  return next_.offset;
}

void KafkaPartition::Resume() {
  const MutexLock lock(mutex_);
  // If it was opened again meanwhile, the messages that come are not those that it wants.
  if (state_ == State::kAttached) {
    state_ = State::kFetching;
    since_ = Clock::now();
    // An error that lasts may not be said again.
    fetch_error_since_ = since_;
  }
}

void KafkaPartition::Passed(std::int64_t offset) {
  const MutexLock lock(mutex_);
  if (state_ == State::kPassing && next_.offset == offset) {
    state_ = State::kFetching;
    since_ = Clock::now();
  }
}

void KafkaPartition::Stop() {
  const MutexLock lock(mutex_);
  if (state_ == State::kFetching || state_ == State::kPassing || state_ == State::kAttached) {
    state_ = State::kStopped;
    since_ = Clock::now();
  }
}

void KafkaPartition::Vanish(absl::Status why) {
  const MutexLock lock(mutex_);
  if (state_ != State::kClosed) {
    state_ = State::kGone;
    told_gone_ = false;
    fetch_error_ = std::move(why);
    next_ = KafkaCursor();
    end_.reset();
  }
}

bool KafkaPartition::Return() {
  const MutexLock lock(mutex_);
  if (state_ != State::kGone) {
    return true;
  }
  state_ = State::kUnknown;
  since_ = Clock::now();
  fetch_error_ = absl::OkStatus();
  return !told_gone_;
}

void KafkaPartition::Close() {
  const MutexLock lock(mutex_);
  state_ = State::kClosed;
  queue_.reset();
}

void KafkaPartition::Confirm(std::int64_t end) {
  const MutexLock lock(mutex_);
  end_ = end;
  confirmed_ = Clock::now();
  if (!absl::IsFailedPrecondition(excuse_)) {
    excuse_ = absl::OkStatus();
  }
}

void KafkaPartition::Identify(const std::string& topic_id) {
  const MutexLock lock(mutex_);
  if (next_.topic_id.empty()) {
    next_.topic_id = topic_id;
  }
}

void KafkaPartition::Excuse(const absl::Status& error) {
  const MutexLock lock(mutex_);
  if (!absl::IsFailedPrecondition(excuse_)) {
    excuse_ = MayComeBack(error);
  }
}

KafkaPartition::Report KafkaPartition::Look() const {
  const MutexLock lock(mutex_);
  Report report;
  if (state_ != State::kUnknown && state_ != State::kGone && state_ != State::kClosed) {
    report.cursor = next_;
  }
  report.end = end_;
  if (state_ == State::kPassing) {
    report.pass_to = next_.offset;
  }
  report.cursor_failed = state_ == State::kFailed;
  const Clock::time_point now = Clock::now();
  report.fetch_failed = state_ == State::kFetching && !fetch_error_.ok() &&
                        now - fetch_error_since_ >= kFetchPatience * patience_;
  return report;
}

}  // namespace hark::ingest
