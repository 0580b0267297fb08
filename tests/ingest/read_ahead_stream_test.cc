#include "ingest/read_ahead_stream.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/compression.h"
#include "support/scripted_stream.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::LogLines;
using ::hark::testing::ReadAll;
using ::hark::testing::ScriptedStream;
using ::hark::testing::StatusIs;
using ::hark::testing::StreamContent;
using ::testing::SizeIs;

constexpr std::size_t kLarge = 20 * ReadAheadStream::kChunkBytes;

std::unique_ptr<ReadAheadStream> ReadAhead(ScriptedStream::Script script) {
  return std::make_unique<ReadAheadStream>(std::make_unique<ScriptedStream>(std::move(script)));
}

void ReadTwice(ByteStream& stream) {
  char byte = 0;
  ASSERT_EQ(*stream.Read(&byte, 1), 1);
  ASSERT_EQ(*stream.Read(&byte, 1), 1);
}

TEST(ReadAheadStreamTest, GivesTheBytesOfTheStream) {
  const std::string text = LogLines(kLarge);
  for (const std::size_t piece : {std::size_t{1000}, kLarge}) {
    for (const std::size_t size : {std::size_t{777}, kLarge}) {
      const auto stream = ReadAhead({.text = text, .piece = piece, .end = {}, .damages = {}});
      const StreamContent content = ReadAll(*stream, size);
      EXPECT_THAT(content.status, IsOk());
      EXPECT_TRUE(content.text == text) << "pieces of " << piece << ", reads of " << size;
    }
  }
}

TEST(ReadAheadStreamTest, AnEmptyStreamStaysEmpty) {
  const auto stream = ReadAhead({});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ReadAll(*stream).text, "");
  }
}

TEST(ReadAheadStreamTest, TheFirstReadStartsNoThread) {
  const auto stream = ReadAhead({.text = "one", .piece = 3, .end = {}, .damages = {}});
  char byte = 0;
  ASSERT_EQ(*stream->Read(&byte, 1), 1);
  EXPECT_FALSE(stream->has_thread());
  ASSERT_EQ(*stream->Read(&byte, 1), 1);
  EXPECT_TRUE(stream->has_thread());
}

TEST(ReadAheadStreamTest, AnErrorComesAfterTheBytesBeforeItAndIsFinal) {
  const std::string text = LogLines(kLarge);
  const auto stream = ReadAhead({.text = text,
                                 .piece = 5000,
                                 .end = absl::UnavailableError("the disk is gone"),
                                 .damages = {}});
  const StreamContent content = ReadAll(*stream);
  EXPECT_TRUE(content.text == text);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(ReadAll(*stream).status,
                StatusIs(absl::StatusCode::kUnavailable, "the disk is gone"));
  }
}

TEST(ReadAheadStreamTest, ADamageIsNotThereBeforeTheBytesBeforeIt) {
  std::vector<Damage> damages;
  for (std::uint64_t i = 0; i < 100; ++i) {
    damages.push_back({.reason = RejectReason::kDamaged, .offset = i * 10'007, .length = 0});
  }
  const auto stream = ReadAhead(
      {.text = std::string(1 << 20, 'x'), .piece = 100'000, .end = {}, .damages = damages});
  std::vector<Damage> taken;
  std::string buffer(999, '\0');
  std::uint64_t given = 0;
  while (const std::size_t count = *stream->Read(buffer.data(), buffer.size())) {
    given += count;
    stream->TakeDamages(taken);
    ASSERT_TRUE(taken.empty() || taken.back().offset <= given);
  }
  EXPECT_THAT(taken, SizeIs(damages.size()));
}

TEST(ReadAheadStreamTest, ADamageAtTheEndIsThereAtTheEnd) {
  // Of the last byte: the thread has read it long before.
  const auto stream =
      ReadAhead({.text = "0123456789",
                 .piece = 1,
                 .end = {},
                 .damages = {{.reason = RejectReason::kDamaged, .offset = 9, .length = 0}}});
  EXPECT_THAT(ReadAll(*stream, 1).damages, SizeIs(1));
}

TEST(ReadAheadStreamTest, MoreStreamsThanThreadsAreAllRead) {
  const std::string text = LogLines(kLarge);
  std::vector<std::unique_ptr<ReadAheadStream>> streams;
  int threads = 0;
  for (int i = 0; i < ReadAheadStream::kMaxThreads + 3; ++i) {
    streams.push_back(ReadAhead({.text = text, .piece = kLarge, .end = {}, .damages = {}}));
    ReadTwice(*streams.back());
    threads += streams.back()->has_thread() ? 1 : 0;
  }
  EXPECT_EQ(threads, ReadAheadStream::kMaxThreads);
  EXPECT_EQ(ReadAheadStream::RunningThreads(), ReadAheadStream::kMaxThreads);
  for (const auto& stream : streams) {
    EXPECT_TRUE(ReadAll(*stream).text == text.substr(2));
  }
}

TEST(ReadAheadStreamTest, AThreadThatHasEndedMakesRoomForAnother) {
  std::vector<std::unique_ptr<ReadAheadStream>> streams;
  for (int i = 0; i < ReadAheadStream::kMaxThreads; ++i) {
    streams.push_back(ReadAhead({.text = std::string(kLarge, 'x'), .end = {}, .damages = {}}));
    ReadTwice(*streams.back());
  }
  const auto next = ReadAhead({.text = std::string(kLarge, 'x'), .end = {}, .damages = {}});
  ReadTwice(*next);
  EXPECT_FALSE(next->has_thread());
  streams.clear();
  ReadTwice(*next);
  EXPECT_TRUE(next->has_thread());
}

TEST(ReadAheadStreamTest, CanBeDroppedWhileItsThreadWaitsForTheReader) {
  for (int i = 0; i < 50; ++i) {
    const auto stream = ReadAhead({.text = std::string(kLarge, 'x'), .end = {}, .damages = {}});
    ReadTwice(*stream);
  }
  EXPECT_EQ(ReadAheadStream::RunningThreads(), 0);
}

// Reads without end and brings nothing until it is told to stop, like a decompressor in a file that
// is damaged from there on.
class SearchingStream final : public ByteStream {
 public:
  explicit SearchingStream(std::shared_ptr<std::atomic<bool>> cancelled)
      : cancelled_(std::move(cancelled)) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t /*size*/) override {
    if (reads_++ < 2) {
      *data = 'x';
      return 1U;
    }
    while (!cancelled_->load()) {
      std::this_thread::yield();
    }
    return absl::CancelledError("stopped");
  }
  std::uint64_t size_hint() const override { return 0; }

 private:
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  int reads_ = 0;
};

TEST(ReadAheadStreamTest, TellsAStreamThatBringsNothingToStop) {
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  ReadAheadStream stream(std::make_unique<SearchingStream>(cancelled), cancelled);
  ReadTwice(stream);
  EXPECT_TRUE(stream.has_thread());
}

}  // namespace
}  // namespace hark::ingest
