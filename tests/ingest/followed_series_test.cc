#include "ingest/followed_series.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/follow_cursor.h"
#include "ingest/follow_helper.h"
#include "support/open_descriptors.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::Zstd;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using FollowedSeriesTest = FollowTest;

TEST_F(FollowedSeriesTest, WhatIsAppendedIsRead) {
  Append(Lines(0, 3));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 3));
  EXPECT_EQ(ReadOn(*source).text, "");
  Append(Lines(3, 5));
  EXPECT_EQ(ReadOn(*source).text, Lines(3, 5));
}

TEST_F(FollowedSeriesTest, AnUnfinishedLineWaitsForItsRest) {
  Append(Line(0) + "{\"n\"");
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Append(":");
  EXPECT_EQ(ReadOn(*source).text, "");
  Append("1}\n");
  EXPECT_EQ(ReadOn(*source).text, Line(1));
}

TEST_F(FollowedSeriesTest, ALogMayBeFollowedFromItsEnd) {
  Append(Lines(0, 5000) + "{\"n\"");
  const auto source = Follow({.from = From::kEnd});
  EXPECT_EQ(ReadOn(*source).text, "");
  Append(":5000}\n");
  EXPECT_EQ(ReadOn(*source).text, Line(5000));
}

TEST_F(FollowedSeriesTest, TheEndIsThatOfTheMomentAtWhichTheSourceWasMade) {
  Append(Line(0));
  const auto source = Follow({.from = From::kEnd});
  Append(Line(1));
  EXPECT_EQ(ReadOn(*source).text, Line(1));
  ASSERT_TRUE(source->Rewind());
  EXPECT_EQ(ReadOn(*source).text, Line(1));
}

TEST_F(FollowedSeriesTest, TheEndOfALineWithoutAFeedIsItsBeginning) {
  Append("{\"n\":" + std::string(200'000, ' '));
  const auto source = Follow({.from = From::kEnd});
  Append("1}\n");
  EXPECT_THAT(ReadOn(*source).text, HasSubstr("1}"));
}

TEST_F(FollowedSeriesTest, TheEndOfALogThatWasJustRotatedIsThatOfTheRotatedFile) {
  Append(Lines(0, 3), "audit.log.1");
  Append("");
  const auto source = Follow({.from = From::kEnd});
  Append(Line(3), "audit.log.1");
  Append(Line(4));
  EXPECT_EQ(ReadOn(*source).text, Lines(3, 5));
}

TEST_F(FollowedSeriesTest, TheEndOfACompressedFileIsBehindAllOfIt) {
  Append(Lines(0, 3), "audit.log.1");
  Compress("audit.log.1");
  const auto source = Follow({.from = From::kEnd});
  Append(Line(3));
  EXPECT_EQ(ReadOn(*GoOn(*source)).text, Line(3));
  EXPECT_EQ(ReadOn(*source).text, Line(3));
}

TEST_F(FollowedSeriesTest, TheBeginningIsThatOfTheOldestRotatedFile) {
  Append(Lines(0, 2), "audit.log.3");
  Compress("audit.log.3");
  dir_.Write("audit.log.2.zst", Zstd(Lines(2, 4)));
  Append(Lines(4, 6), "audit.log.1");
  Append(Lines(6, 8));
  EXPECT_EQ(ReadOn(*Follow()).text, Lines(0, 8));
}

TEST_F(FollowedSeriesTest, AFileThatDoesNotExistYetIsReadFromItsBeginning) {
  const auto source = Follow({.from = From::kEnd});
  EXPECT_THAT(ReadOn(*source).status,
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(Path("audit.log"))));
  EXPECT_EQ(source->cursor(), "");
  Append(Line(0));
  EXPECT_EQ(ReadOn(*source).text, Line(0));
}

TEST_F(FollowedSeriesTest, AFileThatCannotBeReadIsReadWhenItCan) {
  std::filesystem::create_directory(Path("audit.log"));
  const auto source = Follow({.from = From::kEnd});
  EXPECT_THAT(ReadOn(*source).status,
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(Path("audit.log"))));
  Remove("audit.log");
  Append(Line(0));
  EXPECT_EQ(ReadOn(*source).text, Line(0));
}

TEST_F(FollowedSeriesTest, TheTailOfARenamedFileIsRead) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Append(Lines(2, 4));
  Rename("audit.log", "audit.log.1");
  Append(Lines(4, 6));
  EXPECT_EQ(ReadOn(*source).text, Lines(2, 6));
}

TEST_F(FollowedSeriesTest, ARenamedFileIsReadUntilTheNextOneIsWrittenTo) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Rename("audit.log", "audit.log.1");
  Append("");
  EXPECT_EQ(ReadOn(*source).text, "");
  Append(Line(1), "audit.log.1");
  EXPECT_EQ(ReadOn(*source).text, Line(1));
  Append(Line(2), "audit.log.1");
  Append(Line(3));
  EXPECT_EQ(ReadOn(*source).text, Lines(2, 4));
}

TEST_F(FollowedSeriesTest, TheUnfinishedLastLineOfARenamedFileIsARecord) {
  Append(Line(0) + "{\"n\"");
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Rename("audit.log", "audit.log.1");
  EXPECT_EQ(ReadOn(*source).text, "");
  Append(Line(1));
  EXPECT_EQ(ReadOn(*source).text, "{\"n\"\n" + Line(1));
}

TEST_F(FollowedSeriesTest, SeveralRotationsMayHappenBetweenTwoReads) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Append(Line(1));
  Rename("audit.log", "audit.log.3");
  Append(Line(2), "audit.log.2");
  Append("", "audit.log.1");
  Append(Line(3));
  EXPECT_EQ(ReadOn(*source).text, Lines(1, 4));
}

TEST_F(FollowedSeriesTest, AFileThatIsOpenMayBeCompressed) {
  Append(Line(-1), "audit.log.3");
  Append(Line(0));
  const auto source = Follow({.from = From::kEnd});
  EXPECT_EQ(ReadOn(*source).text, "");
  Append(Line(1));
  Rename("audit.log", "audit.log.2");
  Compress("audit.log.2");
  Append(Line(2), "audit.log.1");
  Append(Line(3));
  EXPECT_EQ(ReadOn(*source).text, Lines(1, 4));
  EXPECT_THAT(notices_.TakeNew(), IsEmpty());
}

TEST_F(FollowedSeriesTest, AFileThatIsOpenMayBeDeleted) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Append(Line(1));
  Remove("audit.log");
  EXPECT_EQ(ReadOn(*source).text, Line(1));
  EXPECT_THAT(ReadOn(*source).status,
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("audit.log")));
  Append(Line(2));
  EXPECT_EQ(ReadOn(*source).text, Line(2));
}

TEST_F(FollowedSeriesTest, ARotatedFileThatStandsAloneIsTheEnd) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Rename("audit.log", "audit.log.1");
  EXPECT_THAT(ReadOn(*source).status, IsOk());
  Compress("audit.log.1");
  EXPECT_THAT(ReadOn(*source).status, IsOk());
}

TEST_F(FollowedSeriesTest, ACopyHasTheTailOfATruncatedFile) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Append(Lines(2, 4));
  CopyAndTruncate("audit.log.1");
  EXPECT_EQ(ReadOn(*source).text, Lines(2, 4));
  Append(Line(4));
  EXPECT_EQ(ReadOn(*source).text, Line(4));
}

TEST_F(FollowedSeriesTest, ATruncatedFileMayGrowToItsOldSize) {
  Append(Lines(0, 3));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 3));
  CopyAndTruncate("audit.log.1");
  Append(Lines(3, 6));
  EXPECT_EQ(ReadOn(*source).text, Lines(3, 6));
}

TEST_F(FollowedSeriesTest, ATruncatedFileMayGrowBeyondItsOldSize) {
  Append(Lines(0, 3));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 3));
  Append(Line(3));
  CopyAndTruncate("audit.log.1");
  Append(Lines(4, 20));
  EXPECT_EQ(ReadOn(*source).text, Lines(3, 20));
}

TEST_F(FollowedSeriesTest, AFileMayBeTruncatedSeveralTimes) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  Append(Line(1));
  CopyAndTruncate("audit.log.2");
  Append(Line(2));
  CopyAndTruncate("audit.log.1");
  Append(Line(3));
  EXPECT_EQ(ReadOn(*source).text, Lines(1, 4));
}

TEST_F(FollowedSeriesTest, ACopyThatIsJustMadeIsGoneOnWithInItsOriginal) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  CopyAndTruncate("audit.log.2");
  Append(Lines(1, 5));
  dir_.Write("audit.log.1", Lines(1, 5).substr(0, 20));
  EXPECT_EQ(ReadOn(*source).text, Lines(1, 5));
}

// A writer that does not append writes where it was before the truncation.
void WriteAt(const std::string& path, off_t offset, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(pwrite(file, text.data(), text.size(), offset), static_cast<ssize_t>(text.size()));
  close(file);
}

TEST_F(FollowedSeriesTest, AHoleAtTheStartOfATruncatedFileIsPassedOver) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  CopyAndTruncate("audit.log.1");
  constexpr off_t kFar = off_t{1} << 32;
  WriteAt(Path("audit.log"), kFar, Line(2));
  EXPECT_EQ(ReadOn(*source).text, Line(2));
  const auto later = GoOn(*source);
  WriteAt(Path("audit.log"), kFar + 8, Line(3));
  EXPECT_EQ(ReadOn(*later).text, Line(3));
  EXPECT_EQ(ReadOn(*source).text, Line(3));
}

TEST_F(FollowedSeriesTest, FilesThatBeginWithHolesAreToldApart) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  CopyAndTruncate("audit.log.2");
  WriteAt(Path("audit.log"), 5000, Line(1));
  EXPECT_EQ(ReadOn(*source).text, Line(1));
  WriteAt(Path("audit.log"), 5008, Line(2));
  CopyAndTruncate("audit.log.1");
  WriteAt(Path("audit.log"), 5016, Line(3));
  EXPECT_EQ(ReadOn(*source).text, Lines(2, 4));
}

TEST_F(FollowedSeriesTest, ATruncatedFileWithoutACopyIsReadFromItsBeginning) {
  Append(Lines(0, 3));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 3));
  std::filesystem::resize_file(Path("audit.log"), 0);
  Append(Line(3));
  EXPECT_EQ(ReadOn(*source).text, Line(3));
  const auto notices = notices_.TakeNew();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0], StatusIs(absl::StatusCode::kDataLoss, HasSubstr(Path("audit.log"))));
}

TEST_F(FollowedSeriesTest, TheInodeOfAFileMayBeUsedAgain) {
  Append(Line(0));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Line(0));
  const auto later = GoOn(*source);
  // The content of another file under the same inode, and this one's under another.
  std::filesystem::copy_file(Path("audit.log"), Path("audit.log.1"));
  Append(Line(1), "audit.log.1");
  std::filesystem::resize_file(Path("audit.log"), 0);
  Append(Lines(2, 30));
  EXPECT_EQ(ReadOn(*later).text, Lines(1, 30));
}

TEST_F(FollowedSeriesTest, ARestartGoesOnBehindTheLastBatch) {
  Append(Lines(0, 100));
  auto source = Follow();
  RecordBatch batch;
  std::string text;
  for (int i = 0; i < 20; ++i) {
    ASSERT_THAT(source->Read(40, batch), IsOk());
    text += batch.data;
    source = GoOn(*source);
  }
  EXPECT_EQ(text + ReadOn(*source).text, Lines(0, 100));
}

TEST_F(FollowedSeriesTest, TheFingerprintGrowsWithAShortFile) {
  Append(Line(0));
  const auto source = Follow();
  std::vector<std::uint64_t> sizes;
  for (const int last : {1, 3, 1000}) {
    Append(Lines(1, last));
    ReadOn(*source);
    const auto cursor = FollowCursor::Parse(source->cursor());
    ASSERT_THAT(cursor, IsOk());
    sizes.push_back(cursor->place.file.size);
  }
  EXPECT_THAT(sizes, ElementsAre(8, 24, Fingerprint::kMaxBytes));
}

TEST_F(FollowedSeriesTest, PositionsGoOnAfterARestart) {
  Append(Lines(0, 4));
  const auto source = Follow();
  RecordBatch batch;
  ASSERT_THAT(source->Read(1000, batch), IsOk());
  const std::uint64_t end = batch.end_offset();
  const auto later = GoOn(*source);
  Append(Line(4));
  ASSERT_THAT(later->Read(1000, batch), IsOk());
  EXPECT_EQ(batch.offset, end);
  EXPECT_EQ(later->size_hint(), end + Line(4).size());
}

TEST_F(FollowedSeriesTest, ARestartFindsAFileThatWasCompressedMeanwhile) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Append(Lines(2, 4));
  Rename("audit.log", "audit.log.2");
  Compress("audit.log.2");
  Append(Lines(4, 6), "audit.log.1");
  Append(Lines(6, 8));
  EXPECT_EQ(ReadOn(*GoOn(*source)).text, Lines(2, 8));
}

TEST_F(FollowedSeriesTest, AFileThatHasBecomeShorterIsAnotherOne) {
  Append(Lines(0, 3));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 3));
  std::filesystem::resize_file(Path("audit.log"), Line(0).size());
  Append(Line(3), "audit.log.1");
  EXPECT_EQ(ReadOn(*GoOn(*source)).text, Line(3) + Line(0));
  EXPECT_THAT(notices_.TakeNew(), SizeIs(1));
}

TEST_F(FollowedSeriesTest, AFileIsBegunWhenItHasAWholeRecord) {
  Append("{\"n\"");
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, "");
  EXPECT_EQ(source->cursor(), "");
  Append(":1}\n");
  EXPECT_EQ(ReadOn(*source).text, Line(1));
  EXPECT_EQ(ReadOn(*GoOn(*source)).text, "");
}

TEST_F(FollowedSeriesTest, OfAFileThatIsJustCompressedThePlainOneIsRead) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Append(Lines(2, 4));
  Rename("audit.log", "audit.log.1");
  dir_.Write("audit.log.1.gz", testing::Gzip(Content("audit.log.1")).substr(0, 20));
  Append(Line(4));
  const Followed followed = ReadOn(*GoOn(*source));
  EXPECT_EQ(followed.text, Lines(2, 5));
  EXPECT_THAT(followed.damages, IsEmpty());
}

TEST_F(FollowedSeriesTest, ARestartFindsTheTailOfATruncatedFile) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Append(Lines(2, 4));
  CopyAndTruncate("audit.log.1");
  Append(Lines(4, 20));
  EXPECT_EQ(ReadOn(*GoOn(*source)).text, Lines(2, 20));
}

TEST_F(FollowedSeriesTest, AFileThatIsGoneAtARestartIsReportedAndAllOthersAreRead) {
  Append(Lines(0, 2));
  const auto source = Follow();
  EXPECT_EQ(ReadOn(*source).text, Lines(0, 2));
  Remove("audit.log");
  Append(Lines(4, 6), "audit.log.1");
  Append(Lines(6, 8));
  const auto later = GoOn(*source);
  EXPECT_EQ(ReadOn(*later).text, Lines(4, 8));
  EXPECT_THAT(notices_.TakeNew(),
              ElementsAre(StatusIs(absl::StatusCode::kDataLoss, HasSubstr(Path("audit.log")))));
}

TEST_F(FollowedSeriesTest, TheCursorStaysBeforeAListThatIsGivenOutByItems) {
  limits_ = {.max_record_bytes = 20'000, .long_list = 4000};
  std::string list = "{\"kind\":\"EventList\",\"items\":[";
  for (int i = 0; i < 1000; ++i) {
    list += (i > 0 ? "," : "") + Line(i);
  }
  Append(Line(-1) + list);
  const auto source = Follow();
  EXPECT_THAT(ReadOn(*source).text, HasSubstr(Line(900)));
  const auto later = GoOn(*source);
  Append("]}\n" + Line(2000));
  const std::string again = ReadOn(*later).text;
  EXPECT_THAT(again, StartsWith(Line(0)));
  EXPECT_THAT(again, HasSubstr("{\"n\":999}"));
  EXPECT_THAT(again, EndsWith(Line(2000)));
  EXPECT_EQ(ReadOn(*GoOn(*later)).text, "");
}

TEST_F(FollowedSeriesTest, ARecordThatIsTooLongMayGrowForAWhile) {
  limits_ = {.max_record_bytes = 20'000, .long_list = 4000};
  Append("{\"a\":\"" + std::string(50'000, 'x'));
  const auto source = Follow();
  EXPECT_THAT(ReadOn(*source).damages, IsEmpty());
  const auto later = GoOn(*source);
  Append(std::string(10'000, 'x') + "\"}\n" + Line(1));
  for (Source* const reader : {source.get(), later.get()}) {
    const Followed followed = ReadOn(*reader);
    EXPECT_THAT(followed.text, HasSubstr(Line(1)));
    ASSERT_THAT(followed.damages, SizeIs(1));
    EXPECT_EQ(followed.damages[0].reason, RejectReason::kTooLarge);
    EXPECT_EQ(followed.damages[0].length, 60'008);
  }
}

TEST_F(FollowedSeriesTest, ADamageInACompressedFileIsReportedWhereItIs) {
  Append(Lines(0, 3), "audit.log.2");
  Append(Lines(3, 2000), "audit.log.1");
  const std::string whole = testing::Gzip(Content("audit.log.1"));
  Remove("audit.log.1");
  dir_.Write("audit.log.1.gz", whole.substr(0, whole.size() / 2));
  Append(Line(2000));
  const Followed followed = ReadOn(*Follow());
  ASSERT_THAT(followed.damages, SizeIs(1));
  EXPECT_EQ(followed.damages[0].reason, RejectReason::kDamaged);
  EXPECT_EQ(followed.damages[0].offset, followed.text.size() - Line(2000).size() - 1);
}

}  // namespace
}  // namespace hark::ingest
