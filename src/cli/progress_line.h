#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/time/time.h"

#include "hark/clock.h"

#include "pipeline/replay.h"

namespace hark::cli {

// One line on a terminal that says how far a replay has come:
//
//   412 MB of 1.0 GB, 890 MB/s, 890 k events/s, 1 s left
//
// It does nothing if the file is no terminal. Not thread-safe; file and clock must outlive it.
class ProgressLine {
 public:
  // `total_bytes` may be 0: then no time left is shown.
  ProgressLine(std::FILE* file, std::uint64_t total_bytes, const Clock& clock);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Shows the line again if the last time was long enough ago.
  void Update(const pipeline::ReplayProgress& progress);
  // Removes the line from the terminal, so that something else can be written there.
  void Clear();

 private:
  std::FILE* const file_;
  const std::uint64_t total_bytes_;
  const Clock& clock_;
  const absl::Time start_;
  const bool enabled_;
  absl::Time next_;
  bool shown_ = false;
};

// "27.3 MB": in powers of 1000, with three digits.
std::string FormatBytes(std::uint64_t bytes);

// What the line says after `elapsed`.
std::string FormatProgress(const pipeline::ReplayProgress& progress, std::uint64_t total_bytes,
                           absl::Duration elapsed);

}  // namespace hark::cli
