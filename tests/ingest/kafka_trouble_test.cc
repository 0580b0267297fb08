// What KafkaConsumer does where brokers, topics and other members do not do their part.
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/kafka_consumer.h"
#include "ingest/kafka_helper.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::MockKafka;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Messages = std::vector<ReadMessage>;
using KafkaTroubleTest = KafkaConsumerTest;

TEST_F(KafkaTroubleTest, ABrokerThatIsAwayIsSaidAndComesBack) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  const auto consumer = Consume(Options(kafka));
  const auto source = FindOne(*consumer);
  EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);

  kafka.SetDown(1);
  EXPECT_THAT(ReadToError(*source), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("")));
  EXPECT_TRUE(ComesTrue([&] { return !consumer->why_not_ready().empty(); }));
  kafka.SetUp(1);
  EXPECT_THAT(ReadToEnd(*source).messages, IsEmpty());
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }));
  kafka.Produce("audit", 0, {"b"});
  Messages read;
  EXPECT_TRUE(ComesTrue([&] {
    read = ReadToEnd(*source).messages;
    return !read.empty();
  }));
  EXPECT_EQ(read, (Messages{{1, "b"}}));
}

TEST_F(KafkaTroubleTest, WithoutAnyBrokerAConsumerStartsAndSaysWhy) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  kafka.SetDown(1);
  const auto consumer = Consume(Options(kafka));
  EXPECT_TRUE(ComesTrue([&] {
    return consumer->why_not_ready().find("refused") != std::string::npos ||
           consumer->why_not_ready().find("down") != std::string::npos;
  })) << consumer->why_not_ready();
  EXPECT_THAT(consumer->FindNew(), IsEmpty());
  kafka.SetUp(1);
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
}

TEST_F(KafkaTroubleTest, AMemberThatIsNotGivenAllPartitionsSaysWhich) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 2);
  kafka.Produce("audit", 0, {"a"});
  kafka.Produce("audit", 1, {"b"});
  const auto first = Consume(Options(kafka));
  const auto sources = Find(*first, 2);
  for (const auto& [name, source] : sources) {
    EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  }
  KafkaOptions other = Options(kafka);
  other.instance = "b";
  other.properties["session.timeout.ms"] = "2000";  // so long it is missed when it is gone
  auto second = Consume(other);
  const auto others = Find(*second, 1);
  EXPECT_TRUE(ComesTrue([&] {
    return first->why_not_ready().find("1 of its 2 partitions") != std::string::npos;
  })) << first->why_not_ready();
  EXPECT_TRUE(ComesTrue([&] {
    return second->why_not_ready().find("1 of its 2 partitions") != std::string::npos;
  })) << second->why_not_ready();
  const std::string moved = others.begin()->first;
  EXPECT_THAT(ReadToError(*sources.at(moved)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("another member")));

  // What comes back is read on where it was.
  second.reset();
  kafka.Produce("audit", moved == "kafka:audit/0" ? 0 : 1, {"c"});
  Messages read;
  EXPECT_TRUE(ComesTrue([&] {
    read = ReadToEnd(*sources.at(moved)).messages;
    return !read.empty();
  }));
  EXPECT_EQ(read, (Messages{{1, "c"}}));
  EXPECT_TRUE(ComesTrue([&] { return first->why_not_ready().empty(); })) << first->why_not_ready();
  EXPECT_THAT(first->FindNew(), IsEmpty());
}

TEST_F(KafkaTroubleTest, ATopicThatIsDeletedEndsItsSourcesAndMayComeBack) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a"});
  const auto consumer = Consume(Options(kafka));
  auto source = FindOne(*consumer);
  EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  kafka.SetTopicError("audit", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  absl::Status status;
  RecordBatch batch;
  EXPECT_TRUE(ComesTrue([&] {
    status = source->Read(1000, batch);
    return absl::IsNotFound(status);
  })) << status;
  EXPECT_THAT(consumer->why_not_ready(), HasSubstr("topic audit"));
  source.reset();
  EXPECT_THAT(consumer->FindNew(), IsEmpty());

  kafka.SetTopicError("audit", RD_KAFKA_RESP_ERR_NO_ERROR);
  // It is another topic as far as anybody knows.
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
}

TEST_F(KafkaTroubleTest, MessagesThatRetentionTookAreReportedAndPassed) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  // The brokers keep 5 MiB of a partition.
  const std::string large(100'000, 'x');
  for (int i = 0; i < 80; ++i) {
    kafka.ProduceOne("audit", 0, large);
  }
  kafka.Flush();
  const auto consumer =
      Consume(Options(kafka), {.knows_entry = true, .cursors = {{"kafka:audit/0", "kafka1 3"}}});
  const auto source = FindOne(*consumer);
  const Messages read = ReadToEnd(*source).messages;
  ASSERT_FALSE(read.empty());
  EXPECT_EQ(read.back().offset, 79);
  EXPECT_GT(read.front().offset, 20);
  const std::string log = Logged("kafka_messages_lost");
  EXPECT_THAT(log, HasSubstr("deleted before hark has read them"));
  EXPECT_THAT(log, HasSubstr("lost=" + std::to_string(read.front().offset - 3)));
}

TEST_F(KafkaTroubleTest, ACursorBeyondAllThatIsThereIsOneOfAnotherTopic) {
  MockKafka kafka;
  kafka.CreateTopic("audit", 1);
  kafka.Produce("audit", 0, {"a", "b"});
  const auto consumer =
      Consume(Options(kafka), {.knows_entry = true, .cursors = {{"kafka:audit/0", "kafka1 50"}}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}, {1, "b"}}));
  EXPECT_THAT(Logged("kafka_messages_lost"), HasSubstr("there is a new one of its name"));
}

TEST_F(KafkaTroubleTest, WhileItIsReadAPartitionCanMoveToAnotherBroker) {
  MockKafka kafka(2);
  kafka.CreateTopic("audit", 1);
  rd_kafka_mock_partition_set_leader(kafka.cluster(), "audit", 0, 1);
  rd_kafka_mock_coordinator_set(kafka.cluster(), "group", "hark", 2);
  kafka.Produce("audit", 0, {"a"});
  const auto consumer = Consume(Options(kafka));
  const auto source = FindOne(*consumer);
  EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  rd_kafka_mock_partition_set_leader(kafka.cluster(), "audit", 0, 2);
  kafka.SetDown(1);
  kafka.Produce("audit", 0, {"b"});
  Messages read;
  EXPECT_TRUE(ComesTrue([&] {
    read = ReadToEnd(*source).messages;
    return !read.empty();
  }));
  EXPECT_EQ(read, (Messages{{1, "b"}}));
}

}  // namespace
}  // namespace hark::ingest
