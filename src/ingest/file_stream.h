#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "ingest/byte_stream.h"
#include "ingest/find_files.h"

namespace hark::ingest {

// The bytes of a file, a named pipe or standard input, read with read(2).
//
// Of very many regular files that are read at a time only some stay open between two reads, at most
// a quarter of the descriptors that the process may have and 256: the others are closed after each
// Read and opened again by the next one, which fails if another file has the path by then.
// Not thread-safe; streams do not disturb each other.
class FileStream final : public ByteStream {
 public:
  // Opens `path`; "-" is standard input. Fails with the reason that the system gives, and for
  // folders; does not wait for the writer of a named pipe. `stop` may be null and must outlive the
  // stream: once it is true, a Read that waits for a pipe or a terminal returns as if the stream
  // had ended.
  static absl::StatusOr<std::unique_ptr<FileStream>> Open(const std::string& path,
                                                          const std::atomic<bool>* stop);
  ~FileStream() override;
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  // A file that shrinks, or grows, while it is read ends where it ends at that time.
  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override;
  std::uint64_t size_hint() const override { return size_; }

  // What the system knows of it now. REQUIRES: nothing was read yet.
  absl::StatusOr<FileInfo> Info() const { return InfoOf(fd_, path_); }
  // Reading it never waits for anyone.
  bool is_regular() const { return !may_wait_; }
  // The first bytes of a regular file, at most `size`, which Read gives all the same. Empty for
  // what can be read only once, and if they cannot be read.
  std::string PeekStart(std::size_t size) const;

 private:
  FileStream(std::string path, int fd, const std::atomic<bool>* stop);

  // Opens the file again where it was left, if it was closed after the last Read.
  absl::Status Reopen();
  void Close();
  absl::StatusOr<std::size_t> ReadSome(char* data, std::size_t size);

  // Waits until there is something to read. False if told to stop.
  bool WaitForData() const;

  const std::string path_;
  int fd_;  // -1 between two reads of a file that is not kept open
  const std::atomic<bool>* const stop_;
  std::uint64_t size_ = 0;
  bool may_wait_ = true;  // no regular file: reading it can take forever
  // A regular file may be closed and opened again: which one it is, and how far it was read.
  bool may_reopen_ = false;
  std::uint64_t device_ = 0, inode_ = 0, offset_ = 0;
};

// True if the path names a regular file, which can be read more than once from its start.
bool IsRegularFile(const std::string& path);

}  // namespace hark::ingest
