#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "hark/source.h"

namespace hark::ingest {

// So many bytes behind its data can be read of every batch.
constexpr std::size_t kBatchPadding = 64;

// Makes room for `needed` bytes and the padding, keeping the first `used` ones. A buffer that one
// long record has made much larger than that is given back.
inline void ReserveBuffer(RecordBatch& batch, std::size_t used, std::size_t needed) {
  const std::size_t capacity = needed + kBatchPadding;
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

// The first `length` bytes of the buffer are the batch. REQUIRES: there is room for them.
inline void SetData(RecordBatch& batch, std::size_t length) {
  // The padding is defined, so that what a vector instruction reads beyond the end is the same in
  // every run.
  std::memset(batch.buffer.get() + length, 0, kBatchPadding);
  batch.data = std::string_view(batch.buffer.get(), length);
}

}  // namespace hark::ingest
