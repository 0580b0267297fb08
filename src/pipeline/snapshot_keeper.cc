#include "pipeline/snapshot_keeper.h"

#include <chrono>
#include <string_view>
#include <utility>

#include "absl/time/time.h"

#include "base/check.h"
#include "base/status_macros.h"
#include "pipeline/source_table.h"

namespace hark::pipeline {
namespace {

// The sections of a snapshot file, for the detector.
class FileSections final : public SectionWriter {
 public:
  explicit FileSections(log::SnapshotWriter& writer) : writer_(writer) {}

  void BeginSection(std::string_view name, std::uint32_t version) override {
    writer_.BeginSection(name, version);
  }
  absl::Status Append(std::string_view bytes) override { return writer_.Append(bytes); }

 private:
  log::SnapshotWriter& writer_;
};

}  // namespace

SnapshotKeeper::SnapshotKeeper(const Parts& parts) : parts_(parts) {
  thread_ = std::thread([this] { Work(); });
}

SnapshotKeeper::~SnapshotKeeper() {
  Stop();
}

void SnapshotKeeper::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool SnapshotKeeper::is_busy() const {
  const MutexLock lock(mutex_);
  return busy_;
}

void SnapshotKeeper::Write(SnapshotRequest request) {
  const MutexLock lock(mutex_);
  HARK_CHECK(!busy_);
  request_ = std::make_unique<SnapshotRequest>(std::move(request));
  busy_ = true;
  changed_.NotifyAll();
}

absl::Status SnapshotKeeper::Wait() {
  MutexLock lock(mutex_);
  while (busy_) {
    changed_.Wait(lock);
  }
  return last_;
}

void SnapshotKeeper::Work() {
  while (true) {
    std::unique_ptr<SnapshotRequest> request;
    {
      MutexLock lock(mutex_);
      while (request_ == nullptr && !stopped_) {
        changed_.Wait(lock);
      }
      if (request_ == nullptr) {
        return;
      }
      request = std::move(request_);
    }
    absl::Status status = WriteOne(std::move(*request));
    if (!status.ok()) {
      parts_.metrics.SnapshotFailed();
      parts_.logger.Write({.level = LogLevel::kError,
                           .key = "snapshot_failed",
                           .text = "A snapshot could not be written. The fact log keeps what it "
                                   "would have let go, and the next snapshot is a new chance."},
                          {ErrorField(status)});
    }
    const MutexLock lock(mutex_);
    last_ = std::move(status);
    busy_ = false;
    changed_.NotifyAll();
  }
}

absl::Status SnapshotKeeper::WriteOne(SnapshotRequest request) {
  const auto start = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(std::unique_ptr<log::SnapshotWriter> writer,
                   parts_.snapshots.Begin(request.position, request.rules));
  writer->BeginSection(SourceTable::kSection, SourceTable::kVersion);
  RETURN_IF_ERROR(writer->Append(request.sources));
  FileSections sections(*writer);
  RETURN_IF_ERROR(request.detector->Save(sections));
  request.detector.reset();
  RETURN_IF_ERROR(writer->Seal());
  // Only a snapshot whose number the database holds is used at a start: so nobody uses one whose
  // revisions are not there.
  RETURN_IF_ERROR(parts_.alerts.Commit(
      {.revisions = {}, .position = request.position, .snapshot = writer->number()}));
  RETURN_IF_ERROR(parts_.snapshots.Publish(std::move(writer)));
  const auto duration = std::chrono::steady_clock::now() - start;
  parts_.metrics.SnapshotWritten(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count(),
      absl::ToUnixMicros(parts_.clock.Now()));
  LetGo({.position = request.position, .sources = std::move(request.sources)});
  return absl::OkStatus();
}

void SnapshotKeeper::LetGo(Written written) {
  // What cannot be removed now can be after the next snapshot.
  parts_.alerts.ForgetSnapshotsBefore(parts_.snapshots.oldest_number()).IgnoreError();
  const std::uint64_t keep_from = parts_.snapshots.keep_from();
  if (keep_from > 1) {
    parts_.fact_log.CutBefore(keep_from).IgnoreError();
  }
  const MutexLock lock(mutex_);
  position_ = written.position;
  keep_from_ = keep_from;
  written_.push_back(std::move(written));
  while (written_.front().position + 1 < keep_from) {
    written_.pop_front();
  }
}

std::optional<std::string> SnapshotKeeper::oldest_sources() const {
  const MutexLock lock(mutex_);
  if (written_.empty() || written_.front().position + 1 != keep_from_) {
    return std::nullopt;
  }
  return written_.front().sources;
}

std::uint64_t SnapshotKeeper::position() const {
  const MutexLock lock(mutex_);
  return position_;
}

std::uint64_t SnapshotKeeper::keep_from() const {
  const MutexLock lock(mutex_);
  return keep_from_;
}

}  // namespace hark::pipeline
