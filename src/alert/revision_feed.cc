#include "alert/revision_feed.h"

#include <algorithm>
#include <vector>

#include "base/status_macros.h"

namespace hark::alert {
namespace {

// Bounds of what an output holds in memory, and of what is delivered twice after a kill while one
// revision keeps the cursor back.
constexpr std::size_t kMaxWaiting = 1'000;
constexpr std::size_t kMaxWaitingBytes = std::size_t{16} << 20;
constexpr std::int64_t kMaxAhead = 100'000;

constexpr std::size_t kReadAtOnce = 256;
constexpr int kReadsAtOnce = 8;
constexpr std::size_t kLettersAtOnce = 100;
constexpr std::size_t kMeasuredAtOnce = 10'000;
constexpr absl::Duration kAfterAnError = absl::Seconds(1);
constexpr absl::Duration kCountLettersEvery = absl::Seconds(10);

}  // namespace

bool RevisionFeed::HasRoom() const {
  return queue_.size() < kMaxWaiting && queue_.bytes() < kMaxWaitingBytes &&
         queue_.last_read() - queue_.cursor() < kMaxAhead;
}

absl::Status RevisionFeed::ReadOn(absl::Time now) {
  if (now < next_read_) {
    return absl::OkStatus();
  }
  if (news_.exchange(false)) {
    read_all_ = measured_all_ = read_all_letters_ = false;
  }
  absl::Status status = ReadRevisions();
  status.Update(ReadLetters());
  status.Update(Measure());
  if (now >= count_letters_at_) {
    count_letters_at_ = now + kCountLettersEvery;
    dead_letters_ = reader_.CountDeadLetters(options_.output).value_or(dead_letters_);
  }
  if (!status.ok()) {
    next_read_ = now + kAfterAnError;
  }
  return status;
}

absl::Time RevisionFeed::NextDue() const {
  const bool has_work = (!read_all_ && HasRoom()) ||
                        (options_.measures && !read_all_ && !measured_all_) ||
                        (!read_all_letters_ && queue_.letters_waiting() < kLettersAtOnce) ||
                        count_letters_at_ == absl::InfinitePast();
  return has_work ? next_read_ : absl::InfiniteFuture();
}

absl::Status RevisionFeed::ReadRevisions() {
  for (int i = 0; i < kReadsAtOnce && !read_all_ && HasRoom(); ++i) {
    ASSIGN_OR_RETURN(std::vector<StoredRevision> revisions,
                     reader_.RevisionsAfter(queue_.last_read(), kReadAtOnce));
    read_all_ = revisions.empty();
    for (StoredRevision& stored : revisions) {
      if (options_.filter.Passes(stored.revision)) {
        queue_.Add(std::move(stored));
      } else {
        queue_.Skip(stored.sequence);
        ++filtered_;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status RevisionFeed::ReadLetters() {
  if (read_all_letters_ || queue_.letters_waiting() >= kLettersAtOnce) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<DeadLetter> letters,
                   reader_.LettersToReplay(options_.output, kLettersAtOnce));
  read_all_letters_ = true;
  for (const DeadLetter& letter : letters) {
    if (queue_.AddLetter(letter)) {
      read_all_letters_ = false;
    }
  }
  return absl::OkStatus();
}

absl::Status RevisionFeed::Measure() {
  if (!options_.measures) {
    return absl::OkStatus();
  }
  backlog_.DropUpTo(queue_.last_read());
  if (read_all_ || measured_all_) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<RevisionSize> sizes,
                   reader_.SizesAfter(backlog_.last(), kMeasuredAtOnce));
  measured_all_ = sizes.empty();
  for (const RevisionSize& size : sizes) {
    backlog_.Add(size.sequence, size.bytes);
  }
  return absl::OkStatus();
}

absl::Status RevisionFeed::RestoreInto(Destination& destination) {
  const std::int64_t cursor = queue_.cursor();
  for (std::int64_t after = 0;;) {
    ASSIGN_OR_RETURN(const std::vector<StoredRevision> revisions,
                     reader_.OpenAlerts({.after = after, .up_to = cursor}, kReadAtOnce));
    if (revisions.empty()) {
      return absl::OkStatus();
    }
    for (const StoredRevision& stored : revisions) {
      if (options_.filter.Passes(stored.revision)) {
        destination.Restore(stored);
      }
    }
    after = revisions.back().sequence;
  }
}

std::uint64_t RevisionFeed::Unread() {
  if (read_all_) {
    return 0;
  }
  const std::int64_t last = reader_.LastSequence().value_or(queue_.last_read());
  return static_cast<std::uint64_t>(std::max<std::int64_t>(last - queue_.last_read(), 0));
}

}  // namespace hark::alert
