#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/fact.h"
#include "hark/source.h"

#include "base/mutex.h"
#include "pipeline/event_reader.h"

namespace hark::pipeline {

// A file of what was not judged, for a person to look into: a JSON object a line with the reason,
// the source, the offset in its uncompressed bytes, the length, and the SHA-256 of the bytes.
// docs/quarantine.md describes it. It holds no value of the log, unless raw bytes are asked for;
// these are in base64, at most kMaxRawBytes of each.
//
// Keeps the first kMaxEntries of a run and counts the others: it is bounded, and a log that is all
// wrong shows it in its first lines. Which are the first depends on the threads that read.
//
// Safe to call from any number of threads.
class Quarantine {
 public:
  static constexpr std::uint64_t kMaxEntries = 10'000;
  static constexpr std::size_t kMaxRawBytes = std::size_t{1} << 20;

  enum class Raw { kNo, kYes };

  // Opens `path` for a new run; what it held is lost. The file is for its owner alone.
  static absl::StatusOr<std::unique_ptr<Quarantine>> Create(const std::string& path, Raw raw);
  ~Quarantine();
  Quarantine(const Quarantine&) = delete;
  Quarantine& operator=(const Quarantine&) = delete;

  void Add(RejectReason reason, std::string_view source, const RecordOrigin& origin)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // An event that came too late to be judged. Its bytes are gone; it is named by its key.
  void AddTooLate(std::string_view source, const Fact& fact) ABSL_LOCKS_EXCLUDED(mutex_);

  // Writes what is buffered. The first error of the file, whenever it was.
  absl::Status Finish() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  Quarantine(std::string path, int fd, Raw raw) : path_(std::move(path)), raw_(raw), fd_(fd) {}

  // Takes one of the kMaxEntries places. False if none is left.
  bool TakePlace() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(std::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteBuffer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const Raw raw_;
  const int fd_;
  Mutex mutex_;
  std::uint64_t entries_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string buffer_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hark::pipeline
