#include "detect/watermark.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/fact_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using Kind = FactRecord::Kind;

class WatermarkTest : public ::testing::Test {
 protected:
  void Declare(const std::string& source, Micros lateness, Micros first_time = kBeginningOfTime) {
    FactRecord record;
    record.kind = Kind::kDeclare;
    record.source = source;
    record.lateness = lateness;
    record.highest_time = first_time;
    watermark_.Update(record);
  }
  void Update(Kind kind, const std::string& source, Micros highest_time = kBeginningOfTime) {
    FactRecord record;
    record.kind = kind;
    record.source = source;
    record.highest_time = highest_time;
    watermark_.Update(record);
  }
  std::string Saved() const {
    ByteWriter writer;
    watermark_.Save(writer);
    return writer.Take();
  }

  Watermark watermark_;
};

TEST_F(WatermarkTest, TimeHasNotBegunWithoutData) {
  Declare("a", 0);
  EXPECT_EQ(watermark_.time(), kBeginningOfTime);
}

TEST_F(WatermarkTest, IsTheHighestTimeLessTheLateness) {
  Declare("a", kMinute);
  Update(Kind::kBatch, "a", kStart);
  EXPECT_EQ(watermark_.time(), kStart - kMinute);
}

TEST_F(WatermarkTest, NeverGoesBackwards) {
  Declare("a", 0);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kBatch, "a", kStart - kSecond);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, IsTheMinimumOverTheSources) {
  Declare("a", 0);
  Declare("b", kSecond);
  Update(Kind::kBatch, "a", kStart + kMinute);
  Update(Kind::kBatch, "b", kStart);
  EXPECT_EQ(watermark_.time(), kStart - kSecond);
}

TEST_F(WatermarkTest, ADeclaredSourceWithoutDataHoldsIt) {
  Declare("a", 0);
  Declare("b", 0);
  Update(Kind::kBatch, "a", kStart);
  EXPECT_EQ(watermark_.time(), kBeginningOfTime);
}

TEST_F(WatermarkTest, ASourceOfWhichTheFirstEventIsKnownHoldsItThere) {
  Declare("a", 0);
  Declare("b", kMinute, kStart);
  Update(Kind::kBatch, "a", kStart - kMinute - kSecond);
  EXPECT_EQ(watermark_.time(), kStart - kMinute - kSecond);
  Update(Kind::kBatch, "a", kStart + kMinute);
  EXPECT_EQ(watermark_.time(), kStart - kMinute);
  Update(Kind::kBatch, "b", kStart + kMinute);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, ABatchWithoutEventsIsNoData) {
  Declare("a", 0);
  Declare("b", 0);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kBatch, "b");
  EXPECT_EQ(watermark_.time(), kBeginningOfTime);
}

TEST_F(WatermarkTest, AnIdleRecordCountsInFull) {
  Declare("a", 0);
  Declare("b", kMinute);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kIdle, "b", kStart);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, AnEndedSourceDoesNotCount) {
  Declare("a", 0);
  Declare("b", 0);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kEnd, "b");
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, StaysWhereItIsWhenAllSourcesHaveEnded) {
  Declare("a", kMinute);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kEnd, "a");
  EXPECT_EQ(watermark_.time(), kStart - kMinute);
}

TEST_F(WatermarkTest, ASourceThatIsDeclaredLaterHoldsItButDoesNotPushItBack) {
  Declare("a", 0);
  Update(Kind::kBatch, "a", kStart);
  Declare("b", 0);
  Update(Kind::kBatch, "a", kStart + kMinute);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, AnUndeclaredSourceHasNoLatenessAndDoesNotPushItBack) {
  Update(Kind::kBatch, "a", kStart);
  EXPECT_EQ(watermark_.time(), kStart);
  Update(Kind::kBatch, "b", kStart - kMinute);
  EXPECT_EQ(watermark_.time(), kStart);
  Update(Kind::kBatch, "a", kStart + kMinute);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, TheEndOfAnUnknownSourceChangesNothing) {
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kEnd, "b");
  Update(Kind::kBatch, "a", kStart + kSecond);
  EXPECT_EQ(watermark_.time(), kStart + kSecond);
}

TEST_F(WatermarkTest, AReloadIsNoSourceThatHoldsIt) {
  Declare("a", 0);
  Update(Kind::kReload, "");
  Update(Kind::kBatch, "a", kStart);
  EXPECT_EQ(watermark_.time(), kStart);
}

TEST_F(WatermarkTest, ALatenessLongerThanAllTimeDoesNotWrapAround) {
  Declare("a", kEndOfTime);
  Update(Kind::kBatch, "a", kBeginningOfTime + 1);
  EXPECT_EQ(watermark_.time(), kBeginningOfTime);
}

TEST_F(WatermarkTest, ComesBackAsItWas) {
  Declare("a", kSecond);
  Declare("b", kMinute);
  Update(Kind::kBatch, "a", kStart);
  Update(Kind::kBatch, "b", kStart);
  const std::string bytes = Saved();
  watermark_ = Watermark();
  ByteReader reader(bytes);
  watermark_.Restore(reader);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(Saved(), bytes);
  Update(Kind::kBatch, "b", kStart + kMinute);
  EXPECT_EQ(watermark_.time(), kStart - kSecond);
}

TEST_F(WatermarkTest, ANegativeLatenessIsDamage) {
  Declare("a", -1);
  const std::string bytes = Saved();
  ByteReader reader(bytes);
  Watermark().Restore(reader);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hark::detect
