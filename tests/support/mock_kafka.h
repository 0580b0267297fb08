#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"

namespace hark::testing {

// A cluster of librdkafka's own brokers, in this process, and a producer for it.
class MockKafka {
 public:
  explicit MockKafka(int brokers = 1) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 256> error = {};
    HARK_CHECK(rd_kafka_conf_set(conf, "test.mock.num.brokers", std::to_string(brokers).c_str(),
                                 error.data(), error.size()) == RD_KAFKA_CONF_OK);
    HARK_CHECK(rd_kafka_conf_set(conf, "linger.ms", "0", error.data(), error.size()) ==
               RD_KAFKA_CONF_OK);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
    HARK_CHECK(producer_ != nullptr);
    cluster_ = rd_kafka_handle_mock_cluster(producer_);
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
  }
  ~MockKafka() {
    for (const auto& [topic, handle] : topics_) {
      rd_kafka_topic_destroy(handle);
    }
    rd_kafka_destroy(producer_);
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* cluster() { return cluster_; }

  void CreateTopic(const std::string& topic, int partitions) {
    HARK_CHECK(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1) ==
               RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // As if the topic were not there; with no error, as if it came back.
  void SetTopicError(const std::string& topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), error);
  }
  void SetDown(int broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }
  void SetUp(int broker) { rd_kafka_mock_broker_set_up(cluster_, broker); }

  // A message of each value; nullopt has none. Returns when the broker has them.
  void Produce(const std::string& topic, int partition,
               std::initializer_list<std::optional<std::string_view>> values) {
    for (const std::optional<std::string_view>& value : values) {
      ProduceOne(topic, partition, value);
    }
    Flush();
  }
  void ProduceOne(const std::string& topic, int partition, std::optional<std::string_view> value) {
    rd_kafka_topic_t*& handle = topics_[topic];
    if (handle == nullptr) {
      handle = rd_kafka_topic_new(producer_, topic.c_str(), nullptr);
    }
    void* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
    HARK_CHECK(rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK,
                                bytes, value ? value->size() : 0, "k", 1, nullptr) == 0);
  }
  void Flush() { HARK_CHECK(rd_kafka_flush(producer_, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR); }

 private:
  rd_kafka_t* producer_ = nullptr;
  std::map<std::string, rd_kafka_topic_t*> topics_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace hark::testing
