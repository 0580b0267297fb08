#include "ingest/file_series.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::ingest {
namespace {

using ::testing::ElementsAre;

// Each series as "NAME: PATH PATH ...".
std::vector<std::string> Group(const std::vector<std::string>& paths,
                               const std::string& cluster = "") {
  std::vector<InputFile> files;
  for (const std::string& path : paths) {
    files.push_back({.name = "<" + path + ">", .path = path, .cluster = cluster, .size = 10});
  }
  std::vector<std::string> series;
  for (const FileSeries& one : GroupIntoSeries(std::move(files))) {
    series.push_back(absl::StrFormat("%s: %s", one.name, absl::StrJoin(one.paths, " ")));
  }
  return series;
}

TEST(FileSeriesTest, FilesThatFitNoSeriesStandAloneInTheirOrder) {
  EXPECT_THAT(Group({"b.log", "a.log", "a.json"}),
              ElementsAre("<b.log>: b.log", "<a.log>: a.log", "<a.json>: a.json"));
}

TEST(FileSeriesTest, RotatedFilesComeInTheOrderOfTimeAndTheCurrentOneLast) {
  EXPECT_THAT(Group({"/v/audit.log", "/v/audit-2026-11-23T18-04-22.921.log",
                     "/v/audit-2026-11-22T18-04-22.921.log.gz"}),
              ElementsAre("/v/audit.log: /v/audit-2026-11-22T18-04-22.921.log.gz "
                          "/v/audit-2026-11-23T18-04-22.921.log /v/audit.log"));
  EXPECT_THAT(Group({"a.log", "a.log.1", "a.log.10.gz", "a.log.2.gz"}),
              ElementsAre("a.log: a.log.10.gz a.log.2.gz a.log.1 a.log"));
  EXPECT_THAT(Group({"a.log", "a.log-20261123", "a.log-20261122.gz"}),
              ElementsAre("a.log: a.log-20261122.gz a.log-20261123 a.log"));
}

TEST(FileSeriesTest, WithoutACurrentFileASeriesIsNamedByItsPattern) {
  EXPECT_THAT(
      Group({"/v/a-2026-11-23T18-04-22.921.log", "/v/a-2026-11-22T18-04-22.921.log"}, "prod"),
      ElementsAre("prod=/v/a-*.log: /v/a-2026-11-22T18-04-22.921.log "
                  "/v/a-2026-11-23T18-04-22.921.log"));
}

TEST(FileSeriesTest, ARotatedFileAloneIsNamedAsItIs) {
  EXPECT_THAT(Group({"a-2026-11-23T18-04-22.921.log"}),
              ElementsAre("<a-2026-11-23T18-04-22.921.log>: a-2026-11-23T18-04-22.921.log"));
}

TEST(FileSeriesTest, FoldersAreNotMixed) {
  EXPECT_THAT(Group({"x/a.log", "y/a.log.1"}),
              ElementsAre("<x/a.log>: x/a.log", "<y/a.log.1>: y/a.log.1"));
}

TEST(FileSeriesTest, ClustersAreNotMixed) {
  const std::vector<FileSeries> series =
      GroupIntoSeries({{.name = "x", .path = "a.log", .cluster = "x", .size = 0},
                       {.name = "y", .path = "a.log.1", .cluster = "y", .size = 0}});
  ASSERT_EQ(series.size(), 2);
  EXPECT_EQ(series[0].cluster, "x");
  EXPECT_EQ(series[1].cluster, "y");
}

TEST(FileSeriesTest, WhileARotatedFileIsBeingCompressedThePlainOneIsTaken) {
  EXPECT_THAT(Group({"a.log.1.gz", "a.log.1", "a.log"}), ElementsAre("a.log: a.log.1 a.log"));
}

TEST(FileSeriesTest, ACompressedCurrentFileBesideThePlainOneStandsAlone) {
  EXPECT_THAT(Group({"a.log.gz", "a.log", "a.log.1"}),
              ElementsAre("<a.log.gz>: a.log.gz", "a.log: a.log.1 a.log"));
}

TEST(FileSeriesTest, TheCurrentFileMayBeCompressed) {
  EXPECT_THAT(Group({"a.log.gz", "a.log.1.gz"}), ElementsAre("a.log.gz: a.log.1.gz a.log.gz"));
}

TEST(FileSeriesTest, KindsOfRotationAreNotMixed) {
  EXPECT_THAT(
      Group({"a.log", "a.log.1", "a.log.2", "a-2026-11-23T18-04-22.921.log"}),
      ElementsAre("a.log: a-2026-11-23T18-04-22.921.log a.log", "a.log.*: a.log.2 a.log.1"));
}

TEST(FileSeriesTest, NumberedFilesThatMayCountForwardsStandAlone) {
  EXPECT_THAT(Group({"part.1", "part.2"}), ElementsAre("<part.1>: part.1", "<part.2>: part.2"));
  EXPECT_THAT(Group({"10.0.0.1", "10.0.0.2"}),
              ElementsAre("<10.0.0.1>: 10.0.0.1", "<10.0.0.2>: 10.0.0.2"));
  EXPECT_THAT(Group({"part.1", "part.2", "part"}), ElementsAre("part: part.2 part.1 part"));
}

TEST(FileSeriesTest, TheSizeIsKnownIfNothingIsCompressed) {
  EXPECT_EQ(GroupIntoSeries({{.name = "", .path = "a.log", .cluster = "", .size = 3},
                             {.name = "", .path = "a.log.1", .cluster = "", .size = 4}})
                .front()
                .size,
            7);
  EXPECT_EQ(
      GroupIntoSeries({{.name = "", .path = "a.log.gz", .cluster = "", .size = 3}}).front().size,
      0);
}

}  // namespace
}  // namespace hark::ingest
