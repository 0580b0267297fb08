#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"

namespace hark::testing {

// A disk in memory that keeps what was synced apart from what was only written, and that fails
// when it is told to. Operations that change something are counted from 1: write, truncate, sync,
// create, rename, remove, make directory, sync directory. Thread-safe.
//
// What it takes to be true of a disk:
// - A sync that fails drops what was to be synced: the file still reads as it was written, but
// these
//   bytes never reach the disk unless they are written again.
// - After the loss of power each change that was not synced is there, or not, or, for a write, in
//   part; those of a file or of a directory in any combination. A rename is one change.
class FaultFileSystem final : public FileSystem {
 public:
  FaultFileSystem();

  // Faults, each for the operation of that number.
  void CrashAt(std::uint64_t operation);  // it fails, perhaps after its effect, and all after it
  void FailAt(std::uint64_t operation, absl::Status status);  // a write after half of its bytes

  void SetMaxWrite(std::size_t bytes);                   // no write takes more at a time
  void SetCapacity(std::optional<std::uint64_t> bytes);  // of all files together
  void Hold();                                           // operations on open files wait
  void AwaitHeld();                                      // until one does, or the machine is down
  void Release();                                        // and they go on

  std::uint64_t operations() const;
  bool crashed() const;

  // The disk as it is found after the loss of power: with nothing that was not synced (0), all of
  // it (1), or a random choice for each greater number.
  std::unique_ptr<FaultFileSystem> AfterPowerLoss(std::uint64_t choice) const;
  // The disk as the next process finds it if this one is killed: with all that was written.
  std::unique_ptr<FaultFileSystem> AfterKill() const;

  // The bytes of a file, and a file with these bytes, synced.
  std::string Content(const std::string& path) const;
  void SetContent(const std::string& path, std::string_view bytes);

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::StatusOr<FileInfo> Info(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  class OpenFile;
  class HeldLock;

  struct FileChange {
    bool truncates = false;
    std::uint64_t offset = 0;  // or the new size
    std::string bytes;
  };
  struct Node {
    bool is_directory = false;
    std::string content;  // as it reads
    std::string durable;  // as it is on the disk
    std::vector<FileChange> unsynced;
  };
  using Nodes = std::map<std::string, std::shared_ptr<Node>>;  // by path
  struct NameChange {
    std::string removed;  // a path; empty if none
    std::string added;
    std::shared_ptr<Node> node;
  };
  class Choice;

  static void Apply(const FileChange& change, std::string& bytes);
  static void Apply(const NameChange& change, Nodes& names);

  bool IsDown() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return crash_at_ != 0 && operations_ >= crash_at_;
  }
  // Counts an operation. An error if it is to fail; `happens` says whether it does all the same.
  absl::Status Begin(bool& happens) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Change(const NameChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::size_t> Write(Node& node, std::uint64_t offset, std::string_view bytes);
  absl::Status Truncate(Node& node, std::uint64_t size);
  absl::Status Sync(Node& node);
  std::uint64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WaitWhileHeld();

  mutable Mutex mutex_;
  CondVar released_;
  CondVar waiting_;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int waiters_ ABSL_GUARDED_BY(mutex_) = 0;
  Nodes names_ ABSL_GUARDED_BY(mutex_);
  Nodes durable_names_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<NameChange>> unsynced_names_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> locked_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t operations_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t crash_at_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::size_t max_write_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> capacity_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::testing
