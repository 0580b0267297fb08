#include "log/fact_log.h"

#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "base/check.h"
#include "base/checksum.h"
#include "base/codec.h"
#include "base/status_macros.h"
#include "log/fact_log_reader.h"
#include "log/record_codec.h"
#include "log/segment_tail.h"

namespace hark::log {

// Records that are synced together. Guarded by the log's mutex; but while the group is being
// written it is the committer's, and nobody else looks at its records.
struct CommitGroup {
  std::vector<PendingRecord> records;
  std::size_t bytes = 0;
  bool done = false;
  absl::Status status;
  CondVar is_done;

  // Returns the records, to be freed without the mutex.
  [[nodiscard]] std::vector<PendingRecord> Finish(absl::Status result) {
    status = std::move(result);
    done = true;
    is_done.NotifyAll();
    return std::exchange(records, {});
  }
};

namespace {

std::uint64_t RandomSalt() {
  std::uint64_t salt = 0;
  HARK_CHECK(getentropy(&salt, sizeof(salt)) == 0);
  return salt;
}

}  // namespace

FactLog::FactLog(FileSystem& file_system, std::string directory, const FactLogOptions& options)
    : file_system_(file_system),
      directory_(std::move(directory)),
      options_(options),
      pending_(std::make_shared<CommitGroup>()) {}

absl::StatusOr<std::unique_ptr<FactLog>> FactLog::Open(FileSystem& file_system,
                                                       const std::string& directory,
                                                       const FactLogOptions& options) {
  std::unique_ptr<FactLog> log(new FactLog(file_system, directory, options));
  RETURN_IF_ERROR(log->Recover());
  log->committer_ = std::thread([owner = log.get()] { owner->Commit(); });
  return log;
}

FactLog::~FactLog() {
  Close();
}

absl::Status FactLog::Recover() {
  RETURN_IF_ERROR(MakeDurableDirectory(file_system_, directory_));
  ASSIGN_OR_RETURN(SegmentIndex index, SegmentIndex::Load(file_system_, directory_));
  // A segment that the last process made may have its name only in the kernel's cache.
  RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
  const MutexLock lock(mutex_);
  index_ = std::move(index);
  if (index_.segments().empty()) {
    return absl::OkStatus();
  }
  const std::string path = index_.segments().back().path;
  ASSIGN_OR_RETURN(const SegmentTail tail, RecoverTail(file_system_, path));
  index_.SetEnd(tail.end);
  next_position_ = tail.next;
  durable_ = tail.next - 1;
  cut_bytes_ = tail.cut_bytes;
  ASSIGN_OR_RETURN(writer_, SegmentWriter::Continue(file_system_, path, tail.header, tail.end));
  return absl::OkStatus();
}

absl::StatusOr<Appended> FactLog::Append(const FactRecord& record, const AppendOptions& options) {
  ByteWriter writer;
  EncodeRecord(record, writer);
  PendingRecord pending;
  pending.payload = writer.Take();
  pending.payload_checksum = Checksum(pending.payload);
  const std::size_t bytes = kRecordHeaderBytes + pending.payload.size();
  if (pending.payload.size() > kMaxPayloadBytes) {
    return InvalidArgument("a fact record has %u bytes, more than %u", pending.payload.size(),
                           kMaxPayloadBytes);
  }
  MutexLock lock(mutex_);
  const auto is_current = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !closed_ && options.generation.value_or(generation_) == generation_;
  };
  // A record that is larger than the bound on its own has to go through all the same.
  while (is_current() && pending_->bytes > 0 &&
         pending_->bytes + bytes > options_.max_pending_bytes) {
    if (options.when_full == WhenFull::kFail) {
      return absl::UnavailableError(
          absl::StrFormat("the fact log is behind: %u bytes wait to be written", pending_->bytes));
    }
    has_room_.Wait(lock);
  }
  if (closed_) {
    return absl::FailedPreconditionError("the fact log is closed");
  }
  if (!is_current()) {
    return absl::AbortedError("the fact log failed to write an earlier record");
  }
  pending.position = next_position_++;
  Appended appended{.position = pending.position, .group = pending_};
  pending_->records.push_back(std::move(pending));
  pending_->bytes += bytes;
  has_work_.NotifyOne();
  return appended;
}

absl::Status FactLog::WaitDurable(const Appended& appended) {
  MutexLock lock(mutex_);
  while (!appended.group->done) {
    appended.group->is_done.Wait(lock);
  }
  return appended.group->status;
}

std::uint64_t FactLog::generation() const {
  const MutexLock lock(mutex_);
  return generation_;
}

void FactLog::Commit() {
  while (const std::shared_ptr<CommitGroup> group = TakeGroup()) {
    const absl::Status status = Write(*group);
    if (status.ok()) {
      Succeed(*group);
    } else {
      Fail(*group, status);
    }
  }
}

std::shared_ptr<CommitGroup> FactLog::TakeGroup() {
  MutexLock lock(mutex_);
  while (!closed_ && pending_->records.empty()) {
    has_work_.Wait(lock);
  }
  if (pending_->records.empty()) {
    return nullptr;
  }
  has_room_.NotifyAll();
  return std::exchange(pending_, std::make_shared<CommitGroup>());
}

absl::Status FactLog::Write(const CommitGroup& group) {
  if (writer_ != nullptr && writer_->end() > kSegmentHeaderBytes &&
      writer_->end() + group.bytes > options_.segment_bytes) {
    writer_.reset();
  }
  if (writer_ == nullptr) {
    RETURN_IF_ERROR(BeginSegment(group.records.front().position));
  }
  return writer_->WriteGroup(group.records);
}

absl::Status FactLog::BeginSegment(std::uint64_t first) {
  SegmentHeader header{
      .first = first, .created = absl::ToUnixMicros(options_.clock->Now()), .salt = RandomSalt()};
  {
    const MutexLock lock(mutex_);
    header.previous = index_.PreviousOf(first);
  }
  ASSIGN_OR_RETURN(writer_, SegmentWriter::Create(file_system_, directory_, header));
  const MutexLock lock(mutex_);
  index_.Add(header, writer_->path());
  return absl::OkStatus();
}

void FactLog::Succeed(CommitGroup& group) {
  std::vector<PendingRecord> written;
  const MutexLock lock(mutex_);
  durable_ = group.records.back().position;
  index_.SetEnd(writer_->end());
  written = group.Finish(absl::OkStatus());
  has_more_.NotifyAll();
}

void FactLog::Fail(CommitGroup& group, const absl::Status& status) {
  writer_.reset();
  std::vector<PendingRecord> failed;
  std::vector<PendingRecord> failed_too;
  const MutexLock lock(mutex_);
  ++failed_groups_;
  ++generation_;
  next_position_ = durable_ + 1;
  failed = group.Finish(status);
  failed_too = pending_->Finish(status);
  pending_ = std::make_shared<CommitGroup>();
  has_room_.NotifyAll();
}

absl::StatusOr<FactLogReader> FactLog::Read(std::uint64_t from) {
  const MutexLock lock(mutex_);
  if (from > durable_ + 1) {
    return absl::DataLossError(
        absl::StrFormat("%s: the fact log ends at position %u, but position %u was read already",
                        directory_, durable_, from - 1));
  }
  const std::uint64_t oldest = index_.segments().empty() ? 1 : index_.segments().front().first;
  if (from < oldest) {
    return absl::OutOfRangeError(
        absl::StrFormat("%s: the fact log begins at position %u, and position %u is needed",
                        directory_, oldest, from));
  }
  return FactLogReader(*this, from);
}

bool FactLog::WaitForPosition(std::uint64_t position,
                              std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (durable_ < position && !ended_) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    has_more_.WaitUntil(lock, deadline);
  }
  return true;
}

std::optional<Segment> FactLog::WaitForSegment(std::uint64_t position) {
  MutexLock lock(mutex_);
  while (durable_ < position && !ended_) {
    has_more_.Wait(lock);
  }
  if (durable_ < position) {
    return std::nullopt;
  }
  const Segment* const segment = index_.Find(position);
  HARK_CHECK(segment != nullptr);  // nobody cuts what is still read
  return *segment;
}

absl::Status FactLog::CutBefore(std::uint64_t position) {
  const MutexLock cut_lock(cut_mutex_);
  for (;;) {
    std::string path;
    {
      const MutexLock lock(mutex_);
      const Segment* const oldest = index_.OldestBefore(position);
      if (oldest == nullptr) {
        return absl::OkStatus();
      }
      path = oldest->path;
    }
    absl::Status removed = file_system_.Remove(path);
    if (!removed.ok() && !absl::IsNotFound(removed)) {
      return removed;
    }
    // One by one: if a later one were gone before an earlier one, there would be a gap.
    RETURN_IF_ERROR(file_system_.SyncDirectory(directory_));
    const MutexLock lock(mutex_);
    index_.RemoveOldest();
  }
}

void FactLog::Close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    has_work_.NotifyAll();
    has_room_.NotifyAll();
  }
  if (committer_.joinable()) {
    committer_.join();
  }
  const MutexLock lock(mutex_);
  ended_ = true;
  has_more_.NotifyAll();
}

FactLogStats FactLog::stats() const {
  const MutexLock lock(mutex_);
  FactLogStats stats{.bytes = index_.bytes(),
                     .oldest_position = 1,
                     .oldest_time = std::nullopt,
                     .durable_position = durable_,
                     .cut_bytes = cut_bytes_,
                     .failed_groups = failed_groups_};
  if (!index_.segments().empty()) {
    stats.oldest_position = index_.segments().front().first;
    stats.oldest_time = index_.segments().front().created;
  }
  return stats;
}

}  // namespace hark::log
