#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "base/bounded_queue.h"
#include "ingest/byte_stream.h"

namespace hark::ingest {

// The bytes of another stream, read by a thread of its own: so a file is decompressed beside the
// parsing of what came before. Bytes, damages and the error keep their order.
//
// The thread starts at the second Read, as a small file ends before, and only if fewer than
// kMaxThreads of them run in the process; a later Read tries again. Until then, and else, Read
// reads by itself. The thread ends with the stream. Memory: kChunks * kChunkBytes = 1 MiB from the
// second Read on.
//
// The destructor waits for the Read that the thread is in. So it is meant for streams whose Read
// never waits for long, or ends when told to: compressed regular files, but no pipes.
// Not thread-safe.
class ReadAheadStream final : public ByteStream {
 public:
  static constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
  static constexpr std::size_t kChunks = 4;
  // Far more than keep a parser busy; a folder of compressed files must not start one for each.
  static constexpr int kMaxThreads = 8;

  // `cancelled` may be null. The destructor sets it, and a Read of `stream` that sees it should
  // fail soon.
  explicit ReadAheadStream(std::unique_ptr<ByteStream> stream,
                           std::shared_ptr<std::atomic<bool>> cancelled = nullptr);
  ~ReadAheadStream() override;
  ReadAheadStream(const ReadAheadStream&) = delete;
  ReadAheadStream& operator=(const ReadAheadStream&) = delete;

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override;
  std::uint64_t size_hint() const override { return size_hint_; }
  void TakeDamages(std::vector<Damage>& damages) override;

  // True once its thread has started.
  bool has_thread() const { return thread_.joinable(); }
  // How many of these threads run in the process.
  static int RunningThreads();

 private:
  // What one Read of the stream brought.
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;   // 0 if it is the last one
    std::size_t given = 0;  // bytes of it that were given
    absl::Status status;    // an error is the last chunk's
    std::vector<Damage> damages;
  };

  // False if no thread may start or none can.
  bool StartThread();
  void Run();
  absl::StatusOr<std::size_t> ReadInline(char* data, std::size_t size);
  // Waits for the next chunk and makes it the current one.
  void NextChunk();

  const std::unique_ptr<ByteStream> stream_;  // the thread's alone, once there is one
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  const std::uint64_t size_hint_;
  // Chunks go round: filled by the thread, emptied by Read.
  BoundedQueue<Chunk> filled_{kChunks};
  BoundedQueue<Chunk> emptied_{kChunks};
  std::thread thread_;
  // The rest belongs to the reader.
  bool has_read_ = false;
  std::optional<Chunk> current_;
  std::uint64_t given_ = 0;
  std::optional<absl::Status> end_;  // if the stream has ended: how
  std::vector<Damage> damages_;      // at, or after, what was given
};

}  // namespace hark::ingest
