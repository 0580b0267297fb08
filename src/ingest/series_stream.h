#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"
#include "ingest/input_errors.h"

namespace hark::ingest {

// Several files as one stream, in their order: the rotated logs of one API server. One is open at a
// time, from the first Read that reaches it until it ends.
//
// Between two files there is always a line feed: one is added where a file does not end in one, so
// that a record that was cut off is not glued to the next one. A file that cannot be opened or read
// on is told to `errors`, and the next one is read: Read itself never fails.
//
// Offsets, those of damages too, count the bytes that Read has given. Not thread-safe.
class SeriesStream final : public ByteStream {
 public:
  // Opens a file; its error names the path.
  using Opener =
      std::function<absl::StatusOr<std::unique_ptr<ByteStream>>(const std::string& path)>;

  // `errors` must outlive the stream.
  SeriesStream(std::vector<std::string> paths, Opener open, InputErrors& errors);

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override;
  // Unknown: the files are not looked at before they are read.
  std::uint64_t size_hint() const override { return 0; }
  void TakeDamages(std::vector<Damage>& damages) override;

 private:
  // Opens the next file that can be opened. False if there is none.
  bool OpenNext();
  // Reads from the file that is open. 0 once it is at its end, and closed.
  std::size_t ReadFile(char* data, std::size_t size);
  void CollectDamages();

  const std::vector<std::string> paths_;
  const Opener open_;
  InputErrors& errors_;
  std::size_t next_ = 0;              // into paths_
  std::unique_ptr<ByteStream> file_;  // null between two files
  std::uint64_t file_start_ = 0;      // where the first byte of file_ is in the series
  std::uint64_t offset_ = 0;          // bytes given so far
  bool in_line_ = false;              // the last byte given was no line feed
  std::vector<Damage> damages_;       // not taken yet
};

}  // namespace hark::ingest
