#include "ingest/line_source.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr std::size_t kMaxRecordBytes = 20'000;

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

 private:
  const std::string text_;
  const std::size_t piece_;
  const absl::Status end_;
  std::size_t given_ = 0;
};

struct Batches {
  std::vector<std::string> data;
  std::vector<std::uint64_t> offsets;
  std::uint64_t too_large = 0;
  absl::Status status;
};

class LineSourceTest : public ::testing::Test {
 protected:
  Batches ReadAll(const std::string& text, std::size_t max_bytes) {
    LineSource source({.name = "test", .cluster = {}},
                      std::make_unique<ScriptedStream>(text, piece_, end_), kMaxRecordBytes);
    Batches batches;
    RecordBatch batch;
    while (true) {
      batches.status = source.Read(max_bytes, batch);
      if (!batches.status.ok() || batch.at_end()) {
        return batches;
      }
      batches.data.emplace_back(batch.data);
      batches.offsets.push_back(batch.offset);
      batches.too_large += batch.damages.size();
    }
  }

  std::size_t piece_ = 1 << 20;
  absl::Status end_;
};

TEST_F(LineSourceTest, AnEmptyFileHasNoBatches) {
  EXPECT_THAT(ReadAll("", 100).data, IsEmpty());
}

TEST_F(LineSourceTest, ABatchEndsAtTheLastLineFeedThatFits) {
  EXPECT_THAT(ReadAll("one\ntwo\nthree\nfour\n", 10).data,
              ElementsAre("one\ntwo\n", "three\n", "four\n"));
}

TEST_F(LineSourceTest, ABatchOfOneByteIsOneRecord) {
  EXPECT_THAT(ReadAll("one\ntwo\nthree", 1).data, ElementsAre("one\n", "two\n", "three"));
}

TEST_F(LineSourceTest, TheLastLineNeedsNoLineFeed) {
  EXPECT_THAT(ReadAll("one\ntwo", 100).data, ElementsAre("one\n", "two"));
}

TEST_F(LineSourceTest, OffsetsSayWhereABatchStands) {
  EXPECT_THAT(ReadAll("one\ntwo\nthree\n", 4).offsets, ElementsAre(0, 4, 8));
}

TEST_F(LineSourceTest, ARecordLongerThanABatchComesWhole) {
  const std::string record = std::string(kMaxRecordBytes, 'x') + "\n";
  EXPECT_THAT(ReadAll("a\n" + record + "b\n", 100).data, ElementsAre("a\n", record, "b\n"));
}

TEST_F(LineSourceTest, ARecordOverTheLimitIsCutOutAndCounted) {
  const std::string record = std::string(kMaxRecordBytes + 1, 'x') + "\n";
  const Batches batches = ReadAll("a\n" + record + "b\n" + record + record + "c\n", 100);
  EXPECT_THAT(batches.data, ElementsAre("a\n", "b\n", "c\n"));
  EXPECT_EQ(batches.too_large, 3);
  EXPECT_EQ(batches.offsets.back(), 2 + 3 * record.size() + 2);
}

TEST_F(LineSourceTest, ARecordOverTheLimitMayBeTheLastOne) {
  const Batches batches = ReadAll("a\n" + std::string(3 * kMaxRecordBytes, 'x'), 100);
  EXPECT_THAT(batches.data, ElementsAre("a\n", ""));
  EXPECT_EQ(batches.too_large, 1);
}

TEST_F(LineSourceTest, PiecesOfAnySizeGiveTheSameLines) {
  std::string text;
  for (std::size_t i = 0; i < 300; ++i) {
    text += std::string(i, static_cast<char>('a' + i % 26)) + "\n";
  }
  for (piece_ = 1; piece_ < 5000; piece_ = piece_ * 3 + 1) {
    for (const std::size_t max_bytes : {1U, 100U, 5000U, 100'000U}) {
      std::string read;
      for (const std::string& data : ReadAll(text, max_bytes).data) {
        EXPECT_EQ(data.back(), '\n');
        read += data;
      }
      EXPECT_EQ(read, text) << "pieces of " << piece_ << ", batches of " << max_bytes;
    }
  }
}

TEST_F(LineSourceTest, BatchesAreNoLongerThanAsked) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "0123456789\n";
  }
  EXPECT_THAT(ReadAll(text, 1000).data, Each(SizeIs(Le(1000))));
}

TEST_F(LineSourceTest, AnErrorComesAfterTheWholeLinesBeforeIt) {
  end_ = absl::UnavailableError("the disk is gone");
  const Batches batches = ReadAll("one\ntwo\nthr", 100);
  EXPECT_THAT(batches.data, ElementsAre("one\ntwo\n"));
  EXPECT_THAT(batches.status, StatusIs(absl::StatusCode::kUnavailable, "the disk is gone"));
}

TEST_F(LineSourceTest, ABufferIsUsedAgain) {
  LineSource source({.name = "test", .cluster = {}},
                    std::make_unique<ScriptedStream>(std::string(50'000, '\n'), piece_, end_));
  RecordBatch batch;
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  const char* const buffer = batch.buffer.get();
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  EXPECT_EQ(batch.buffer.get(), buffer);
}

TEST_F(LineSourceTest, ThereAre64ReadableBytesAfterTheData) {
  LineSource source({.name = "test", .cluster = {}},
                    std::make_unique<ScriptedStream>(std::string(4096, '\n'), piece_, end_));
  RecordBatch batch;
  ASSERT_THAT(source.Read(1, batch), IsOk());
  EXPECT_EQ(std::string(batch.data.data() + batch.data.size(), 64), std::string(64, '\0'));
}

}  // namespace
}  // namespace hark::ingest
