#include "ingest/log_file.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/compression.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::Gzip;
using ::hark::testing::IsOk;
using ::hark::testing::LogLines;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::hark::testing::Zstd;
using ::testing::HasSubstr;

class LogFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<LogFile> Open(const std::string& content) {
    auto file = LogFile::Open(dir_.Write("log", content));
    EXPECT_THAT(file, IsOk());
    return *std::move(file);
  }
  static std::string Rest(LogFile& file) {
    std::string text;
    std::string piece(777, '\0');
    while (true) {
      const absl::StatusOr<std::size_t> count = file.Read(piece.data(), piece.size());
      EXPECT_THAT(count, IsOk());
      if (count.value_or(0) == 0) {
        return text;
      }
      text.append(piece, 0, *count);
    }
  }
  static ContentHead HeadOf(LogFile& file) {
    absl::StatusOr<ContentHead> head = file.Head();
    EXPECT_THAT(head, IsOk());
    return *std::move(head);
  }

  const TempDir dir_;
};

TEST_F(LogFileTest, AFileIsKnownByItsContentWhetherOrNotItIsCompressed) {
  const std::string nuls(5000, '\0');
  for (const std::string& content : {LogLines(100), LogLines(100'000), nuls + LogLines(100'000)}) {
    const Fingerprint fingerprint = FingerprintOf(HeadOf(*Open(content)));
    EXPECT_EQ(FingerprintOf(HeadOf(*Open(Gzip(content)))), fingerprint);
    EXPECT_EQ(FingerprintOf(HeadOf(*Open(Zstd(content)))), fingerprint);
  }
}

TEST_F(LogFileTest, ReadingBeginsWhereItIsTold) {
  const std::string content = LogLines(200'000);
  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{10}, std::size_t{1024}, std::size_t{150'000}, content.size()}) {
    for (const std::string& stored : {content, Gzip(content), Zstd(content)}) {
      const auto file = Open(stored);
      const absl::StatusOr<bool> is_there = file->SkipTo(offset);
      ASSERT_THAT(is_there, IsOk());
      EXPECT_TRUE(*is_there);
      EXPECT_EQ(Rest(*file), content.substr(offset));
    }
  }
}

TEST_F(LogFileTest, AFileMayBeTooShort) {
  const std::string content = LogLines(5000);
  for (const std::string& stored : {content, Gzip(content)}) {
    const absl::StatusOr<bool> is_there = Open(stored)->SkipTo(content.size() + 1);
    ASSERT_THAT(is_there, IsOk());
    EXPECT_FALSE(*is_there);
  }
}

TEST_F(LogFileTest, NulsAtTheStartArePassedOver) {
  const std::string content = LogLines(5000);
  for (const std::string& text : {std::string(100'000, '\0') + content}) {
    for (const std::string& stored : {text, Gzip(text)}) {
      const auto file = Open(stored);
      ASSERT_THAT(file->SkipTo(0), IsOk());
      EXPECT_EQ(file->offset(), 100'000U);
      EXPECT_EQ(Rest(*file), content);
    }
  }
}

TEST_F(LogFileTest, OfNulsAloneNothingIsKnown) {
  const std::string nuls(100'000, '\0');
  for (const std::string& stored : {std::string(), nuls, Gzip(nuls)}) {
    EXPECT_FALSE(FingerprintOf(HeadOf(*Open(stored))).is_known());
  }
}

TEST_F(LogFileTest, ItStaysTheSameFileWhenItIsRenamed) {
  const auto file = Open("{}\n");
  std::filesystem::rename(dir_.Path("log"), dir_.Path("log.1"));
  dir_.Write("log", "other");
  EXPECT_EQ(Rest(*file), "{}\n");
}

TEST_F(LogFileTest, WhatIsNoFileIsAnError) {
  EXPECT_THAT(LogFile::Open(dir_.Path("")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(dir_.Path(""))));
  EXPECT_THAT(LogFile::Open(dir_.Path("none")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(dir_.Path("none"))));
}

}  // namespace
}  // namespace hark::ingest
