#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

#include "hark/source.h"

#include "base/check.h"
#include "base/log.h"
#include "ingest/kafka_consumer.h"
#include "support/captured_file.h"
#include "support/mock_kafka.h"

namespace hark::ingest {

constexpr std::chrono::seconds kPatience(90);

// Whether the condition comes true in time.
inline bool ComesTrue(const std::function<bool()>& condition,
                      std::chrono::milliseconds pause = std::chrono::milliseconds(10)) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(pause);
  }
  return false;
}

// A message, or what was told of it.
struct ReadMessage {
  std::uint64_t offset = 0;
  std::string text;
  friend bool operator==(const ReadMessage&, const ReadMessage&) = default;
};
inline void PrintTo(const ReadMessage& message, std::ostream* out) {
  *out << message.offset << ": " << message.text;
}

// What sources give, put together.
struct ReadSoFar {
  std::vector<ReadMessage> messages;
  std::uint64_t empty = 0;
  std::vector<Damage> damages;
  std::string cursor;
  std::uint64_t position = 0;

  void Add(const Source& source, const RecordBatch& batch) {
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
      const std::size_t begin = batch.messages[i].begin;
      const std::size_t end =
          i + 1 < batch.messages.size() ? batch.messages[i + 1].begin : batch.data.size();
      messages.push_back(
          {batch.messages[i].offset, std::string(batch.data.substr(begin, end - begin))});
    }
    empty += batch.empty_messages;
    damages.insert(damages.end(), batch.damages.begin(), batch.damages.end());
    cursor = source.cursor();
    position = batch.end_offset();
  }
};

// Reads until the source says that it is at its end. A failure that does not pass, or no end in
// time, fails the test.
inline ReadSoFar ReadToEnd(Source& source, std::size_t max_bytes = 100'000) {
  ReadSoFar read;
  RecordBatch batch;
  // A Read waits by itself.
  EXPECT_TRUE(ComesTrue(
      [&] {
        const absl::Status status = source.Read(max_bytes, batch);
        if (status.ok() && !batch.at_end()) {
          read.Add(source, batch);
        }
        const bool may_pass = absl::IsAborted(status) || absl::IsUnavailable(status);
        EXPECT_TRUE(status.ok() || may_pass) << status;
        return status.ok() ? batch.at_end() : !may_pass;
      },
      std::chrono::milliseconds(0)))
      << source.name();
  return read;
}

// The first status that is not OK and not Aborted.
inline absl::Status ReadToError(Source& source) {
  absl::Status status;
  RecordBatch batch;
  EXPECT_TRUE(ComesTrue([&] {
    status = source.Read(100'000, batch);
    return !status.ok() && !absl::IsAborted(status);
  })) << source.name();
  return status;
}

// Consumers of some cluster.
class KafkaConsumerTest : public ::testing::Test {
 protected:
  static KafkaOptions Options(const testing::MockKafka& kafka) { return Options(kafka.brokers()); }
  static KafkaOptions Options(const std::string& brokers, const std::string& topic = "audit") {
    KafkaOptions options;
    options.brokers = brokers;
    options.topics = {topic};
    options.instance = "a";
    options.check_interval = absl::Milliseconds(200);
    // A join begins anew with every answer about its topics: on a busy machine it takes its time.
    options.properties = {{"topic.metadata.refresh.interval.ms", "2000"},
                          {"session.timeout.ms", "10000"},
                          {"heartbeat.interval.ms", "100"},
                          {"reconnect.backoff.max.ms", "200"},
                          {"socket.timeout.ms", "2000"}};
    return options;
  }

  std::unique_ptr<KafkaConsumer> Consume(const KafkaOptions& options,
                                         KafkaConsumer::Past past = {}) {
    auto consumer = KafkaConsumer::Create(options, std::move(past), logger_);
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    return *std::move(consumer);
  }

  // So many sources, by their names.
  std::map<std::string, std::unique_ptr<Source>> Find(KafkaConsumer& consumer, std::size_t count) {
    std::map<std::string, std::unique_ptr<Source>> found;
    EXPECT_TRUE(ComesTrue([&] {
      for (std::unique_ptr<Source>& source : consumer.FindNew()) {
        const std::string name = source->name();
        EXPECT_TRUE(found.emplace(name, std::move(source)).second) << name;
      }
      return found.size() >= count;
    })) << consumer.why_not_ready()
        << "\n"
        << log_.text();
    EXPECT_EQ(found.size(), count);
    return found;
  }
  std::unique_ptr<Source> FindOne(KafkaConsumer& consumer) {
    auto found = Find(consumer, 1);
    HARK_CHECK(!found.empty());
    return std::move(found.begin()->second);
  }

  // What the log says under the key, once it does.
  std::string Logged(const std::string& key) {
    std::string text;
    EXPECT_TRUE(ComesTrue([&] {
      text = log_.text();
      return text.find(key) != std::string::npos;
    })) << text;
    return text;
  }

  testing::CapturedFile log_;
  Logger logger_{{.repeat_interval = absl::ZeroDuration(), .file = log_.file()}};
};

}  // namespace hark::ingest
