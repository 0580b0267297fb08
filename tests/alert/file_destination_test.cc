#include "alert/file_destination.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::MakeTestRevision;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;

std::string ContentOf(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Attempt Deliver(Destination& destination, const std::vector<StoredRevision>& revisions) {
  std::vector<const StoredRevision*> batch;
  for (const StoredRevision& stored : revisions) {
    batch.push_back(&stored);
  }
  std::optional<Attempt> result;
  destination.Begin(batch, [&result](const Attempt& attempt) { result = attempt; });
  return result.value();
}

TEST(FileDestinationTest, ADeliveredRevisionIsInTheFile) {
  const TempDir directory;
  const std::unique_ptr<Destination> file = *FileDestination::Open(directory.Path("a.jsonl"));
  const StoredRevision first = {.sequence = 1, .revision = MakeTestRevision(1)};
  const StoredRevision second = {.sequence = 2, .revision = MakeTestRevision(2)};
  EXPECT_EQ(Deliver(*file, {first, second}).outcome, Outcome::kDelivered);
  EXPECT_EQ(ContentOf(directory.Path("a.jsonl")),
            first.revision.json + "\n" + second.revision.json + "\n");
}

TEST(FileDestinationTest, IsOpenedAnewAfterARename) {
  const TempDir directory;
  const std::unique_ptr<Destination> file = *FileDestination::Open(directory.Path("a.jsonl"));
  const StoredRevision stored = {.sequence = 1, .revision = MakeTestRevision(1)};
  Deliver(*file, {stored});
  std::filesystem::rename(directory.Path("a.jsonl"), directory.Path("a.jsonl.1"));
  file->Reopen();
  Deliver(*file, {stored});
  EXPECT_EQ(ContentOf(directory.Path("a.jsonl")), stored.revision.json + "\n");
  EXPECT_EQ(ContentOf(directory.Path("a.jsonl.1")), stored.revision.json + "\n");
}

TEST(FileDestinationTest, WhatSomebodyElseStillWritesIsNotCutOff) {
  const TempDir directory;
  const std::string half = "{\"schema\":\"hark.alert/v1\"";
  const std::string path = directory.Write("a.jsonl", half);
  const std::unique_ptr<Destination> file = *FileDestination::Open(path);
  std::ofstream(path, std::ios::app) << "}\n";
  const StoredRevision stored = {.sequence = 1, .revision = MakeTestRevision(1)};
  Deliver(*file, {stored});
  EXPECT_EQ(ContentOf(path), half + "}\n" + stored.revision.json + "\n");
}

TEST(FileDestinationTest, AFullDiskIsRetried) {
  const std::unique_ptr<Destination> file = *FileDestination::Open("/dev/full");
  const Attempt attempt = Deliver(*file, {{.sequence = 1, .revision = MakeTestRevision(1)}});
  EXPECT_EQ(attempt.outcome, Outcome::kRetry);
  EXPECT_THAT(attempt.reason, HasSubstr("No space left"));
}

TEST(FileDestinationTest, APathThatCannotBeOpenedIsRefused) {
  EXPECT_FALSE(FileDestination::Open("/no/such/folder/a.jsonl").ok());
}

}  // namespace
}  // namespace hark::alert
