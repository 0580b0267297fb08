#include "ingest/series_stream.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/open_file.h"
#include "support/open_descriptors.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::OpenDescriptors;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Brings a text in one piece, with the damage at its end; then, if it is broken, an error.
class FakeStream final : public ByteStream {
 public:
  FakeStream(std::string text, bool broken) : text_(std::move(text)), broken_(broken) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    if (text_.empty() && broken_) {
      return absl::UnavailableError("the disk of this file is gone");
    }
    const std::size_t count = text_.copy(data, size);
    text_.erase(0, count);
    read_ += count;
    return count;
  }
  std::uint64_t size_hint() const override { return 0; }
  void TakeDamages(std::vector<Damage>& damages) override {
    if (text_.empty() && !std::exchange(told_, true)) {
      damages.push_back({.reason = RejectReason::kDamaged, .offset = read_, .length = 5});
    }
  }

 private:
  std::string text_;
  const bool broken_;
  std::uint64_t read_ = 0;
  bool told_ = false;
};

std::vector<std::uint64_t> TakeOffsets(SeriesStream& stream) {
  std::vector<Damage> damages;
  stream.TakeDamages(damages);
  std::vector<std::uint64_t> offsets;
  for (const Damage& damage : damages) {
    EXPECT_EQ(damage.reason, RejectReason::kDamaged);
    EXPECT_EQ(damage.length, 5);
    offsets.push_back(damage.offset);
  }
  return offsets;
}

std::string ReadOnce(SeriesStream& stream) {
  std::string buffer(100, '\0');
  buffer.resize(stream.Read(buffer.data(), buffer.size()).value());
  return buffer;
}

absl::StatusOr<std::unique_ptr<ByteStream>> Open(const std::string& path) {
  return OpenFile(path, nullptr);
}

class SeriesStreamTest : public ::testing::Test {
 protected:
  void AddFile(const std::string& content) {
    paths_.push_back(dir_.Write("file-" + std::to_string(paths_.size()), content));
  }

  std::string ReadAll(std::size_t size = 100) {
    SeriesStream stream(paths_, Open, errors_);
    std::string content;
    std::string buffer(size, '\0');
    while (true) {
      const absl::StatusOr<std::size_t> count = stream.Read(buffer.data(), size);
      EXPECT_THAT(count, IsOk());
      if (!count.ok() || *count == 0) {
        return content;
      }
      content.append(buffer, 0, *count);
    }
  }

  const TempDir dir_;
  std::vector<std::string> paths_;
  InputErrors errors_;
};

TEST_F(SeriesStreamTest, FilesFollowEachOther) {
  AddFile("one\n");
  AddFile("two\nthree\n");
  for (const std::size_t size : {1U, 2U, 3U, 100U}) {
    EXPECT_EQ(ReadAll(size), "one\ntwo\nthree\n") << size;
  }
}

TEST_F(SeriesStreamTest, ARecordThatIsCutOffIsNotGluedToTheNextFile) {
  AddFile("one\ntw");
  AddFile("three\n");
  EXPECT_EQ(ReadAll(), "one\ntw\nthree\n");
}

TEST_F(SeriesStreamTest, TheEndOfTheLastFileStaysAsItIs) {
  AddFile("one\n");
  AddFile("two");
  EXPECT_EQ(ReadAll(), "one\ntwo");
}

TEST_F(SeriesStreamTest, EmptyFilesBringNothing) {
  AddFile("");
  AddFile("one");
  AddFile("");
  AddFile("");
  AddFile("two\n");
  EXPECT_EQ(ReadAll(), "one\ntwo\n");
}

TEST_F(SeriesStreamTest, WithoutFilesItEndsAtOnce) {
  EXPECT_EQ(ReadAll(), "");
}

TEST_F(SeriesStreamTest, AFileThatVanishedIsNamedAndTheNextOneIsRead) {
  AddFile("one");
  AddFile("gone\n");
  AddFile("three\n");
  std::filesystem::remove(paths_[1]);
  EXPECT_EQ(ReadAll(), "one\nthree\n");
  EXPECT_THAT(errors_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kNotFound, HasSubstr(paths_[1]))));
}

TEST_F(SeriesStreamTest, AnErrorThatComesAgainIsToldOnce) {
  AddFile("gone\n");
  std::filesystem::remove(paths_[0]);
  EXPECT_EQ(ReadAll(), "");
  EXPECT_THAT(errors_.TakeNew(), ::testing::SizeIs(1));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_THAT(errors_.TakeNew(), IsEmpty());
}

TEST_F(SeriesStreamTest, OneFileIsOpenAtATimeAndNoneBeforeTheFirstRead) {
  for (int i = 0; i < 20; ++i) {
    AddFile("one\n");
  }
  const std::size_t before = OpenDescriptors();
  SeriesStream stream(paths_, Open, errors_);
  EXPECT_EQ(OpenDescriptors(), before);
  std::string buffer(2, '\0');
  for (absl::StatusOr<std::size_t> count = 1U; count.ok() && *count > 0;) {
    count = stream.Read(buffer.data(), buffer.size());
    EXPECT_LE(OpenDescriptors(), before + 1);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(SeriesStreamTest, DamagesAreAtTheirOffsetInTheSeries) {
  const auto open = [](const std::string& path) {
    return std::make_unique<FakeStream>(path, false);
  };
  SeriesStream stream({"one", "two\n", "three"}, open, errors_);
  EXPECT_EQ(ReadOnce(stream), "one");
  EXPECT_THAT(TakeOffsets(stream), ElementsAre(3));
  EXPECT_EQ(ReadOnce(stream), "\n");  // so the second file begins at 4
  EXPECT_EQ(ReadOnce(stream), "two\n");
  EXPECT_EQ(ReadOnce(stream), "three");
  EXPECT_THAT(TakeOffsets(stream), ElementsAre(8, 13));
  EXPECT_THAT(TakeOffsets(stream), IsEmpty());
}

TEST_F(SeriesStreamTest, AFileThatBreaksInTheMiddleIsToldAndTheNextOneIsRead) {
  const auto open = [](const std::string& path) {
    return std::make_unique<FakeStream>(path, path == "one");
  };
  SeriesStream stream({"one", "two\n"}, open, errors_);
  EXPECT_EQ(ReadOnce(stream), "one");
  EXPECT_EQ(ReadOnce(stream), "\n");
  EXPECT_EQ(ReadOnce(stream), "two\n");
  EXPECT_EQ(ReadOnce(stream), "");
  EXPECT_THAT(errors_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kUnavailable, HasSubstr("is gone"))));
}

}  // namespace
}  // namespace hark::ingest
