// What KafkaConsumer's sources make of the values of messages.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/kafka_consumer.h"
#include "ingest/kafka_helper.h"
#include "support/compression.h"

namespace hark::ingest {
namespace {

using ::hark::testing::Gzip;
using ::hark::testing::MockKafka;
using ::hark::testing::Zstd;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Messages = std::vector<ReadMessage>;

class KafkaValuesTest : public KafkaConsumerTest {
 protected:
  KafkaValuesTest() { kafka_.CreateTopic("audit", 1); }

  // All that is in the topic, in batches of that size.
  ReadSoFar ReadAll(std::size_t max_bytes = 100'000, const RecordSource::Limits& limits = {}) {
    KafkaOptions options = Options(kafka_);
    options.limits = limits;
    const auto consumer = Consume(options);
    return ReadToEnd(*FindOne(*consumer), max_bytes);
  }

  MockKafka kafka_;
};

TEST_F(KafkaValuesTest, ValuesAreGivenAsTheyAre) {
  kafka_.Produce("audit", 0, {R"({"a":1})", "{\"b\":", "{\n\"c\": 1\n}\n", "text", " "});
  const ReadSoFar read = ReadAll();
  EXPECT_EQ(
      read.messages,
      (Messages{
          {0, R"({"a":1})"}, {1, "{\"b\":"}, {2, "{\n\"c\": 1\n}\n"}, {3, "text"}, {4, " "}}));
  EXPECT_EQ(read.position, 5);
}

TEST_F(KafkaValuesTest, WhatHasNoValueIsCountedAndPassed) {
  kafka_.Produce("audit", 0, {std::nullopt, "a", std::nullopt, ""});
  const ReadSoFar read = ReadAll();
  EXPECT_EQ(read.messages, (Messages{{1, "a"}}));
  EXPECT_EQ(read.empty, 3);
  EXPECT_EQ(read.position, 4);
}

TEST_F(KafkaValuesTest, NothingButTombstonesMovesOn) {
  kafka_.Produce("audit", 0, {std::nullopt, std::nullopt});
  const ReadSoFar read = ReadAll();
  EXPECT_EQ(read.empty, 2);
  EXPECT_EQ(read.position, 2);
  EXPECT_EQ(read.cursor, "kafka1 2");
}

TEST_F(KafkaValuesTest, BatchesAreAsLargeAsTheyAreWanted) {
  kafka_.Produce("audit", 0, {"aaaa", "bbbb", "cccc", "dddd"});
  const auto consumer = Consume(Options(kafka_));
  const auto source = FindOne(*consumer);
  RecordBatch batch;
  ASSERT_TRUE(ComesTrue([&] { return source->Read(1, batch).ok() && !batch.at_end(); }));
  EXPECT_THAT(batch.messages, SizeIs(1));
  EXPECT_EQ(batch.offset, 0);
  EXPECT_EQ(batch.end_offset(), 1);
  ASSERT_TRUE(ComesTrue([&] { return source->Read(6, batch).ok() && !batch.at_end(); }));
  EXPECT_THAT(batch.messages, SizeIs(2));
  EXPECT_EQ(batch.data, "bbbbcccc");
  EXPECT_EQ(batch.offset, 1);
  EXPECT_EQ(batch.end_offset(), 3);
}

TEST_F(KafkaValuesTest, AValueThatIsCompressedIsOpened) {
  kafka_.Produce("audit", 0,
                 {"{\"a\":1}", Gzip("{\"b\":1}\n{\"b\":2}\n"), Zstd("{\"c\":1}\n"), "{\"d\":1}"});
  const ReadSoFar read = ReadAll();
  EXPECT_EQ(
      read.messages,
      (Messages{
          {0, "{\"a\":1}"}, {1, "{\"b\":1}\n{\"b\":2}\n"}, {2, "{\"c\":1}\n"}, {3, "{\"d\":1}"}}));
  EXPECT_THAT(read.damages, IsEmpty());
  EXPECT_EQ(read.cursor, "kafka1 4");
}

TEST_F(KafkaValuesTest, ACompressedValueThatIsDamagedIsOneDamage) {
  const std::string whole = Gzip("{\"b\":1}\n");
  kafka_.Produce("audit", 0, {whole.substr(0, whole.size() / 2), "{\"c\":1}"});
  const ReadSoFar read = ReadAll();
  ASSERT_THAT(read.damages, SizeIs(1));
  EXPECT_EQ(read.damages[0].reason, RejectReason::kDamaged);
  EXPECT_EQ(read.damages[0].offset, 0);
  ASSERT_FALSE(read.messages.empty());
  EXPECT_EQ(read.messages.back(), (ReadMessage{1, "{\"c\":1}"}));
}

TEST_F(KafkaValuesTest, ARecordThatIsTooLongIsCutOutOfItsValue) {
  const std::string large = "{\"large\":\"" + std::string(200'000, 'x') + "\"}";
  kafka_.Produce("audit", 0, {"{\"a\":1}", "{\"b\":1}\n" + large + "\n{\"b\":2}\n", "{\"c\":1}"});
  const ReadSoFar read = ReadAll(10'000, {.max_record_bytes = 100'000});
  ASSERT_THAT(read.damages, SizeIs(1));
  EXPECT_EQ(read.damages[0].reason, RejectReason::kTooLarge);
  EXPECT_EQ(read.damages[0].offset, 1);
  EXPECT_EQ(read.damages[0].length, large.size());
  std::string text;
  for (const ReadMessage& message : read.messages) {
    text += message.text;
  }
  EXPECT_EQ(text, "{\"a\":1}{\"b\":1}\n{\"b\":2}\n{\"c\":1}");
  EXPECT_EQ(read.cursor, "kafka1 3");
}

TEST_F(KafkaValuesTest, ALongListIsGivenInPartsAndItsCursorStaysBeforeItUntilItsEnd) {
  std::string list = R"({"kind":"EventList","items":[)";
  for (int i = 0; i < 200; ++i) {
    list += (i > 0 ? "," : "") + std::string(R"({"kind":"Event","auditID":")") + std::to_string(i) +
            "\"}";
  }
  list += "]}";
  kafka_.Produce("audit", 0, {list, "{\"c\":1}"});
  KafkaOptions options = Options(kafka_);
  options.limits.long_list = 1'000;
  const auto consumer = Consume(options);
  const auto source = FindOne(*consumer);
  RecordBatch batch;
  std::vector<std::string> cursors;
  std::vector<std::string> contexts;
  EXPECT_TRUE(ComesTrue([&] {
    const absl::Status status = source->Read(2'000, batch);
    if (status.ok() && !batch.at_end()) {
      cursors.push_back(source->cursor());
      contexts.push_back(batch.context);
      EXPECT_EQ(batch.offset, cursors.size() < contexts.size() ? 1 : batch.offset);
    }
    return status.ok() && batch.at_end();
  }));
  ASSERT_GT(cursors.size(), 3);
  EXPECT_EQ(cursors.front(), "kafka1 0");
  EXPECT_EQ(cursors.at(cursors.size() - 3), "kafka1 0");
  EXPECT_EQ(cursors.at(cursors.size() - 2), "kafka1 1");
  EXPECT_EQ(cursors.back(), "kafka1 2");
  EXPECT_EQ(contexts.front(), R"({"kind":"EventList","items":[)");
  EXPECT_EQ(contexts.back(), "");
}

TEST_F(KafkaValuesTest, WhatIsFetchedInAdvanceIsBounded) {
  for (int i = 0; i < 100; ++i) {
    kafka_.ProduceOne("audit", 0, std::string(40'000, 'x'));
  }
  kafka_.Flush();
  const ReadSoFar read = ReadAll();
  EXPECT_THAT(read.messages, SizeIs(100));
}

}  // namespace
}  // namespace hark::ingest
