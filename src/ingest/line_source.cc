#include "ingest/line_source.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

#include "base/status_macros.h"

namespace hark::ingest {
namespace {

constexpr std::size_t kPadding = 64;
// Reads are at least this long, however small the batches: a batch of one record must not cost a
// system call for each byte.
constexpr std::size_t kMinReadBytes = 4096;

// Makes room for `needed` bytes and the padding, keeping the first `used` ones. A buffer that one
// long record has made much larger than that is given back.
void Reserve(RecordBatch& batch, std::size_t used, std::size_t needed) {
  const std::size_t capacity = needed + kPadding;
  if (batch.capacity >= capacity && (used > 0 || batch.capacity / 4 <= capacity)) {
    return;
  }
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (used > 0) {
    std::memcpy(larger.get(), batch.buffer.get(), used);
  }
  batch.buffer = std::move(larger);
  batch.capacity = capacity;
}

// The length of the whole lines that make up a batch: up to the last line feed within max_bytes,
// else up to the first one at or after `searched`. 0 if there is none; the bytes before `searched`
// are known to have none.
std::size_t WholeLines(std::string_view bytes, std::size_t max_bytes, std::size_t searched) {
  const std::string_view wanted = bytes.substr(0, max_bytes);
  if (searched < wanted.size()) {
    const void* const last = memrchr(wanted.data() + searched, '\n', wanted.size() - searched);
    if (last != nullptr) {
      return static_cast<std::size_t>(static_cast<const char*>(last) - bytes.data()) + 1;
    }
  }
  const std::size_t first = bytes.find('\n', std::max(searched, wanted.size()));
  return first == std::string_view::npos ? 0 : first + 1;
}

}  // namespace

LineSource::LineSource(Identity identity, std::unique_ptr<ByteStream> stream,
                       std::size_t max_record_bytes)
    : identity_(std::move(identity)),
      stream_(std::move(stream)),
      max_record_bytes_(max_record_bytes) {}

absl::Status LineSource::Read(std::size_t max_bytes, RecordBatch& batch) {
  const std::size_t limit = std::max(max_record_bytes_, max_bytes);
  batch.damages.clear();
  batch.context.clear();
  size_ = carry_.size();
  std::size_t target = std::max({max_bytes, kMinReadBytes, carry_.size()});
  Reserve(batch, 0, target);
  std::memcpy(batch.buffer.get(), carry_.data(), size_);
  carry_.clear();
  std::size_t searched = 0;
  while (true) {
    const std::string_view bytes(batch.buffer.get(), size_);
    const std::size_t length = WholeLines(bytes, max_bytes, searched);
    if (length > 0 && length <= limit + 1) {
      Cut(length, batch);
      return absl::OkStatus();
    }
    if (length > 0 || size_ > limit) {
      if (absl::Status status = DropRecord(batch); !status.ok()) {
        return status;
      }
      searched = 0;
      continue;
    }
    if (ended_) {
      Cut(size_, batch);
      return absl::OkStatus();
    }
    searched = size_;
    if (size_ >= target) {
      target = std::min(2 * size_, limit + kMinReadBytes);
      Reserve(batch, size_, target);
    }
    RETURN_IF_ERROR(Fill(target, batch));
  }
}

absl::Status LineSource::Fill(std::size_t target, RecordBatch& batch) {
  ASSIGN_OR_RETURN(const std::size_t count,
                   stream_->Read(batch.buffer.get() + size_, target - size_));
  size_ += count;
  ended_ = count == 0;
  return absl::OkStatus();
}

absl::Status LineSource::DropRecord(RecordBatch& batch) {
  batch.damages.push_back({.reason = RejectReason::kTooLarge, .offset = offset_, .length = 0});
  while (true) {
    const void* const newline = std::memchr(batch.buffer.get(), '\n', size_);
    if (newline != nullptr) {
      const auto* const end = static_cast<const char*>(newline) + 1;
      const auto dropped = static_cast<std::size_t>(end - batch.buffer.get());
      size_ -= dropped;
      offset_ += dropped;
      std::memmove(batch.buffer.get(), end, size_);
      return absl::OkStatus();
    }
    offset_ += size_;
    size_ = 0;
    if (ended_) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Fill(batch.capacity - kPadding, batch));
  }
}

void LineSource::Cut(std::size_t length, RecordBatch& batch) {
  carry_.assign(batch.buffer.get() + length, size_ - length);
  // The padding is defined, so that what a vector instruction reads beyond the end is the same in
  // every run.
  std::memset(batch.buffer.get() + length, 0, kPadding);
  batch.data = std::string_view(batch.buffer.get(), length);
  batch.offset = offset_;
  offset_ += length;
}

}  // namespace hark::ingest
