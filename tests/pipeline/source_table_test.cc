#include "pipeline/source_table.h"

#include <string>

#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

using Kind = FactRecord::Kind;

FactRecord Record(Kind kind, const std::string& source, std::uint64_t position,
                  const std::string& cursor, Micros highest_time = kBeginningOfTime) {
  FactRecord record;
  record.kind = kind;
  record.source = source;
  record.position = position;
  record.cursor = cursor;
  record.highest_time = highest_time;
  record.lateness = kind == Kind::kDeclare ? 5 : 0;
  return record;
}

TEST(SourceTableTest, HoldsWhatTheLastRecordOfEachSourceSays) {
  SourceTable table;
  table.Apply(Record(Kind::kDeclare, "a", 0, "c0"));
  table.Apply(Record(Kind::kBatch, "a", 10, "c1", 70));
  table.Apply(Record(Kind::kBatch, "a", 20, "c2", 60));
  const SourceTable::Entry expected = {
      .lateness = 5, .position = 20, .highest_time = 70, .cursor = "c2", .ended = false};
  ASSERT_NE(table.Find("a"), nullptr);
  EXPECT_EQ(*table.Find("a"), expected);
  EXPECT_EQ(table.highest_time(), 70);
  EXPECT_EQ(table.Find("b"), nullptr);
}

TEST(SourceTableTest, AnIdleRecordMovesNoPosition) {
  SourceTable table;
  table.Apply(Record(Kind::kBatch, "a", 10, "c1", 70));
  table.Apply(Record(Kind::kIdle, "a", 0, "", 900));
  EXPECT_EQ(table.Find("a")->cursor, "c1");
  EXPECT_EQ(table.Find("a")->position, 10U);
  EXPECT_EQ(table.highest_time(), 70);
}

TEST(SourceTableTest, OneThatHasEndedStaysIfItCanBeGoneOnWith) {
  SourceTable table;
  table.Apply(Record(Kind::kBatch, "a", 10, "c1", 70));
  table.Apply(Record(Kind::kEnd, "a", 10, "c1"));
  table.Apply(Record(Kind::kBatch, "b", 10, "", 80));
  table.Apply(Record(Kind::kEnd, "b", 10, ""));
  ASSERT_NE(table.Find("a"), nullptr);
  EXPECT_TRUE(table.Find("a")->ended);
  EXPECT_EQ(table.Find("b"), nullptr);
  EXPECT_EQ(table.highest_time(), 80);
  table.Apply(Record(Kind::kDeclare, "a", 10, "c1"));
  EXPECT_FALSE(table.Find("a")->ended);
}

TEST(SourceTableTest, AReloadIsOfNoSource) {
  SourceTable table;
  table.Apply(Record(Kind::kReload, "", 0, ""));
  EXPECT_TRUE(table.entries().empty());
}

TEST(SourceTableTest, IsRestoredAsItWasSaved) {
  SourceTable table;
  table.Apply(Record(Kind::kDeclare, "a", 0, "c0"));
  table.Apply(Record(Kind::kBatch, "b", 10, "c1", 70));
  table.Apply(Record(Kind::kEnd, "b", 10, "c1"));
  SourceTable restored;
  ASSERT_TRUE(restored.Restore(table.Save()).ok());
  EXPECT_EQ(restored.entries(), table.entries());
  EXPECT_EQ(restored.highest_time(), table.highest_time());
}

TEST(SourceTableTest, DamagedBytesAreRefused) {
  SourceTable table;
  table.Apply(Record(Kind::kBatch, "a", 10, "c1", 70));
  const std::string bytes = table.Save();
  SourceTable restored;
  EXPECT_EQ(restored.Restore(bytes + "x").code(), absl::StatusCode::kDataLoss);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(restored.Restore(bytes.substr(0, size)).code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_TRUE(restored.entries().empty());
  }
}

}  // namespace
}  // namespace hark::pipeline
