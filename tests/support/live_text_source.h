#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "hark/source.h"

namespace hark::testing {

// What a log that is being written holds at the time. Outlives its sources.
struct LiveText {
  std::string text;
  absl::Status error;  // of every Read, if not OK
};

// A source that follows it, whole lines at a time. Its cursor is where it is, in digits.
class LiveTextSource : public Source {
 public:
  LiveTextSource(std::string name, const LiveText& text, std::size_t position = 0)
      : name_(std::move(name)), text_(text), position_(position) {}

  const std::string& name() const override { return name_; }
  const std::string& cluster() const override { return cluster_; }
  std::uint64_t size_hint() const override { return 0; }
  std::string cursor() const override { return std::to_string(position_); }
  bool Rewind() override { return false; }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override {
    batch.Clear();
    if (!text_.error.ok()) {
      return text_.error;
    }
    std::size_t length = 0;
    for (std::size_t end = position_; (end = text_.text.find('\n', end)) != std::string::npos;) {
      ++end;
      if (length > 0 && end - position_ > max_bytes) {
        break;
      }
      length = end - position_;
    }
    batch.capacity = length + 64;
    batch.buffer = std::make_unique<char[]>(batch.capacity);
    std::memcpy(batch.buffer.get(), text_.text.data() + position_, length);
    batch.data = std::string_view(batch.buffer.get(), length);
    batch.offset = position_;
    position_ += length;
    return absl::OkStatus();
  }

 private:
  const std::string name_;
  const std::string cluster_;
  const LiveText& text_;
  std::size_t position_;
};

}  // namespace hark::testing
