#include "ingest/read_ahead_stream.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace hark::ingest {
namespace {

std::atomic<int> running_threads{0};

bool TakeSlot() {
  if (running_threads.fetch_add(1) < ReadAheadStream::kMaxThreads) {
    return true;
  }
  running_threads.fetch_sub(1);
  return false;
}

void ReturnSlot() {
  running_threads.fetch_sub(1);
}

}  // namespace

ReadAheadStream::ReadAheadStream(std::unique_ptr<ByteStream> stream,
                                 std::shared_ptr<std::atomic<bool>> cancelled)
    : stream_(std::move(stream)),
      cancelled_(std::move(cancelled)),
      size_hint_(stream_->size_hint()) {}

ReadAheadStream::~ReadAheadStream() {
  if (cancelled_ != nullptr) {
    cancelled_->store(true, std::memory_order_relaxed);
  }
  filled_.Close();
  emptied_.Close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

int ReadAheadStream::RunningThreads() {
  // A Read that finds no slot counts for a moment.
  return std::min(running_threads.load(), kMaxThreads);
}

absl::StatusOr<std::size_t> ReadAheadStream::Read(char* data, std::size_t size) {
  if (!has_thread() && (!std::exchange(has_read_, true) || end_ || !StartThread())) {
    return ReadInline(data, size);
  }
  if (!end_ && (!current_ || current_->given == current_->size)) {
    NextChunk();
  }
  if (end_) {
    return end_->ok() ? absl::StatusOr<std::size_t>(0U) : *end_;
  }
  const std::size_t count = std::min(size, current_->size - current_->given);
  std::memcpy(data, current_->bytes.get() + current_->given, count);
  current_->given += count;
  given_ += count;
  return count;
}

absl::StatusOr<std::size_t> ReadAheadStream::ReadInline(char* data, std::size_t size) {
  if (end_) {
    return end_->ok() ? absl::StatusOr<std::size_t>(0U) : *end_;
  }
  absl::StatusOr<std::size_t> count = stream_->Read(data, size);
  stream_->TakeDamages(damages_);
  if (!count.ok() || *count == 0) {
    end_ = count.status();
  } else {
    given_ += *count;
  }
  return count;
}

void ReadAheadStream::NextChunk() {
  if (current_) {
    // Closed only by the destructor; there is room for every chunk.
    HARK_CHECK(emptied_.Push(*std::move(current_)));
  }
  current_ = filled_.Pop();
  damages_.insert(damages_.end(), current_->damages.begin(), current_->damages.end());
  if (current_->size == 0) {
    end_ = current_->status;
  }
}

void ReadAheadStream::TakeDamages(std::vector<Damage>& damages) {
  auto taken = damages_.begin();
  while (taken != damages_.end() && (end_ || taken->offset <= given_)) {
    damages.push_back(*taken++);
  }
  damages_.erase(damages_.begin(), taken);
}

bool ReadAheadStream::StartThread() {
  if (!TakeSlot()) {
    return false;
  }
  try {
    thread_ = std::thread([this] {
      Run();
      ReturnSlot();
    });
  } catch (const std::system_error&) {
    // The system has no thread left. Reading goes on without one.
    ReturnSlot();
    return false;
  }
  for (std::size_t i = 0; i < kChunks; ++i) {
    Chunk chunk;
    chunk.bytes = std::make_unique_for_overwrite<char[]>(kChunkBytes);
    HARK_CHECK(emptied_.Push(std::move(chunk)));
  }
  return true;
}

void ReadAheadStream::Run() {
  while (std::optional<Chunk> chunk = emptied_.Pop()) {
    chunk->damages.clear();
    chunk->given = 0;
    const absl::StatusOr<std::size_t> count = stream_->Read(chunk->bytes.get(), kChunkBytes);
    stream_->TakeDamages(chunk->damages);
    chunk->status = count.status();
    chunk->size = count.ok() ? *count : 0;
    const bool is_last = chunk->size == 0;
    if (!filled_.Push(*std::move(chunk)) || is_last) {
      return;
    }
  }
}

}  // namespace hark::ingest
