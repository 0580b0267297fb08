#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "ingest/byte_stream.h"

namespace hark::ingest {

// The bytes of a file, a named pipe or standard input, read with read(2). Not thread-safe.
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

  // Reading it never waits for anyone.
  bool is_regular() const { return !may_wait_; }
  // The first bytes of a regular file, at most `size`, which Read gives all the same. Empty for
  // what can be read only once, and if they cannot be read.
  std::string PeekStart(std::size_t size) const;

 private:
  FileStream(std::string path, int fd, const std::atomic<bool>* stop);

  // Waits until there is something to read. False if told to stop.
  bool WaitForData() const;

  const std::string path_;
  const int fd_;
  const std::atomic<bool>* const stop_;
  std::uint64_t size_ = 0;
  bool may_wait_ = false;  // no regular file: reading it can take forever
};

// True if the path names a regular file, which can be read more than once from its start.
bool IsRegularFile(const std::string& path);

}  // namespace hark::ingest
