#include <sys/resource.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/file_stream.h"
#include "support/open_descriptors.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::OpenDescriptors;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;

constexpr std::size_t kMostOpen = 256;
constexpr std::size_t kStreams = kMostOpen + 50;

// More streams, all at one time, than stay open.
class ManyFileStreamsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (std::size_t i = 0; i < kStreams; ++i) {
      paths_.push_back(dir_.Write(absl::StrFormat("%d", i), absl::StrFormat("%05d!", i)));
    }
  }

  void OpenAndReadTwo() {
    for (const std::string& path : paths_) {
      auto stream = FileStream::Open(path, nullptr);
      ASSERT_THAT(stream, IsOk());
      streams_.push_back(*std::move(stream));
      ASSERT_EQ(Read(*streams_.back(), 2),
                absl::StrFormat("%05d", streams_.size() - 1).substr(0, 2));
    }
  }

  static std::string Read(FileStream& stream, std::size_t size) {
    std::string data(size, '\0');
    const absl::StatusOr<std::size_t> count = stream.Read(data.data(), size);
    EXPECT_THAT(count, IsOk());
    data.resize(count.value_or(0));
    return data;
  }

  const TempDir dir_;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<FileStream>> streams_;
};

TEST_F(ManyFileStreamsTest, OnlySomeStayOpenAndAllGoOnWhereTheyWere) {
  const std::size_t before = OpenDescriptors();
  OpenAndReadTwo();
  EXPECT_LE(OpenDescriptors(), before + kMostOpen);
  for (std::size_t i = 0; i < kStreams; ++i) {
    EXPECT_EQ(Read(*streams_[i], 100), absl::StrFormat("%05d!", i).substr(2));
    EXPECT_EQ(Read(*streams_[i], 100), "");
  }
  EXPECT_LE(OpenDescriptors(), before + kMostOpen);
  streams_.clear();
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(ManyFileStreamsTest, AFileWhosePathAnotherOneHasTakenIsAnError) {
  OpenAndReadTwo();
  const std::string other = dir_.Write("other", "other content\n");
  std::filesystem::rename(other, paths_.back());
  char byte = 0;
  EXPECT_THAT(streams_.back()->Read(&byte, 1),
              StatusIs(absl::StatusCode::kAborted, HasSubstr(paths_.back())));
}

TEST_F(ManyFileStreamsTest, AFileThatIsGoneIsAnErrorUnlessItStayedOpen) {
  OpenAndReadTwo();
  std::filesystem::remove(paths_.front());
  std::filesystem::remove(paths_.back());
  EXPECT_EQ(Read(*streams_.front(), 100), "000!");
  char byte = 0;
  EXPECT_THAT(streams_.back()->Read(&byte, 1),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(paths_.back())));
}

}  // namespace
}  // namespace hark::ingest
