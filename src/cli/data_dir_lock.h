#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace hark::cli {

// Keeps a daemon from starting on a data_dir while a command reads it. Commands do not keep each
// other away. Held until it is destroyed.
class DataDirLock {
 public:
  // nullopt if a daemon holds the data_dir. An error if it is none, or cannot be locked.
  static absl::StatusOr<std::optional<DataDirLock>> TryLock(const std::string& data_dir);

  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&&) = delete;
  ~DataDirLock();

 private:
  explicit DataDirLock(int file) : file_(file) {}

  int file_;  // -1: moved from
};

}  // namespace hark::cli
