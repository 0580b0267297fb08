#include "ingest/open_file.h"

#include <utility>

#include "base/status_macros.h"
#include "ingest/compressed_format.h"
#include "ingest/decompress_stream.h"
#include "ingest/file_stream.h"
#include "ingest/read_ahead_stream.h"

namespace hark::ingest {
namespace {

// Fails once it is told to, so that the thread which reads ahead ends: a decompressor that looks
// for the next member in a damaged file reads many times before it returns.
class CancellableStream final : public ByteStream {
 public:
  CancellableStream(std::unique_ptr<ByteStream> stream,
                    std::shared_ptr<std::atomic<bool>> cancelled)
      : stream_(std::move(stream)), cancelled_(std::move(cancelled)) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    if (cancelled_->load(std::memory_order_relaxed)) {
      return absl::CancelledError("nobody reads on");
    }
    return stream_->Read(data, size);
  }
  std::uint64_t size_hint() const override { return stream_->size_hint(); }

 private:
  const std::unique_ptr<ByteStream> stream_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteStream>> OpenFile(const std::string& path,
                                                     const std::atomic<bool>* stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileStream> file, FileStream::Open(path, stop));
  if (!file->is_regular()) {
    return Decompress(std::move(file));
  }
  if (FormatOf(file->PeekStart(kMagicBytes)) == CompressedFormat::kNone) {
    return file;
  }
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  auto stream = std::make_unique<CancellableStream>(std::move(file), cancelled);
  return std::make_unique<ReadAheadStream>(Decompress(std::move(stream)), std::move(cancelled));
}

}  // namespace hark::ingest
