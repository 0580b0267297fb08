#include "ingest/open_file.h"

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/read_ahead_stream.h"
#include "support/compression.h"
#include "support/scripted_stream.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::Gzip;
using ::hark::testing::IsOk;
using ::hark::testing::LogLines;
using ::hark::testing::ReadAll;
using ::hark::testing::StatusIs;
using ::hark::testing::StreamContent;
using ::hark::testing::TempDir;
using ::hark::testing::Zstd;
using ::testing::_;
using ::testing::SizeIs;

std::unique_ptr<ByteStream> Open(const std::string& path) {
  absl::StatusOr<std::unique_ptr<ByteStream>> stream = OpenFile(path, nullptr);
  EXPECT_THAT(stream, IsOk());
  return *std::move(stream);
}

TEST(OpenFileTest, AFileIsReadHoweverItIsCompressed) {
  const TempDir dir;
  const std::string text = LogLines(3 << 20);
  for (const std::string& bytes : {text, Gzip(text), Zstd(text)}) {
    const auto stream = Open(dir.Write("audit.log", bytes));
    EXPECT_EQ(stream->size_hint(), bytes.size());
    const StreamContent content = ReadAll(*stream);
    EXPECT_THAT(content.status, IsOk());
    EXPECT_TRUE(content.text == text);
  }
}

TEST(OpenFileTest, ACompressedPipeIsReadWithoutAThread) {
  const TempDir dir;
  const std::string text = LogLines(1 << 20);
  const std::string path = dir.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto stream = Open(path);
  std::thread writer([&] { std::ofstream(path) << Gzip(text); });
  EXPECT_TRUE(ReadAll(*stream).text == text);
  EXPECT_EQ(ReadAheadStream::RunningThreads(), 0);
  writer.join();
}

TEST(OpenFileTest, DamagesComeThroughTheThread) {
  const TempDir dir;
  const std::string text = LogLines(3 << 20);
  const auto stream = Open(dir.Write("audit.log.gz", Gzip(text) + "garbage" + Gzip(text)));
  const StreamContent content = ReadAll(*stream);
  EXPECT_TRUE(content.text == text + "\n" + text);
  ASSERT_THAT(content.damages, SizeIs(1));
  EXPECT_EQ(content.damages[0].offset, text.size());
}

TEST(OpenFileTest, AFileThatIsNotReadToItsEndIsClosed) {
  const TempDir dir;
  const std::string path = dir.Write("audit.log.zst", Zstd(LogLines(10 << 20)));
  for (int i = 0; i < 10; ++i) {
    char buffer[100];
    const auto stream = Open(path);
    EXPECT_THAT(stream->Read(buffer, 100), IsOk());
    EXPECT_THAT(stream->Read(buffer, 100), IsOk());
  }
}

TEST(OpenFileTest, AMissingFileIsAnError) {
  const TempDir dir;
  EXPECT_THAT(OpenFile(dir.Path("missing"), nullptr), StatusIs(absl::StatusCode::kNotFound, _));
}

}  // namespace
}  // namespace hark::ingest
