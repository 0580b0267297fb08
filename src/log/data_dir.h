#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/file_system.h"

namespace hark::log {

// A daemon's data_dir: a directory that only its owner may look into and that one process at a
// time uses. It holds
//
//   lock    locked while a process uses the directory
//   draining  there while `run --drain` ends it: only another one may go on with it
//   ended   there if the log has come to its end (`run --drain`): no further run can go on with it
//   facts/  FactLog      state/  SnapshotStore      hark.db, hark.sock
//
// The lock is held as long as the object lives. Not thread-safe.
class DataDir {
 public:
  // Makes the directory if it does not exist; its parent must. FailedPrecondition: others may look
  // into it (its mode is not 0700), or another process uses it.
  static absl::StatusOr<DataDir> Open(FileSystem& file_system, const std::string& path);

  // FailedPrecondition if it has ended, for whoever wants to go on with it.
  absl::Status CheckNotEnded() const;

  // From here on windows and alerts are closed as if time had ended, which no later record can take
  // back: the only way to go on is to the end. Survives the loss of power, as does the next.
  absl::Status MarkDraining();
  absl::StatusOr<bool> IsDraining() const;
  // Ends it. It may have ended already.
  absl::Status MarkEnded();

  const std::string& path() const { return path_; }
  std::string facts() const { return JoinPath(path_, "facts"); }
  std::string state() const { return JoinPath(path_, "state"); }

 private:
  DataDir(FileSystem& file_system, std::string path, std::unique_ptr<FileLock> lock)
      : file_system_(&file_system), path_(std::move(path)), lock_(std::move(lock)) {}

  absl::StatusOr<bool> Has(const std::string& marker) const;
  absl::Status Mark(const std::string& marker);

  FileSystem* file_system_;
  std::string path_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace hark::log
