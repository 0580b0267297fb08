#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

#include "hark/source.h"

namespace hark::testing {

// A source over a text in memory, line by line: a batch is as many whole lines as fit.
class MemorySource final : public Source {
 public:
  MemorySource(std::string name, std::string lines)
      : name_(std::move(name)), lines_(std::move(lines)) {}

  const std::string& name() const override { return name_; }
  const std::string& cluster() const override { return cluster_; }
  std::uint64_t size_hint() const override { return lines_.size(); }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override {
    batch.Clear();
    std::size_t length = 0;
    while (position_ + length < lines_.size()) {
      const std::size_t newline = lines_.find('\n', position_ + length);
      const std::size_t end = newline == std::string::npos ? lines_.size() : newline + 1;
      if (length > 0 && end - position_ > max_bytes) {
        break;
      }
      length = end - position_;
    }
    batch.capacity = length + 64;
    batch.buffer = std::make_unique<char[]>(batch.capacity);
    std::memcpy(batch.buffer.get(), lines_.data() + position_, length);
    batch.data = std::string_view(batch.buffer.get(), length);
    batch.offset = position_;
    position_ += length;
    return absl::OkStatus();
  }
  bool Rewind() override {
    position_ = 0;
    return true;
  }

 private:
  const std::string name_;
  const std::string cluster_;
  const std::string lines_;
  std::size_t position_ = 0;
};

}  // namespace hark::testing
