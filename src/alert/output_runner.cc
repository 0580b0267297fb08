#include "alert/output_runner.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "base/byte_size.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

using metrics::DeliveryResult;

constexpr absl::Duration kStoreAgain = absl::Seconds(1);
// A clock that was set, or a wake-up that was missed, matters for no longer.
constexpr absl::Duration kMaxPause = absl::Seconds(10);
constexpr absl::Duration kLeastPause = absl::Milliseconds(1);

constexpr std::size_t kMaxAnswerBytes = 1'024;

}  // namespace

absl::StatusOr<std::unique_ptr<OutputRunner>> OutputRunner::Start(
    OutputSettings settings, std::int64_t cursor, const Surroundings& surroundings) {
  ASSIGN_OR_RETURN(AlertReader reader, surroundings.store->OpenReader());
  std::unique_ptr<OutputRunner> runner(
      new OutputRunner(std::move(settings), cursor, std::move(reader), surroundings));
  runner->Publish(surroundings.steady->Now());
  runner->thread_ = std::thread([self = runner.get()] { self->Run(); });
  return runner;
}

OutputRunner::OutputRunner(OutputSettings settings, std::int64_t cursor, AlertReader reader,
                           const Surroundings& surroundings)
    : settings_(std::move(settings)),
      surroundings_(surroundings),
      traits_(settings_.destination->traits()),
      queue_(traits_, cursor),
      feed_(std::move(reader),
            {.output = settings_.name,
             .filter = settings_.filter,
             .measures = settings_.max_bytes > 0},
            queue_),
      random_(surroundings.seed),
      stored_cursor_(cursor) {
  if (surroundings.metrics != nullptr) {
    metrics_ = surroundings.metrics->ForOutput(settings_.name);
  }
}

OutputRunner::~OutputRunner() {
  Join(AtEnd::kKeepCursor);
  // What it still sends refers to the queue.
  settings_.destination.reset();
}

void OutputRunner::Stop() {
  Join(AtEnd::kStoreCursor);
}

void OutputRunner::Join(AtEnd at_end) {
  if (!thread_.joinable()) {
    return;
  }
  at_end_ = at_end;
  stop_ = true;
  settings_.destination->Wake();
  thread_.join();
}

void OutputRunner::Notify() {
  feed_.News();
  settings_.destination->Wake();
}

bool OutputRunner::WaitUntilDone(std::int64_t sequence, bool only_while_it_works,
                                 std::chrono::steady_clock::time_point deadline) {
  drain_to_ = sequence;
  Notify();
  MutexLock lock(mutex_);
  while (status_.cursor < sequence && std::chrono::steady_clock::now() < deadline) {
    const OutputState state = status_.state;
    if (state == OutputState::kStopped || state == OutputState::kClosed) {
      return true;
    }
    if (only_while_it_works && state == OutputState::kFailing) {
      return false;
    }
    progressed_.WaitUntil(lock, deadline);
  }
  return status_.cursor >= sequence;
}

OutputStatus OutputRunner::Status() const {
  const MutexLock lock(mutex_);
  return status_;
}

void OutputRunner::Run() {
  if (settings_.destination->WantsOpenAlerts()) {
    const absl::Status status = feed_.RestoreInto(*settings_.destination);
    if (!status.ok()) {
      Log(LogLevel::kError, "output_cannot_read",
          "The open alerts for an output cannot be read; it goes on without them.",
          std::string(status.message()));
    }
  }
  while (!stop_ && state_ != OutputState::kClosed) {
    Pass();
    if (state_ != OutputState::kClosed) {
      settings_.destination->Wait(UntilNextPass());
    }
  }
  if (at_end_ == AtEnd::kStoreCursor && state_ != OutputState::kClosed) {
    StoreCursor(surroundings_.steady->Now());
  }
  Publish(surroundings_.steady->Now());
}

void OutputRunner::Pass() {
  const absl::Time now = surroundings_.steady->Now();
  const absl::Status status = feed_.ReadOn(now);
  if (!status.ok()) {
    Log(LogLevel::kError, "output_cannot_read",
        "The alerts for an output cannot be read; it tries again.", std::string(status.message()));
  }
  Count(DeliveryResult::kFiltered, feed_.TakeFiltered());
  BuryOverdue(now);
  while (BeginNext(now)) {
  }
  if (WantsToStoreCursor(now)) {
    StoreCursor(now);
  }
  Publish(now);
}

// A revision has the time of the wall clock. If that is set back before it, or forward after it,
// one of the two clocks takes the revision for too old, and the other one does not.
absl::Duration OutputRunner::AgeOf(const Revision& revision, absl::Time now) const {
  return std::min(now, surroundings_.wall->Now()) - absl::FromUnixMicros(revision.detected);
}

absl::Duration OutputRunner::UntilOverdue(absl::Time now) {
  const DeliveryQueue::Item* const oldest = queue_.Oldest();
  return oldest == nullptr || !queue_.MayBury(*oldest)
             ? absl::InfiniteDuration()
             : settings_.max_age - AgeOf(oldest->stored.revision, now) + kLeastPause;
}

std::string OutputRunner::WhyOverdue(const DeliveryQueue::Item& item, absl::Time now) const {
  if (AgeOf(item.stored.revision, now) > settings_.max_age) {
    return absl::StrFormat("not delivered within %s", absl::FormatDuration(settings_.max_age));
  }
  if (settings_.max_bytes > 0 && feed_.WaitingBytes() > settings_.max_bytes) {
    return absl::StrFormat("more than %s wait",
                           FormatByteSize(static_cast<std::int64_t>(settings_.max_bytes)));
  }
  return "";
}

void OutputRunner::BuryOverdue(absl::Time now) {
  for (DeliveryQueue::Item* oldest = queue_.Oldest(); oldest != nullptr && queue_.MayBury(*oldest);
       oldest = queue_.Oldest()) {
    const std::string why = WhyOverdue(*oldest, now);
    if (why.empty()) {
      return;
    }
    Attempt attempt = oldest->last;
    attempt.reason =
        absl::StrFormat("%s%s%s", why, attempt.reason.empty() ? "" : ": ", attempt.reason);
    Bury(*oldest, attempt, DeliveryResult::kExpired);
  }
}

absl::Time OutputRunner::MayBeginAt() const {
  const std::size_t limit = failures_ > 0 ? 1 : traits_.max_concurrency;
  if (state_ == OutputState::kStopped || state_ == OutputState::kClosed || in_flight_ >= limit) {
    return absl::InfiniteFuture();
  }
  return std::max(resume_, next_token_);
}

bool OutputRunner::BeginNext(absl::Time now) {
  if (MayBeginAt() > now) {
    return false;
  }
  const bool is_chore = settings_.destination->UntilChore() <= absl::ZeroDuration();
  DeliveryQueue::Batch batch;
  if (!is_chore) {
    batch = queue_.Take(now);
    if (batch.empty()) {
      return false;
    }
    if (IsSilenced(batch)) {
      return true;
    }
  }
  if (settings_.max_per_second > 0) {
    next_token_ = std::max(next_token_, now) + absl::Seconds(1 / settings_.max_per_second);
  }
  ++in_flight_;
  Destination::Done done = [this, batch, now, epoch = epoch_](const Attempt& attempt) {
    OnDone(batch, now, epoch, attempt);
  };
  if (is_chore) {
    settings_.destination->BeginChore(std::move(done));
  } else {
    std::vector<const StoredRevision*> revisions;
    revisions.reserve(batch.size());
    for (const DeliveryQueue::Item* const item : batch) {
      revisions.push_back(&item->stored);
    }
    settings_.destination->Begin(revisions, std::move(done));
  }
  return true;
}

// A batch of which some are silenced is split, so that what is left of it keeps its order.
bool OutputRunner::IsSilenced(const DeliveryQueue::Batch& batch) {
  const auto is_silenced = [this](const DeliveryQueue::Item* item) {
    return item->letter == 0 && item->attempts == 0 && surroundings_.silences != nullptr &&
           surroundings_.silences->Silences(item->stored.revision, surroundings_.wall->Now());
  };
  if (std::none_of(batch.begin(), batch.end(), is_silenced)) {
    return false;
  }
  if (batch.size() > 1) {
    queue_.Split(batch);
    return true;
  }
  const Revision& revision = batch.front()->stored.revision;
  Count(DeliveryResult::kSilenced);
  if (surroundings_.metrics != nullptr) {
    surroundings_.metrics->Silenced(revision.rule_name.empty() ? revision.rule_id
                                                               : revision.rule_name);
  }
  queue_.Finish(batch);
  return true;
}

absl::Duration OutputRunner::UntilNextPass() {
  const absl::Time now = surroundings_.steady->Now();
  absl::Time next = std::min({now + kMaxPause, feed_.NextDue(), now + UntilOverdue(now)});
  const absl::Time chore = now + settings_.destination->UntilChore();
  next = std::min(next, std::max(MayBeginAt(), std::min(queue_.NextDue(), chore)));
  if (queue_.cursor() > stored_cursor_) {
    next = std::min(next, store_cursor_at_);
  }
  return std::max(next - now, absl::ZeroDuration());
}

void OutputRunner::OnDone(const DeliveryQueue::Batch& batch, absl::Time begun, std::uint64_t epoch,
                          const Attempt& attempt) {
  --in_flight_;
  if (metrics_.has_value()) {
    metrics_->Attempt(absl::ToInt64Microseconds(surroundings_.steady->Now() - begun));
  }
  switch (attempt.outcome) {
    case Outcome::kDelivered:
      if (failures_ > 0) {
        Log(LogLevel::kInfo, "output_works_again", "An output works again.", "");
      }
      failures_ = 0;
      last_error_.clear();
      if (state_ == OutputState::kFailing) {
        state_ = OutputState::kWorking;
      }
      OnDelivery(batch);
      return;
    case Outcome::kRetry:
      OnFailure(batch, epoch, attempt);
      return;
    case Outcome::kRejected:
      OnRejection(batch, attempt);
      return;
    case Outcome::kStop:
    case Outcome::kClosed:
      if (!batch.empty()) {
        queue_.Retry(batch, absl::InfinitePast());
      }
      End(attempt);
      return;
  }
}

void OutputRunner::OnDelivery(const DeliveryQueue::Batch& batch) {
  for (const DeliveryQueue::Item* const item : batch) {
    if (item->letter == 0) {
      Count(DeliveryResult::kDelivered);
    } else {
      ++counts_.replayed;
      Stored(surroundings_.store->RemoveDeadLetter(item->letter));
    }
  }
  queue_.Finish(batch);
}

void OutputRunner::Stored(const absl::Status& status) {
  feed_.RecountLetters();
  if (!status.ok()) {
    Log(LogLevel::kError, "dead_letter_not_stored",
        "What became of a dead letter cannot be stored; it is tried again.",
        std::string(status.message()));
  }
}

void OutputRunner::OnFailure(const DeliveryQueue::Batch& batch, std::uint64_t epoch,
                             const Attempt& attempt) {
  const absl::Time now = surroundings_.steady->Now();
  last_error_ = attempt.reason;
  if (state_ == OutputState::kWorking) {
    state_ = OutputState::kFailing;
  }
  if (epoch == epoch_) {
    ++epoch_;
    ++failures_;
    resume_ = std::max(resume_, now + settings_.backoff.Wait(failures_, random_));
  }
  resume_ = std::max(resume_, now + attempt.wait_at_least);
  Log(LogLevel::kWarning, "output_fails", "An output cannot deliver; it tries again.",
      attempt.reason);
  if (batch.empty()) {
    return;
  }
  for (DeliveryQueue::Item* const item : batch) {
    ++item->attempts;
    item->last = attempt;
  }
  Count(DeliveryResult::kRetried, batch.size());
  queue_.Retry(batch, now + settings_.backoff.Wait(batch.front()->attempts, random_));
}

void OutputRunner::OnRejection(const DeliveryQueue::Batch& batch, const Attempt& attempt) {
  // The receiver is there: what it says of one revision says nothing of the others.
  failures_ = 0;
  if (state_ == OutputState::kFailing) {
    state_ = OutputState::kWorking;
  }
  last_error_ = attempt.reason;
  Log(LogLevel::kWarning, "output_rejects", "A receiver refuses an alert for good.",
      attempt.reason);
  if (batch.size() > 1) {
    queue_.Split(batch);
  } else if (!batch.empty()) {
    ++batch.front()->attempts;
    Bury(*batch.front(), attempt, DeliveryResult::kRejected);
  }
}

void OutputRunner::Bury(DeliveryQueue::Item& item, const Attempt& attempt, DeliveryResult result) {
  const Revision& revision = item.stored.revision;
  DeadLetter letter = {.number = item.letter,
                       .output = settings_.name,
                       .id = revision.id,
                       .n = revision.n,
                       .failed = absl::ToUnixMicros(surroundings_.wall->Now()),
                       .attempts = item.attempts,
                       .status = attempt.status,
                       .reason = attempt.reason,
                       .answer = attempt.answer.substr(0, kMaxAnswerBytes),
                       .detected = revision.detected,
                       .json = revision.json};
  if (item.letter == 0) {
    Count(result);
    queue_.Bury(item, std::move(letter));
  } else {
    Stored(surroundings_.store->ReturnDeadLetter(letter));
    queue_.Finish({&item});
  }
}

void OutputRunner::End(const Attempt& attempt) {
  last_error_ = attempt.reason;
  if (attempt.outcome == Outcome::kStop) {
    state_ = OutputState::kStopped;
    Log(LogLevel::kError, "output_stopped",
        "A receiver wants no more alerts: the output rests until hark is reloaded.",
        attempt.reason);
    return;
  }
  state_ = OutputState::kClosed;
  Log(LogLevel::kWarning, "output_closed", "Nobody reads an output any more: it is over.",
      attempt.reason);
  const absl::Status removed = surroundings_.store->RemoveOutput(settings_.name);
  if (!removed.ok()) {
    Log(LogLevel::kError, "cursor_not_stored", "The cursor of an output cannot be removed.",
        std::string(removed.message()));
  }
}

bool OutputRunner::WantsToStoreCursor(absl::Time now) const {
  const std::int64_t drain_to = drain_to_;
  const bool is_drained = queue_.cursor() >= drain_to && stored_cursor_ < drain_to;
  return queue_.cursor() > stored_cursor_ && state_ != OutputState::kClosed &&
         (now >= store_cursor_at_ || is_drained);
}

void OutputRunner::StoreCursor(absl::Time now) {
  const std::int64_t cursor = queue_.cursor();
  if (cursor == stored_cursor_) {
    return;
  }
  store_cursor_at_ = now + surroundings_.cursor_interval;
  const std::vector<DeadLetter> letters = queue_.Letters();
  const absl::Status status = surroundings_.store->Advance(settings_.name, cursor, letters);
  if (!status.ok()) {
    store_cursor_at_ = std::max(store_cursor_at_, now + kStoreAgain);
    Log(LogLevel::kError, "cursor_not_stored",
        "The cursor of an output cannot be stored; after a restart alerts are delivered again.",
        std::string(status.message()));
    return;
  }
  if (!letters.empty()) {
    queue_.DropLetters(cursor);
    feed_.RecountLetters();
  }
  stored_cursor_ = cursor;
}

void OutputRunner::Publish(absl::Time now) {
  const std::uint64_t length = queue_.waiting() + feed_.Unread();
  const DeliveryQueue::Item* const oldest = queue_.Oldest();
  const MutexLock lock(mutex_);
  status_.name = settings_.name;
  status_.kind = settings_.kind;
  status_.state = state_;
  status_.cursor = stored_cursor_;
  status_.queue_length = length;
  status_.oldest_age = oldest == nullptr
                           ? absl::ZeroDuration()
                           : std::max(AgeOf(oldest->stored.revision, now), absl::ZeroDuration());
  status_.dead_letters = feed_.dead_letters();
  status_.counts = counts_;
  status_.last_error = last_error_;
  if (metrics_.has_value()) {
    metrics_->Queue(status_.queue_length, absl::ToInt64Microseconds(status_.oldest_age));
    metrics_->DeadLetters(status_.dead_letters);
    metrics_->Stopped(state_ == OutputState::kStopped || state_ == OutputState::kClosed);
  }
  progressed_.NotifyAll();
}

void OutputRunner::Count(DeliveryResult result, std::uint64_t number) {
  std::uint64_t* const counts[] = {&counts_.delivered, &counts_.retried,  &counts_.rejected,
                                   &counts_.expired,   &counts_.silenced, &counts_.filtered};
  *counts[static_cast<std::size_t>(result)] += number;
  for (std::uint64_t i = 0; metrics_.has_value() && i < number; ++i) {
    metrics_->Count(result);
  }
}

void OutputRunner::Log(LogLevel level, std::string_view key, std::string_view text,
                       std::string_view error) {
  if (surroundings_.log == nullptr) {
    return;
  }
  const LogMessage message = {.level = level, .key = key, .text = text, .about = settings_.name};
  if (error.empty()) {
    surroundings_.log->Write(message, {{"output", settings_.name}});
  } else {
    surroundings_.log->Write(message, {{"output", settings_.name}, {"error", error}});
  }
}

}  // namespace hark::alert
