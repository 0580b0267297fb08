#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"
#include "ingest/find_files.h"
#include "ingest/fingerprint.h"

namespace hark::ingest {

// One file of a followed log, open for reading: plain, and then perhaps growing, or compressed, and
// then finished. It stays the same file whatever happens to its path. Errors name the path that it
// was opened by. Not thread-safe.
class LogFile {
 public:
  // Opens a regular file at its beginning; NotFound if there is none.
  static absl::StatusOr<std::unique_ptr<LogFile>> Open(const std::string& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // That it was opened by.
  const std::string& path() const { return path_; }
  // As it was when it was opened.
  const FileInfo& info() const { return info_; }
  bool is_compressed() const { return unpacked_ != nullptr; }
  // Where the next Read begins, in uncompressed bytes.
  std::uint64_t offset() const { return offset_; }

  // How long a plain file is now; of a compressed one nobody knows.
  absl::StatusOr<std::uint64_t> Size() const;
  // What the file begins with now. Of a compressed one it never changes.
  absl::StatusOr<ContentHead> Head();
  // Goes forward to `offset`, behind the NULs that the file may begin with. False if the file is
  // not so long. FilePlace::kEndOfFile is behind all there is.
  absl::StatusOr<bool> SkipTo(std::uint64_t offset);
  // Goes behind the last line feed that a plain file has, and to the end of a compressed one.
  absl::Status SkipLines();
  // 0: there is no more now.
  absl::StatusOr<std::size_t> Read(char* data, std::size_t size);
  // As ByteStream::TakeDamages; what was skipped has none.
  void TakeDamages(std::vector<Damage>& damages);

 private:
  explicit LogFile(std::string path) : path_(std::move(path)) {}

  absl::Status OpenPlain();
  absl::Status OpenCompressed();
  absl::StatusOr<std::size_t> ReadAt(std::uint64_t offset, char* data, std::size_t size) const;
  absl::StatusOr<std::size_t> ReadUnpacked(char* data, std::size_t size);
  // Where the first byte is that is no NUL; the size if there is none.
  absl::StatusOr<std::uint64_t> FindContent() const;

  const std::string path_;
  FileInfo info_;
  std::uint64_t offset_ = 0;
  ContentHead head_;  // of a plain file only its start, once it is known
  // Plain files.
  int descriptor_ = -1;
  // Compressed files.
  std::unique_ptr<ByteStream> unpacked_;
  std::uint64_t unpacked_offset_ = 0;  // bytes that it has given
};

}  // namespace hark::ingest
