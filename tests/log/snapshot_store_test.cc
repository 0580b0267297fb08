#include "log/snapshot_store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/checksum.h"
#include "base/codec.h"
#include "log/snapshot_helper.h"

namespace hark::log {
namespace {

using ::hark::testing::FaultFileSystem;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SnapshotStoreTest : public ::testing::Test {
 protected:
  std::vector<std::string> Files() { return files_.List(kState).value(); }

  FaultFileSystem files_;
  std::unique_ptr<SnapshotStore> store_ = OpenStore(files_);
};

TEST_F(SnapshotStoreTest, ASnapshotComesBackAsItWas) {
  ASSERT_THAT(Take(*store_, 77), IsOk());
  const LoadedSnapshot loaded = LoadAny(*store_).value();
  ASSERT_TRUE(loaded.snapshot.has_value());
  EXPECT_EQ(loaded.snapshot->number(), 1);
  EXPECT_EQ(loaded.snapshot->position(), 77);
  EXPECT_EQ(loaded.snapshot->rules(), "rules");
  EXPECT_EQ(loaded.snapshot->ReadSection("windows").value(), StateAt(77));
  EXPECT_EQ(loaded.snapshot->ReadSection("empty").value(), "");
  EXPECT_THAT(loaded.snapshot->ReadSection("sources"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("sources")));
  EXPECT_THAT(loaded.skipped, IsEmpty());
}

TEST_F(SnapshotStoreTest, EqualContentGivesEqualBytesWhateverThePieces) {
  FaultFileSystem other;
  const auto other_store = OpenStore(other);
  ASSERT_THAT(Take(*store_, 5, {.piece = 1}), IsOk());
  ASSERT_THAT(Take(*other_store, 5, {.piece = 1'000}), IsOk());
  EXPECT_EQ(files_.Content(PathOf(1)), other.Content(PathOf(1)));
}

TEST_F(SnapshotStoreTest, TheTwoNewestAreKept) {
  for (const std::uint64_t position : {10U, 20U, 30U, 40U}) {
    ASSERT_THAT(Take(*store_, position), IsOk());
  }
  EXPECT_THAT(Files(), ElementsAre("00000000000000000003.snap", "00000000000000000004.snap"));
  EXPECT_EQ(store_->keep_from(), 31);
}

TEST_F(SnapshotStoreTest, FactsAreKeptFromTheBeginningUntilThereAreTwo) {
  EXPECT_EQ(store_->keep_from(), 1);
  ASSERT_THAT(Take(*store_, 10), IsOk());
  EXPECT_EQ(store_->keep_from(), 1);
  ASSERT_THAT(Take(*store_, 20), IsOk());
  EXPECT_EQ(store_->keep_from(), 11);
}

TEST_F(SnapshotStoreTest, AWriterThatIsNotPublishedLeavesNothing) {
  auto writer = WriteSealed(*store_, 10);
  ASSERT_THAT(writer, IsOk());
  EXPECT_EQ(Files().size(), 1);
  writer->reset();
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(SnapshotStoreTest, WhatACrashLeavesUnfinishedIsRemoved) {
  const auto writer = WriteSealed(*store_, 10);
  const auto killed = files_.AfterKill();
  EXPECT_THAT(killed->List(kState).value(), ElementsAre("00000000000000000001.snap.tmp"));
  const auto store = OpenStore(*killed);
  EXPECT_THAT(killed->List(kState).value(), IsEmpty());
  EXPECT_FALSE(LoadAny(*store)->snapshot.has_value());
}

TEST_F(SnapshotStoreTest, TheNewestWhoseNumberTheDatabaseHoldsIsTaken) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  ASSERT_THAT(Take(*store_, 20), IsOk());
  const LoadedSnapshot loaded = Load(*store_, {.last_committed = 1}).value();
  EXPECT_EQ(loaded.snapshot->number(), 1);
  EXPECT_THAT(loaded.skipped, ElementsAre(AllOf(HasSubstr(PathOf(2)), HasSubstr("database"))));
}

TEST_F(SnapshotStoreTest, WithoutOneInTheDatabaseThereIsNone) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  EXPECT_FALSE(Load(*store_, {.last_committed = 0})->snapshot.has_value());
}

TEST_F(SnapshotStoreTest, NumbersGoOnAfterThoseOnDiskAndInTheDatabase) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  EXPECT_EQ((*OpenStore(files_)->Begin(11, "rules"))->number(), 2);
  EXPECT_EQ((*OpenStore(files_, 5)->Begin(11, "rules"))->number(), 6);
}

TEST_F(SnapshotStoreTest, ADamagedNewestIsSkippedForTheOneBeforeItAndReported) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  ASSERT_THAT(Take(*store_, 20), IsOk());
  const std::string bytes = files_.Content(PathOf(2));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    for (const std::string_view content :
         {std::string_view(damaged), std::string_view(bytes).substr(0, i)}) {
      files_.SetContent(PathOf(2), content);
      const LoadedSnapshot loaded = LoadAny(*store_).value();
      ASSERT_TRUE(loaded.snapshot.has_value()) << i;
      EXPECT_EQ(loaded.snapshot->number(), 1);
      EXPECT_THAT(loaded.skipped, ElementsAre(HasSubstr(PathOf(2))));
    }
  }
}

TEST_F(SnapshotStoreTest, ADamagedOneIsNotCountedAsKept) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  ASSERT_THAT(Take(*store_, 20), IsOk());
  files_.SetContent(PathOf(2), "damaged");
  const auto store = OpenStore(files_);
  ASSERT_THAT(LoadAny(*store), IsOk());
  ASSERT_THAT(Take(*store, 30), IsOk());
  EXPECT_THAT(Files(), ElementsAre("00000000000000000001.snap", "00000000000000000003.snap"));
  EXPECT_EQ(store->keep_from(), 11);
}

TEST_F(SnapshotStoreTest, AnUnknownSectionIsRefusedByName) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  EXPECT_THAT(Load(*store_, {.known = {{.name = "windows", .version = 1}}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(PathOf(1)), HasSubstr("section empty (version 3)"))));
}

TEST_F(SnapshotStoreTest, AnotherVersionOfASectionIsRefusedByName) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  EXPECT_THAT(
      Load(*store_,
           {.known = {{.name = "windows", .version = 2}, {.name = "empty", .version = 3}}}),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr("section windows is of version 1, and this hark knows version 2")));
}

TEST_F(SnapshotStoreTest, AnotherFormatIsRefusedIfTheFileIsWhole) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  std::string bytes = files_.Content(PathOf(1));
  bytes[bytes.size() - 12] = 9;
  bytes.resize(bytes.size() - 8);
  ByteWriter checksum;
  checksum.Fixed64(Checksum(bytes));
  files_.SetContent(PathOf(1), bytes + checksum.bytes());
  EXPECT_THAT(LoadAny(*store_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("format 9")));
}

TEST_F(SnapshotStoreTest, ARenamedSnapshotIsSkipped) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  ASSERT_THAT(files_.Rename(PathOf(1), PathOf(2)), IsOk());
  const LoadedSnapshot loaded = LoadAny(*store_).value();
  EXPECT_FALSE(loaded.snapshot.has_value());
  EXPECT_THAT(loaded.skipped, ElementsAre(HasSubstr("renamed")));
}

TEST_F(SnapshotStoreTest, DamageAfterItWasOpenedIsFoundInTheSection) {
  ASSERT_THAT(Take(*store_, 10), IsOk());
  const LoadedSnapshot loaded = LoadAny(*store_).value();
  const auto file = files_.Open(PathOf(1), OpenMode::kUpdate).value();
  ASSERT_THAT(WriteAll(*file, 20, "X"), IsOk());
  EXPECT_THAT(loaded.snapshot->ReadSection("windows"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("section windows")));
}

TEST_F(SnapshotStoreTest, ALargeSnapshotIsWrittenByAnotherThread) {
  std::unique_ptr<SnapshotWriter> writer = *store_->Begin(10, "rules");
  std::thread background([&writer] {
    writer->BeginSection("windows", 1);
    for (int i = 0; i < 3'000; ++i) {
      ASSERT_THAT(writer->Append(std::string(1'000, static_cast<char>(i))), IsOk());
    }
    ASSERT_THAT(writer->Seal(), IsOk());
  });
  EXPECT_FALSE(LoadAny(*store_)->snapshot.has_value());
  background.join();
  ASSERT_THAT(store_->Publish(std::move(writer)), IsOk());
  EXPECT_EQ(LoadAny(*store_)->snapshot->ReadSection("windows")->size(), 3'000'000);
}

}  // namespace
}  // namespace hark::log
