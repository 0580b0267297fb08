#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "ingest/record_source.h"

namespace hark::ingest {

constexpr std::size_t kMaxRecordBytes = 20'000;
constexpr RecordSource::Limits kLimits = {
    .max_record_bytes = kMaxRecordBytes, .long_list = 8000, .long_read = 3000};

// Gives out a text in pieces of at most `piece` bytes, then fails or ends.
class ScriptedStream final : public ByteStream {
 public:
  ScriptedStream(std::string text, std::size_t piece, absl::Status end)
      : text_(std::move(text)), piece_(piece), end_(std::move(end)) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    const std::size_t count = std::min({size, piece_, text_.size() - given_});
    if (count == 0 && !end_.ok()) {
      return end_;
    }
    std::memcpy(data, text_.data() + given_, count);
    given_ += count;
    return count;
  }
  std::uint64_t size_hint() const override { return text_.size(); }
  std::size_t given() const { return given_; }

 private:
  const std::string text_;
  const std::size_t piece_;
  const absl::Status end_;
  std::size_t given_ = 0;
};

struct Batches {
  std::vector<std::string> data;
  std::vector<std::uint64_t> offsets;
  std::vector<std::string> contexts;
  std::vector<Damage> damages;
  absl::Status status;
};

inline std::string Joined(const Batches& batches) {
  std::string text;
  for (const std::string& data : batches.data) {
    text += data;
  }
  return text;
}

inline std::string LongList(const std::string& head, const std::string& tail) {
  std::string text = head;
  for (int i = 0; i < 1000; ++i) {
    text += (i > 0 ? ",\n" : "") + std::string("{\"item\":\"]\"}");
  }
  return text + tail;
}

class RecordSourceTest : public ::testing::Test {
 protected:
  Batches ReadAll(const std::string& text, std::size_t max_bytes) {
    RecordSource source({.name = "test", .cluster = {}},
                        std::make_unique<ScriptedStream>(text, piece_, end_), kLimits);
    Batches batches;
    RecordBatch batch;
    while (true) {
      batches.status = source.Read(max_bytes, batch);
      if (!batches.status.ok() || batch.at_end()) {
        return batches;
      }
      batches.data.emplace_back(batch.data);
      batches.offsets.push_back(batch.offset);
      batches.contexts.push_back(batch.context);
      batches.damages.insert(batches.damages.end(), batch.damages.begin(), batch.damages.end());
    }
  }

  std::size_t piece_ = 1 << 20;
  absl::Status end_;
};

}  // namespace hark::ingest
