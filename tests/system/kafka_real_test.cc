// KafkaConsumer with a real Apache Kafka broker. Started by kafka_test.py, which gives in the
// environment HARK_KAFKA_PLAIN and HARK_KAFKA_SECURE (addresses), HARK_KAFKA_FOLDER (of the
// broker), HARK_KAFKA_SCRIPT (the command that stops and starts it) and HARK_KAFKA_EVENTS (a file).
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "ingest/kafka_consumer.h"
#include "ingest/kafka_helper.h"
#include "support/real_kafka.h"
#include "support/status_matchers.h"

namespace hark::ingest {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::RealKafka;
using ::hark::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Messages = std::vector<ReadMessage>;

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  HARK_CHECK(value != nullptr);
  return value;
}

std::string InFolder(const std::string& name) {
  return Environment("HARK_KAFKA_FOLDER") + "/" + name;
}

void Broker(const std::string& verb) {
  const std::string command = Environment("HARK_KAFKA_SCRIPT") + " " + verb + " " +
                              Environment("HARK_KAFKA_FOLDER") + " >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

class KafkaRealTest : public KafkaConsumerTest {
 protected:
  KafkaRealTest()
      : topic_(::testing::UnitTest::GetInstance()->current_test_info()->name()),
        kafka_(Connect()) {}

  static std::unique_ptr<RealKafka> Connect(const RealKafka::Properties& properties = {}) {
    auto kafka = RealKafka::Connect(Environment("HARK_KAFKA_PLAIN"), properties);
    HARK_CHECK(kafka.ok());
    return *std::move(kafka);
  }

  // The test's own topic.
  void CreateTopic(int partitions) { ASSERT_THAT(kafka_->CreateTopic(topic_, partitions), IsOk()); }
  // After it was deleted; the broker takes a moment to forget it.
  void CreateTopicAnew() {
    EXPECT_TRUE(ComesTrue([&] { return kafka_->CreateTopic(topic_, 1).ok(); }));
    // A producer that has written to the old one takes the new one for a broken log.
    kafka_ = Connect();
  }
  void Produce(int partition, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      ASSERT_THAT(kafka_->Produce(topic_, partition, value), IsOk());
    }
    ASSERT_THAT(kafka_->Flush(), IsOk());
  }

  KafkaOptions Plain() {
    KafkaOptions options = Options(Environment("HARK_KAFKA_PLAIN"), topic_);
    options.group = topic_;
    // A busy broker that has just started takes seconds for an answer; the one of the mock is
    // there.
    options.check_interval = absl::Seconds(1);
    options.properties.erase("socket.timeout.ms");
    return options;
  }
  // SCRAM-SHA-512 over TLS.
  KafkaOptions Secure(const std::string& password_file) {
    KafkaOptions options = Plain();
    options.brokers = Environment("HARK_KAFKA_SECURE");
    options.sasl = {
        .mechanism = "SCRAM-SHA-512", .username = "hark", .password_file = password_file};
    options.tls.enabled = true;
    options.tls.ca_file = InFolder("ca.crt");
    return options;
  }

  std::string SourceName(int partition) const {
    return "kafka:" + topic_ + "/" + std::to_string(partition);
  }

  // What the source gives until there is something.
  static Messages ReadSome(Source& source) {
    Messages read;
    EXPECT_TRUE(ComesTrue([&] {
      read = ReadToEnd(source).messages;
      return !read.empty();
    }));
    return read;
  }

  const std::string topic_;
  std::unique_ptr<RealKafka> kafka_;
};

TEST_F(KafkaRealTest, RecordedEventsAreReadCompletelyWithScramOverTls) {
  constexpr int kPartitions = 6;
  CreateTopic(kPartitions);
  std::ifstream file(Environment("HARK_KAFKA_EVENTS"));
  std::map<int, std::vector<std::string>> events;
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    ASSERT_THAT(kafka_->Produce(topic_, count % kPartitions, line), IsOk());
    events[count % kPartitions].push_back(line);
  }
  ASSERT_EQ(count, 27'442);
  ASSERT_THAT(kafka_->Flush(), IsOk());

  const auto consumer = Consume(Secure(InFolder("password")));
  const auto sources = Find(*consumer, kPartitions);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kPartitions; ++i) {
    Source& source = *sources.at(SourceName(i));
    const ReadSoFar read = ReadToEnd(source);
    ASSERT_EQ(read.messages.size(), events[i].size());
    for (std::size_t j = 0; j < events[i].size(); ++j) {
      ASSERT_EQ(read.messages[j].offset, j);
      ASSERT_EQ(read.messages[j].text, events[i][j]);
    }
  }
  const auto took = std::chrono::steady_clock::now() - start;
  std::printf("read in %lld ms\n", static_cast<long long>(took / std::chrono::milliseconds(1)));
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }));
  for (const KafkaConsumer::Lag& lag : consumer->lags()) {
    EXPECT_EQ(lag.records, 0);
  }
}

TEST_F(KafkaRealTest, AWrongPasswordIsSaidAndTriedAgainWithTheRightOne) {
  CreateTopic(1);
  Produce(0, {"a"});
  const std::string password_file = InFolder(topic_);
  std::filesystem::copy_file(InFolder("wrong_password"), password_file);
  const auto consumer = Consume(Secure(password_file));
  EXPECT_TRUE(ComesTrue([&] {
    return consumer->why_not_ready().find("invalid credentials") != std::string::npos;
  })) << consumer->why_not_ready();
  EXPECT_THAT(consumer->FindNew(), IsEmpty());
  EXPECT_THAT(log_.text(), ::testing::Not(HasSubstr("correct-horse")));
  // Who corrects the file need not start anything again.
  std::filesystem::copy_file(InFolder("password"), password_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }))
      << consumer->why_not_ready();
}

TEST_F(KafkaRealTest, ABrokerWhoseCertificateNobodyTrustsIsSaid) {
  CreateTopic(1);
  KafkaOptions options = Secure(InFolder("password"));
  options.tls.ca_file = InFolder("other.crt");
  const auto consumer = Consume(options);
  EXPECT_TRUE(ComesTrue([&] {
    return consumer->why_not_ready().find("certificate") != std::string::npos;
  })) << consumer->why_not_ready();
}

TEST_F(KafkaRealTest, ATopicThatMayNotBeReadIsSaid) {
  CreateTopic(1);
  Produce(0, {"a"});
  ASSERT_THAT(kafka_->KeepTopicFor(topic_, "somebody-else"), IsOk());
  const auto consumer = Consume(Secure(InFolder("password")));
  EXPECT_TRUE(ComesTrue([&] {
    return consumer->why_not_ready().find("uthorization failed") != std::string::npos;
  })) << consumer->why_not_ready();
  ASSERT_THAT(kafka_->KeepTopicFor(topic_, "hark"), IsOk());
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "a"}}));
}

TEST_F(KafkaRealTest, APartitionThatIsAddedIsReadFromItsFirstRecord) {
  CreateTopic(1);
  Produce(0, {"a"});
  KafkaOptions options = Plain();
  options.from_start = false;
  const auto consumer = Consume(options);
  const auto first = FindOne(*consumer);
  EXPECT_THAT(ReadToEnd(*first).messages, IsEmpty());
  ASSERT_THAT(kafka_->GrowTopic(topic_, 2), IsOk());
  Produce(1, {"b"});
  const auto second = FindOne(*consumer);
  EXPECT_EQ(second->name(), SourceName(1));
  EXPECT_EQ(ReadToEnd(*second).messages, (Messages{{0, "b"}}));
  Produce(0, {"c"});
  EXPECT_EQ(ReadSome(*first), (Messages{{1, "c"}}));
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }))
      << consumer->why_not_ready();
}

TEST_F(KafkaRealTest, ATopicThatIsMadeAnewIsReadFromItsFirstRecord) {
  CreateTopic(1);
  Produce(0, {"a", "b"});
  std::string cursor;
  {
    const auto consumer = Consume(Plain());
    const auto source = FindOne(*consumer);
    cursor = ReadToEnd(*source).cursor;
    EXPECT_THAT(cursor, StartsWith("kafka1 2 "));
  }
  ASSERT_THAT(kafka_->DeleteTopic(topic_), IsOk());
  CreateTopicAnew();
  Produce(0, {"c", "d", "e"});
  const auto consumer =
      Consume(Plain(), {.knows_entry = true, .cursors = {{SourceName(0), cursor}}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "c"}, {1, "d"}, {2, "e"}}));
  EXPECT_THAT(Logged("kafka_messages_lost"), HasSubstr("there is a new one of its name"));
}

TEST_F(KafkaRealTest, ATopicThatIsDeletedWhileItIsReadEndsItsSource) {
  CreateTopic(1);
  Produce(0, {"a"});
  const auto consumer = Consume(Plain());
  auto source = FindOne(*consumer);
  EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  ASSERT_THAT(kafka_->DeleteTopic(topic_), IsOk());
  absl::Status status;
  RecordBatch batch;
  EXPECT_TRUE(ComesTrue([&] {
    status = source->Read(1000, batch);
    return absl::IsNotFound(status);
  })) << status;
  source.reset();
  CreateTopicAnew();
  Produce(0, {"b"});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{0, "b"}}));
}

TEST_F(KafkaRealTest, RecordsThatWereDeletedBeforeTheyWereReadAreCounted) {
  CreateTopic(1);
  Produce(0, {"a", "b", "c", "d", "e"});
  ASSERT_THAT(kafka_->CutTopic(topic_, 0, 4), IsOk());
  const auto consumer =
      Consume(Plain(), {.knows_entry = true, .cursors = {{SourceName(0), "kafka1 1"}}});
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, (Messages{{4, "e"}}));
  EXPECT_THAT(Logged("kafka_messages_lost"),
              AllOf(HasSubstr("deleted before hark has read them"), HasSubstr("lost=3")));
}

TEST_F(KafkaRealTest, OnlyWhatWasCommittedIsReadAndTheEndIsReached) {
  CreateTopic(1);
  const auto writer = Connect({{"transactional.id", topic_}});
  ASSERT_THAT(writer->BeginTransaction(), IsOk());
  ASSERT_THAT(writer->Produce(topic_, 0, "a"), IsOk());
  ASSERT_THAT(writer->EndTransaction(RealKafka::End::kCommit), IsOk());
  ASSERT_THAT(writer->BeginTransaction(), IsOk());
  ASSERT_THAT(writer->Produce(topic_, 0, "b"), IsOk());
  ASSERT_THAT(writer->EndTransaction(RealKafka::End::kAbort), IsOk());
  ASSERT_THAT(writer->BeginTransaction(), IsOk());
  ASSERT_THAT(writer->Produce(topic_, 0, "c"), IsOk());
  ASSERT_THAT(writer->Flush(), IsOk());

  const auto consumer = Consume(Plain());
  const auto source = FindOne(*consumer);
  EXPECT_EQ(ReadToEnd(*source).messages, (Messages{{0, "a"}}));
  ASSERT_THAT(writer->EndTransaction(RealKafka::End::kCommit), IsOk());
  EXPECT_EQ(ReadSome(*source), (Messages{{4, "c"}}));
  EXPECT_TRUE(ComesTrue([&] {
    const std::vector<KafkaConsumer::Lag> lags = consumer->lags();
    return lags.size() == 1 && lags[0].records == 0;
  }));
}

TEST_F(KafkaRealTest, EveryCompressionOfTheProducersIsRead) {
  CreateTopic(1);
  Messages expected;
  for (const std::string codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    const auto writer = Connect({{"compression.type", codec}});
    const std::string value = codec + std::string(2000, 'x');
    ASSERT_THAT(writer->Produce(topic_, 0, value), IsOk());
    ASSERT_THAT(writer->Flush(), IsOk());
    expected.push_back({expected.size(), value});
  }
  const auto consumer = Consume(Plain());
  EXPECT_EQ(ReadToEnd(*FindOne(*consumer)).messages, expected);
}

TEST_F(KafkaRealTest, AValueOfManyMebibytesIsRead) {
  CreateTopic(1);
  const auto writer = Connect({{"message.max.bytes", "20000000"}});
  // NOLINTNEXTLINE(bugprone-string-constructor): a large one is meant
  const std::string value(15'000'000, 'x');
  ASSERT_THAT(writer->Produce(topic_, 0, value), IsOk());
  ASSERT_THAT(writer->Produce(topic_, 0, "b"), IsOk());
  ASSERT_THAT(writer->Flush(), IsOk());
  const auto consumer = Consume(Plain());
  const Messages read = ReadToEnd(*FindOne(*consumer)).messages;
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(read[0].text.size(), value.size());
  EXPECT_EQ(read[1], (ReadMessage{1, "b"}));
}

TEST_F(KafkaRealTest, AMemberWhoseNameAnotherOneTakesIsOutAndSaysSo) {
  CreateTopic(1);
  Produce(0, {"a"});
  const auto first = Consume(Plain());
  const auto source = FindOne(*first);
  EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  const auto second = Consume(Plain());
  const auto other = FindOne(*second);
  EXPECT_TRUE(ComesTrue([&] {
    RecordBatch batch;
    return absl::IsFailedPrecondition(source->Read(1000, batch));
  }));
  EXPECT_THAT(first->why_not_ready(), HasSubstr("fenced by other consumer"));
  EXPECT_EQ(ReadToEnd(*other).messages, (Messages{{0, "a"}}));
  EXPECT_TRUE(ComesTrue([&] { return second->why_not_ready().empty(); }))
      << second->why_not_ready();
}

TEST_F(KafkaRealTest, AMemberThatComesBackHasItsPartitionsAtOnce) {
  CreateTopic(2);
  KafkaOptions options = Plain();
  options.properties["session.timeout.ms"] = "45000";
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto consumer = Consume(options);
    Find(*consumer, 2);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  }
}

TEST_F(KafkaRealTest, OffsetsAreCommittedUpToTheCursorsAndNoFurther) {
  CreateTopic(1);
  Produce(0, {"a", "b", "c"});
  const auto consumer = Consume(Plain());
  const auto source = FindOne(*consumer);
  RecordBatch batch;
  ASSERT_TRUE(ComesTrue([&] { return source->Read(1, batch).ok() && !batch.at_end(); }));
  const std::string cursor = source->cursor();
  ReadToEnd(*source);
  const auto committed = [&] { return kafka_->Committed(topic_, topic_, 0).value_or(-2); };
  EXPECT_LT(committed(), 0);
  consumer->Commit({{SourceName(0), cursor}});
  EXPECT_TRUE(ComesTrue([&] { return committed() == 1; })) << committed();
}

TEST_F(KafkaRealTest, ABrokerThatIsKilledIsSaidAndReadOnWhenItIsBack) {
  CreateTopic(2);
  Produce(0, {"a"});
  Produce(1, {"b"});
  const auto consumer = Consume(Secure(InFolder("password")));
  const auto sources = Find(*consumer, 2);
  for (const auto& [name, source] : sources) {
    EXPECT_EQ(ReadToEnd(*source).messages.size(), 1);
  }
  Broker("kill");
  EXPECT_THAT(ReadToError(*sources.at(SourceName(0))),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("")));
  EXPECT_TRUE(ComesTrue([&] { return !consumer->why_not_ready().empty(); }));
  Broker("start");
  Produce(0, {"c"});
  Produce(1, {"d"});
  EXPECT_EQ(ReadSome(*sources.at(SourceName(0))), (Messages{{1, "c"}}));
  EXPECT_EQ(ReadSome(*sources.at(SourceName(1))), (Messages{{1, "d"}}));
  EXPECT_TRUE(ComesTrue([&] { return consumer->why_not_ready().empty(); }))
      << consumer->why_not_ready();
}

TEST_F(KafkaRealTest, RecordsThatTheDiskHasDamagedAreCountedAndPassed) {
  CreateTopic(1);
  kafka_ = Connect({{"linger.ms", "1000"}});  // each Produce is one batch
  Produce(0, {"first"});
  Produce(0, {"damaged", "with it", "and this"});
  Produce(0, {"last"});
  Broker("stop");
  const std::string path = InFolder("data/" + topic_ + "-0/00000000000000000000.log");
  std::string log;
  {
    std::ifstream file(path, std::ios::binary);
    log.assign(std::istreambuf_iterator<char>(file), {});
  }
  const std::size_t at = log.find("damaged");
  ASSERT_NE(at, std::string::npos);
  log[at] = 'D';
  std::ofstream(path, std::ios::binary) << log;
  Broker("start");
  const auto consumer = Consume(Plain());
  const ReadSoFar read = ReadToEnd(*FindOne(*consumer));
  EXPECT_EQ(read.messages, (Messages{{0, "first"}, {4, "last"}}));
  ASSERT_EQ(read.damages.size(), 1);
  EXPECT_EQ(read.damages[0].reason, RejectReason::kDamaged);
  EXPECT_EQ(read.damages[0].offset, 1);
}

}  // namespace
}  // namespace hark::ingest
