#pragma once

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/output.h"

#include "alert/file_writer.h"

namespace hark::alert {

// Appends revisions to a file, one line of canonical JSON each, and makes the file if there is none
// (readable by its owner and group). A pipe or a device may stand in its place.
//
// A kill or a full disk may leave half a line at the end. When the file is opened, half a line that
// begins as an alert does is cut off: whoever writes from a cursor has not moved it past that line,
// and writes it again. Any other unfinished line is somebody else's; it gets its line end and
// stays. For the same reason lines that were written, but whose cursor was not stored before a
// kill, are written twice: (id, n) tells.
//
// Not thread-safe, but for RequestReopen.
class FileOutput final : public Output {
 public:
  static absl::StatusOr<std::unique_ptr<FileOutput>> Open(const std::string& path);
  // The same, but what may be half a line at the end is looked at with the first call: until then
  // somebody else may still write. The error of a path that cannot be opened comes at once.
  static absl::StatusOr<std::unique_ptr<FileOutput>> OpenLater(const std::string& path);

  absl::Status Write(const Alert& alert) override;
  // The same for JSON that comes from the store.
  absl::Status WriteLine(std::string_view json);
  // What was written before it is on the disk. After an error of any call
  // the lines since the last successful Flush may be missing, and the next call opens the file
  // anew.
  absl::Status Flush() override;

  // The next call opens the path anew: somebody has renamed the file (SIGUSR1, logrotate). From any
  // thread.
  void RequestReopen() { reopen_requested_ = true; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit FileOutput(std::string path) : path_(std::move(path)) {}

  absl::Status OpenFile();
  // Opens the file if it is not open, or is to be opened anew.
  absl::Status Prepare();
  // Closes the file after an error.
  absl::Status Checked(absl::Status status);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::optional<FileWriter> writer_;  // of file_
  std::atomic<bool> reopen_requested_ = false;
};

}  // namespace hark::alert
