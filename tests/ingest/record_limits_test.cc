// Records over the limit, and what is read with long ones.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/hash128.h"
#include "ingest/record_source.h"
#include "ingest/record_source_helper.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::StartsWith;

using RecordLimitsTest = RecordSourceTest;

TEST_F(RecordLimitsTest, ARecordOverTheLimitIsCutOutAndCounted) {
  const std::string record = "{" + std::string(kMaxRecordBytes, 'x') + "}";
  const Batches batches =
      ReadAll("{a}\n" + record + "\n{b}\n" + record + "\n" + record + "\n{c}\n", 100);
  EXPECT_THAT(batches.data, ElementsAre("{a}\n", "{b}\n", "{c}\n"));
  ASSERT_THAT(batches.damages, SizeIs(3));
  EXPECT_EQ(batches.damages[0].offset, 4);
  EXPECT_EQ(batches.damages[0].length, record.size());
}

TEST_F(RecordLimitsTest, WhatIsKnownOfARecordThatWasCutOutIsItsHashAndItsStart) {
  const std::string record = "{\"a\":\"" + std::string(3 * kMaxRecordBytes, 'x') + "\"}";
  for (const std::size_t piece : {777U, 1U << 20}) {
    piece_ = piece;
    const Batches batches =
        ReadAll(absl::StrCat("{1}\n", record, "[", record, ",", record, "]"), 100);
    ASSERT_THAT(batches.damages, SizeIs(3));
    for (const Damage& damage : batches.damages) {
      EXPECT_EQ(damage.length, record.size());
      EXPECT_EQ(damage.sha256, Sha256Hex(record));
      EXPECT_THAT(record, StartsWith(damage.start));
      EXPECT_THAT(damage.start, SizeIs(Gt(kMaxRecordBytes)));
    }
  }
}

TEST_F(RecordLimitsTest, RecordsOverTheLimitAreGivenOutAFewAtATime) {
  const std::string record = "{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}\n";
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += record;
  }
  const Batches batches = ReadAll(text, 100);
  EXPECT_THAT(batches.damages, SizeIs(50));
  EXPECT_THAT(batches.data, SizeIs(Gt(5)));
}

TEST_F(RecordLimitsTest, OfWhatComesBehindALongRecordLittleIsReadWithIt) {
  const std::string record = "{\"a\":\"" + std::string(9'000, 'x') + "\"}";
  const std::string next = "{\"b\":\"" + std::string(1'000, 'y') + "\"}";
  std::string text = record;
  for (int i = 0; i < 100; ++i) {
    text += "\n" + next;
  }
  for (const std::string& before :
       {std::string(), std::string("["), std::string("{\"c\":1}\n,,")}) {
    auto stream = std::make_unique<ScriptedStream>(before + text, 1 << 20, absl::OkStatus());
    const ScriptedStream& given = *stream;
    RecordSource source({.name = "test", .cluster = {}}, std::move(stream), kLimits);
    RecordBatch batch;
    do {
      ASSERT_THAT(source.Read(100, batch), IsOk());
    } while (batch.data.find("xx") == std::string_view::npos);
    EXPECT_EQ(batch.data.substr(batch.data.find("{\"a")), record);
    EXPECT_LE(given.given(), before.size() + record.size() + 4096) << before;
  }
}

TEST_F(RecordLimitsTest, ARecordOverTheLimitIsFoundWithLittleMoreRead) {
  // Reads end anywhere, so twice what was searched is nearly twice the limit.
  for (const std::size_t piece : {1'300U, 4'001U, 9'999U}) {
    auto stream = std::make_unique<ScriptedStream>("{\"a\":\"" + std::string(1 << 20, 'x'), piece,
                                                   absl::OkStatus());
    RecordSource source({.name = "test", .cluster = {}}, std::move(stream), kLimits);
    RecordBatch batch;
    ASSERT_THAT(source.Read(100, batch), IsOk());
    ASSERT_THAT(batch.damages, SizeIs(1));
    EXPECT_THAT(batch.damages[0].start, SizeIs(Le(kMaxRecordBytes + std::size_t{2} * 4096)));
  }
}

TEST_F(RecordLimitsTest, ALargeRecordIsHeldInTurn) {
  const std::string large = "{\"a\":\"" + std::string(LargeTurn::kLarge, 'x') + "\"}\n";
  RecordSource source({.name = "test", .cluster = {}},
                      std::make_unique<ScriptedStream>("{1}\n" + large + "{2}\n", piece_, end_));
  RecordBatch batch;
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  EXPECT_FALSE(batch.turn.is_taken());
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  EXPECT_THAT(batch.data, SizeIs(Gt(LargeTurn::kLarge)));
  EXPECT_TRUE(batch.turn.is_taken());
  ASSERT_THAT(source.Read(1000, batch), IsOk());
  EXPECT_EQ(batch.data, "{2}\n");
  EXPECT_FALSE(batch.turn.is_taken());
  EXPECT_THAT(batch.capacity, Le(LargeTurn::kLarge));
}

TEST_F(RecordLimitsTest, ARecordOverTheLimitNeedsNoLineFeedToEnd) {
  const std::string record = "{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}";
  const Batches batches = ReadAll("{1}" + record + "{2}" + record + "{3}", 100);
  EXPECT_EQ(Joined(batches), "{1}{2}{3}");
  EXPECT_THAT(batches.damages, SizeIs(2));
}

TEST_F(RecordLimitsTest, ALineOverTheLimitEndsAtItsLineFeed) {
  const Batches batches = ReadAll(std::string(3 * kMaxRecordBytes, 'x') + "\n{1}\n", 100);
  EXPECT_EQ(Joined(batches), "{1}\n");
  EXPECT_THAT(batches.damages, SizeIs(1));
}

TEST_F(RecordLimitsTest, ARecordOverTheLimitMayBeTheLastOne) {
  const Batches batches = ReadAll("{a}\n" + std::string(3 * kMaxRecordBytes, 'x'), 100);
  EXPECT_THAT(batches.data, ElementsAre("{a}\n", ""));
  EXPECT_THAT(batches.damages, SizeIs(1));
}

TEST_F(RecordLimitsTest, AHoleOfNulsOfAnyLengthIsNoRecord) {
  const Batches batches = ReadAll("{1}\n" + std::string(5 * kMaxRecordBytes, '\0') + "{2}\n", 100);
  EXPECT_EQ(Joined(batches), "{1}\n{2}\n");
  EXPECT_THAT(batches.damages, IsEmpty());
}

TEST_F(RecordLimitsTest, AnItemOverTheLimitIsCutOut) {
  const std::string item = ",{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}";
  const Batches batches = ReadAll(LongList("[", item + ",{\"b\":1}]"), 100);
  EXPECT_THAT(batches.damages, SizeIs(1));
  EXPECT_THAT(batches.data.back(), HasSubstr("{\"b\":1}"));
}

}  // namespace
}  // namespace hark::ingest
