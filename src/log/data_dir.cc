#include "log/data_dir.h"

#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::log {
namespace {

constexpr unsigned kOwnerOnly = 0700;

absl::Status CheckOwnerOnly(FileSystem& file_system, const std::string& path) {
  ASSIGN_OR_RETURN(const FileInfo info, file_system.Info(path));
  if (!info.is_directory) {
    return absl::FailedPreconditionError(absl::StrFormat("%s is no directory", path));
  }
  // It is not changed here: the path may be a mistake, and /tmp is needed by others.
  if (info.permissions != kOwnerOnly) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s has mode %04o, which must be %04o: what is in it is for hark alone (chmod 700 %s)",
        path, info.permissions, kOwnerOnly, path));
  }
  return absl::OkStatus();
}

constexpr const char* kEnded = "ended";
constexpr const char* kDraining = "draining";

}  // namespace

absl::StatusOr<DataDir> DataDir::Open(FileSystem& file_system, const std::string& path) {
  RETURN_IF_ERROR(MakeDurableDirectory(file_system, path));
  RETURN_IF_ERROR(CheckOwnerOnly(file_system, path));
  absl::StatusOr<std::unique_ptr<FileLock>> lock = file_system.Lock(JoinPath(path, "lock"));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s is in use: exactly one hark can use a data directory (%s)", path,
                        lock.status().message()));
  }
  RETURN_IF_ERROR(lock.status());
  return DataDir(file_system, path, *std::move(lock));
}

absl::Status DataDir::CheckNotEnded() const {
  ASSIGN_OR_RETURN(const bool has_ended, Has(kEnded));
  if (has_ended) {
    return absl::FailedPreconditionError(
        absl::StrFormat("%s has ended: `hark run --drain` closed all of its windows and alerts, so "
                        "no run can go on with it; use another data directory",
                        path_));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> DataDir::Has(const std::string& marker) const {
  const absl::StatusOr<FileInfo> info = file_system_->Info(JoinPath(path_, marker));
  if (!info.ok() && !absl::IsNotFound(info.status())) {
    return info.status();
  }
  return info.ok();
}

absl::Status DataDir::Mark(const std::string& marker) {
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                   file_system_->Open(JoinPath(path_, marker), OpenMode::kCreate));
  RETURN_IF_ERROR(file->Sync());
  return file_system_->SyncDirectory(path_);
}

absl::Status DataDir::MarkDraining() {
  return Mark(kDraining);
}

absl::StatusOr<bool> DataDir::IsDraining() const {
  return Has(kDraining);
}

absl::Status DataDir::MarkEnded() {
  return Mark(kEnded);
}

}  // namespace hark::log
