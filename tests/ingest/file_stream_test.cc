#include "ingest/file_stream.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/scripted_stream.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::ReadAll;
using ::hark::testing::StatusIs;
using ::hark::testing::StreamContent;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;

class FileStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileStream> Open(const std::string& path) {
    absl::StatusOr<std::unique_ptr<FileStream>> stream = FileStream::Open(path, &stop_);
    EXPECT_THAT(stream, IsOk());
    return *std::move(stream);
  }

  const TempDir dir_;
  std::atomic<bool> stop_ = false;
};

TEST_F(FileStreamTest, AFileThatShrinksEndsWhereItEnds) {
  const std::string path = dir_.Write("audit.log", std::string(100'000, 'x'));
  const auto stream = Open(path);
  char buffer[1000];
  ASSERT_EQ(*stream->Read(buffer, 1000), 1000);
  std::filesystem::resize_file(path, 500);
  EXPECT_EQ(*stream->Read(buffer, 1000), 0);
}

TEST_F(FileStreamTest, AFileThatGrowsEndsWhereItEndsThen) {
  const std::string path = dir_.Write("audit.log", "one\n");
  const auto stream = Open(path);
  char buffer[100];
  ASSERT_EQ(*stream->Read(buffer, 2), 2);
  std::ofstream(path, std::ios::app) << "two\n";
  EXPECT_EQ(ReadAll(*stream).text, "e\ntwo\n");
}

TEST_F(FileStreamTest, AFileThatVanishesIsReadToItsEnd) {
  const std::string path = dir_.Write("audit.log", "one\n");
  const auto stream = Open(path);
  std::filesystem::remove(path);
  EXPECT_EQ(ReadAll(*stream).text, "one\n");
}

TEST_F(FileStreamTest, AReadThatFailsNamesTheFile) {
  // Nothing is mapped at address 0, so it can be opened but not read.
  const StreamContent content = ReadAll(*Open("/proc/self/mem"));
  EXPECT_FALSE(content.status.ok());
  EXPECT_THAT(std::string(content.status.message()), HasSubstr("cannot read /proc/self/mem"));
}

TEST_F(FileStreamTest, AFileWithoutReadPermissionIsAnError) {
  const std::string path = dir_.Write("audit.log", "one\n");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  // The superuser may read everything, and is nobody for as long as it takes.
  constexpr uid_t kNobody = 65534;
  const bool is_superuser = geteuid() == 0;
  ASSERT_TRUE(!is_superuser || seteuid(kNobody) == 0);
  const auto stream = FileStream::Open(path, &stop_);
  ASSERT_TRUE(!is_superuser || seteuid(0) == 0);
  EXPECT_THAT(stream, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("audit.log")));
}

TEST_F(FileStreamTest, ANamedPipeIsReadAsItIsWritten) {
  const std::string path = dir_.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto stream = Open(path);
  std::thread writer([&path] { std::ofstream(path) << "one\n" << std::flush << "two\n"; });
  EXPECT_EQ(ReadAll(*stream).text, "one\ntwo\n");
  writer.join();
}

TEST_F(FileStreamTest, ANamedPipeThatNobodyWritesDoesNotHoldUpTheStop) {
  const std::string path = dir_.Path("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto stream = Open(path);
  std::thread stopper([this] { stop_ = true; });
  EXPECT_EQ(ReadAll(*stream).text, "");
  stopper.join();
}

TEST_F(FileStreamTest, PeekingTakesNothing) {
  const auto stream = Open(dir_.Write("audit.log", "one\n"));
  EXPECT_EQ(stream->PeekStart(2), "on");
  EXPECT_EQ(stream->PeekStart(100), "one\n");
  EXPECT_EQ(ReadAll(*stream).text, "one\n");
}

}  // namespace
}  // namespace hark::ingest
