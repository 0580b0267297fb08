#include "ingest/kafka_consumer.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/kafka_helper.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::MockKafka;
using ::hark::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Messages = std::vector<ReadMessage>;

TEST_F(KafkaConsumerTest, EachPartitionIsASourceWithItsMessages) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 2);
  kafka.Produce("audit", 0, {"a0", "a1"});
  kafka.Produce("audit", 1, {"b0"});
  KafkaOptions options = Options(kafka);
  options.cluster = "prod";
  const auto consumer = Consume(options);
  const auto sources = Find(*consumer, 2);
  ASSERT_THAT(sources, ElementsAre(::testing::Key("prod=kafka:audit/0"),
                                   ::testing::Key("prod=kafka:audit/1")));
  const ReadSoFar first = ReadToEnd(*sources.at("prod=kafka:audit/0"));
  EXPECT_EQ(first.messages, (Messages{{0, "a0"}, {1, "a1"}}));
  EXPECT_EQ(first.position, 2);
  EXPECT_EQ(ReadToEnd(*sources.at("prod=kafka:audit/1")).messages, (Messages{{0, "b0"}}));
  EXPECT_EQ(sources.at("prod=kafka:audit/0")->cluster(), "prod");
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }));
  EXPECT_THAT(consumer->FindNew(), IsEmpty());
}

TEST_F(KafkaConsumerTest, WhatComesLaterIsRead) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  KafkaOptions options = Options(kafka);
  options.name = "east";
  const auto consumer = Consume(options);
  const auto source = FindOne(*consumer);
  EXPECT_EQ(source->name(), "kafka:east/audit/0");
  EXPECT_THAT(ReadToEnd(*source).messages, IsEmpty());
  kafka.Produce("audit", 0, {"a"});
  EXPECT_TRUE(ComesTrue([&] { return !ReadToEnd(*source).messages.empty(); }));
}

TEST_F(KafkaConsumerTest, APartitionIsReadOnBehindItsCursor) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a", "b", "c"});
  std::string cursor;
  {
    const auto consumer = Consume(Options(kafka));
    const auto source = FindOne(*consumer);
    EXPECT_EQ(source->cursor(), "kafka1 0");
    RecordBatch batch;
    ASSERT_TRUE(ComesTrue([&] { return source->Read(1, batch).ok() && !batch.at_end(); }));
    cursor = source->cursor();
  }
  EXPECT_EQ(cursor, "kafka1 1");
  const auto consumer =
      Consume(Options(kafka), {.knows_entry = true, .cursors = {{"kafka:audit/0", cursor}}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{1, "b"}, {2, "c"}}));
}

TEST_F(KafkaConsumerTest, AnEntryThatIsNewCanBeginAtTheEnd) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  KafkaOptions options = Options(kafka);
  options.from_start = false;
  const auto consumer = Consume(options);
  const auto source = FindOne(*consumer);
  EXPECT_EQ(source->cursor(), "kafka1 1");
  kafka.Produce("audit", 0, {"b"});
  Messages read;
  EXPECT_TRUE(ComesTrue([&] {
    read = ReadToEnd(*source).messages;
    return !read.empty();
  }));
  EXPECT_EQ(read, (Messages{{1, "b"}}));
}

TEST_F(KafkaConsumerTest, OfAnEntryThatWasReadAPartitionWithoutCursorIsNew) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  KafkaOptions options = Options(kafka);
  options.from_start = false;
  const auto consumer = Consume(options, {.knows_entry = true, .cursors = {}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
}

TEST_F(KafkaConsumerTest, ATopicThatComesLaterIsReadFromItsFirstMessage) {
  MockKafka kafka;
  KafkaOptions options = Options(kafka);
  options.from_start = false;
  const auto consumer = Consume(options);
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().find("topic audit") == 0; }))
      << consumer->why_not_ready();
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }))
      << consumer->why_not_ready();
}

TEST_F(KafkaConsumerTest, WhatIsCommittedIsWhereAnEntryThatIsNewBegins) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a", "b", "c"});
  {
    const auto consumer = Consume(Options(kafka));
    const auto source = FindOne(*consumer);
    ASSERT_EQ(ReadToEnd(*source).cursor, "kafka1 3");
    consumer->Commit({{"kafka:audit/0", "kafka1 2"}, {"kafka:other/0", "kafka1 2"}});
    consumer->Commit({{"kafka:audit/0", "kafka1 9"}});
    consumer->Commit({{"kafka:audit/0", "kafka1 2 another-topic"}});
    consumer->Commit({{"kafka:audit/0", "kafka1 1"}});
  }
  const auto consumer = Consume(Options(kafka));
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{2, "c"}}));
}

TEST_F(KafkaConsumerTest, APartitionCanBeOpenedAgainBehindACursor) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 2);
  kafka.Produce("audit", 0, {"a", "b", "c"});
  kafka.Produce("audit", 1, {"x"});
  const auto consumer = Consume(Options(kafka));
  auto sources = Find(*consumer, 2);
  Source& first = *sources.at("kafka:audit/0");
  const std::string begin = first.cursor();
  EXPECT_EQ(ReadToEnd(first).messages.size(), 3);
  EXPECT_EQ(ReadToEnd(*sources.at("kafka:audit/1")).messages.size(), 1);

  auto again = consumer->Reopen("kafka:audit/0", begin);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->cursor(), begin);
  EXPECT_EQ(ReadToEnd(**again).messages, (Messages{{0, "a"}, {1, "b"}, {2, "c"}}));
  EXPECT_THAT(ReadToError(first), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("")));
  // The other one goes on where it was.
  EXPECT_THAT(ReadToEnd(*sources.at("kafka:audit/1")).messages, IsEmpty());
  kafka.Produce("audit", 1, {"y"});
  Messages more;
  EXPECT_TRUE(ComesTrue([&] {
    more = ReadToEnd(*sources.at("kafka:audit/1")).messages;
    return !more.empty();
  }));
  EXPECT_EQ(more, (Messages{{1, "y"}}));
  EXPECT_THAT(consumer->FindNew(), IsEmpty());
}

TEST_F(KafkaConsumerTest, OpenedAgainManyTimesWhileItIsReadItLosesNothing) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  constexpr int kCount = 2'000;
  for (int i = 0; i < kCount; ++i) {
    kafka.ProduceOne("audit", 0, std::to_string(i));
  }
  kafka.Flush();
  const auto consumer = Consume(Options(kafka));
  std::unique_ptr<Source> source = FindOne(*consumer);
  std::uint64_t next = 0;
  RecordBatch batch;
  for (int i = 0; i < 8; ++i) {
    // Some batches, then back by some messages.
    for (int j = 0; j < 3; ++j) {
      ASSERT_TRUE(ComesTrue([&] { return source->Read(100, batch).ok(); }));
      for (const BatchMessage& message : batch.messages) {
        ASSERT_EQ(message.offset, next++);
      }
    }
    next -= std::min<std::uint64_t>(next, 10);
    source.reset();
    auto again = consumer->Reopen("kafka:audit/0", "kafka1 " + std::to_string(next));
    ASSERT_THAT(again, IsOk());
    source = *std::move(again);
  }
  for (const ReadMessage& message : ReadToEnd(*source).messages) {
    ASSERT_EQ(message.offset, next++);
  }
  EXPECT_EQ(next, kCount);
}

TEST_F(KafkaConsumerTest, WhatIsNoPartitionCannotBeOpenedAgain) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  const auto consumer = Consume(Options(kafka));
  const auto source = FindOne(*consumer);
  EXPECT_THAT(consumer->Reopen("kafka:other/0", source->cursor()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("kafka:other/0")));
  EXPECT_THAT(consumer->Reopen("kafka:audit/0", "file1 1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("file1 1")));
}

TEST_F(KafkaConsumerTest, ADamagedCursorIsSaidAndReadFromTheFirstMessage) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  const auto consumer =
      Consume(Options(kafka), {.knows_entry = true, .cursors = {{"kafka:audit/0", "kafka1 -4"}}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages.size(), 1);
  EXPECT_THAT(log_.text(), HasSubstr("kafka_cursor_damaged"));
}

TEST_F(KafkaConsumerTest, LagIsWhatIsThereAndWasNotGiven) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a", "b", "c"});
  const auto consumer = Consume(Options(kafka));
  const auto source = FindOne(*consumer);
  const auto lag = [&] {
    const std::vector<KafkaConsumer::Lag> lags = consumer->lags();
    return lags.size() == 1 && lags[0].topic == "audit" && lags[0].partition == 0 ? lags[0].records
                                                                                  : -1;
  };
  EXPECT_TRUE(ComesTrue([&] { return lag() == 3; }));
  ReadToEnd(*source);
  EXPECT_EQ(lag(), 0);
}

TEST_F(KafkaConsumerTest, AReadAfterTheConsumerIsGoneFails) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  auto consumer = Consume(Options(kafka));
  const auto source = FindOne(*consumer);
  consumer.reset();
  EXPECT_THAT(ReadToError(*source), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("")));
}

TEST_F(KafkaConsumerTest, OptionsThatAreRefusedAreSaidAtOnce) {
  MockKafka kafka;
  KafkaOptions options = Options(kafka);
  options.properties["fetch.min"] = "1";
  EXPECT_THAT(KafkaConsumer::Create(options, {}, logger_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fetch.min")));
  options = Options(kafka);
  options.sasl = {.mechanism = "PLAIN", .username = "hark", .password_file = "/no/such/file"};
  EXPECT_THAT(KafkaConsumer::Create(options, {}, logger_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file")));
  options = Options(kafka);
  options.tls = {.enabled = true,
                 .ca_file = "/no/such/ca",
                 .cert_file = "",
                 .key_file = "",
                 .key_password_file = ""};
  EXPECT_THAT(KafkaConsumer::Create(options, {}, logger_),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/ca")));
}

TEST_F(KafkaConsumerTest, NoMessageHoldsAPassword) {
  MockKafka kafka;
  const testing::TempDir folder;
  KafkaOptions options = Options(kafka);
  options.properties["debug"] = "all";
  options.sasl = {.mechanism = "SCRAM-SHA-512",
                  .username = "hark",
                  .password_file = folder.Write("password", "hunter2\n")};
  Logger logger{
      {.level = LogLevel::kDebug, .repeat_interval = absl::ZeroDuration(), .file = log_.file()}};
  {
    auto consumer = KafkaConsumer::Create(options, {}, logger);
    ASSERT_THAT(consumer, IsOk());
    Logged("librdkafka");
  }
  EXPECT_THAT(log_.text(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace hark::ingest
