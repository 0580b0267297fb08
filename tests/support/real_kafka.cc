#include "support/real_kafka.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/kafka_handles.h"

namespace hark::testing {
namespace {

constexpr int kPatience = 60'000;  // milliseconds
using Text = std::array<char, 512>;

absl::Status ToStatus(rd_kafka_resp_err_t error, const char* text = nullptr) {
  return error == RD_KAFKA_RESP_ERR_NO_ERROR
             ? absl::OkStatus()
             : absl::InternalError(text != nullptr ? text : rd_kafka_err2str(error));
}

absl::Status ToStatus(rd_kafka_error_t* error) {
  absl::Status status = error == nullptr
                            ? absl::OkStatus()
                            : ToStatus(rd_kafka_error_code(error), rd_kafka_error_string(error));
  if (error != nullptr) {
    rd_kafka_error_destroy(error);
  }
  return status;
}

}  // namespace

struct RealKafka::Impl {
  rd_kafka_t* client = nullptr;
  std::map<std::string, rd_kafka_topic_t*> topics;
  std::atomic<int> failed = 0;  // messages

  ~Impl() {
    for (const auto& [name, topic] : topics) {
      rd_kafka_topic_destroy(topic);
    }
    if (client != nullptr) {
      rd_kafka_destroy(client);
    }
  }

  static void OnDelivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Impl*>(opaque)->failed += message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
  }

  // Asks, and gives the event of the answer to `look`.
  absl::Status Ask(const std::function<void(rd_kafka_queue_t*)>& ask,
                   const std::function<absl::Status(rd_kafka_event_t*)>& look) const {
    const ingest::KafkaPtr<rd_kafka_queue_t> answers(rd_kafka_queue_new(client));
    ask(answers.get());
    const ingest::KafkaPtr<rd_kafka_event_t> event(rd_kafka_queue_poll(answers.get(), kPatience));
    if (event == nullptr) {
      return absl::DeadlineExceededError("no answer");
    }
    RETURN_IF_ERROR(
        ToStatus(rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get())));
    return look(event.get());
  }
};

absl::StatusOr<std::unique_ptr<RealKafka>> RealKafka::Connect(const std::string& brokers,
                                                              const Properties& properties) {
  auto impl = std::make_unique<Impl>();
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  // Idempotence keeps the order of messages that are sent again.
  Properties all = {{"bootstrap.servers", brokers},
                    {"linger.ms", "20"},
                    {"enable.idempotence", "true"},
                    {"topic.metadata.refresh.interval.ms", "500"}};
  all.insert(all.end(), properties.begin(), properties.end());
  Text error = {};
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return absl::InvalidArgumentError(error.data());
    }
  }
  rd_kafka_conf_set_opaque(conf, impl.get());
  rd_kafka_conf_set_dr_msg_cb(conf, Impl::OnDelivered);
  impl->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (impl->client == nullptr) {
    rd_kafka_conf_destroy(conf);
    return absl::InvalidArgumentError(error.data());
  }
  const auto is_id = [](const auto& property) { return property.first == "transactional.id"; };
  if (std::ranges::any_of(properties, is_id)) {
    RETURN_IF_ERROR(ToStatus(rd_kafka_init_transactions(impl->client, kPatience)));
  }
  return std::unique_ptr<RealKafka>(new RealKafka(std::move(impl)));
}

RealKafka::RealKafka(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RealKafka::~RealKafka() = default;

absl::Status RealKafka::CreateTopic(const std::string& topic, int partitions) {
  Text error = {};
  rd_kafka_NewTopic_t* request =
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, error.data(), error.size());
  if (request == nullptr) {
    return absl::InvalidArgumentError(error.data());
  }
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_CreateTopics(impl_->client, &request, 1, nullptr, answers);
      },
      [](rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* const* const results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
        return ToStatus(rd_kafka_topic_result_error(results[0]),
                        rd_kafka_topic_result_error_string(results[0]));
      });
  rd_kafka_NewTopic_destroy(request);
  return status;
}

absl::Status RealKafka::DeleteTopic(const std::string& topic) {
  rd_kafka_DeleteTopic_t* request = rd_kafka_DeleteTopic_new(topic.c_str());
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_DeleteTopics(impl_->client, &request, 1, nullptr, answers);
      },
      [](rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* const* const results =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
        return ToStatus(rd_kafka_topic_result_error(results[0]),
                        rd_kafka_topic_result_error_string(results[0]));
      });
  rd_kafka_DeleteTopic_destroy(request);
  return status;
}

absl::Status RealKafka::GrowTopic(const std::string& topic, int partitions) {
  Text error = {};
  rd_kafka_NewPartitions_t* request = rd_kafka_NewPartitions_new(
      topic.c_str(), static_cast<std::size_t>(partitions), error.data(), error.size());
  if (request == nullptr) {
    return absl::InvalidArgumentError(error.data());
  }
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_CreatePartitions(impl_->client, &request, 1, nullptr, answers);
      },
      [](rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* const* const results = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event), &count);
        return ToStatus(rd_kafka_topic_result_error(results[0]),
                        rd_kafka_topic_result_error_string(results[0]));
      });
  rd_kafka_NewPartitions_destroy(request);
  return status;
}

absl::Status RealKafka::CutTopic(const std::string& topic, int partition, std::int64_t offset) {
  const ingest::KafkaPtr<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list.get());
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_DeleteRecords(impl_->client, &request, 1, nullptr, answers);
      },
      [](rd_kafka_event_t* event) {
        return ToStatus(
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event))
                ->elems[0]
                .err);
      });
  rd_kafka_DeleteRecords_destroy(request);
  return status;
}

absl::Status RealKafka::KeepTopicFor(const std::string& topic, const std::string& user) {
  Text error = {};
  rd_kafka_AclBinding_t* binding = rd_kafka_AclBinding_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
      ("User:" + user).c_str(), "*", RD_KAFKA_ACL_OPERATION_READ,
      RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, error.data(), error.size());
  if (binding == nullptr) {
    return absl::InvalidArgumentError(error.data());
  }
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_CreateAcls(impl_->client, &binding, 1, nullptr, answers);
      },
      [](rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* const* const results =
            rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count);
        const rd_kafka_error_t* const result = rd_kafka_acl_result_error(results[0]);
        return result == nullptr
                   ? absl::OkStatus()
                   : ToStatus(rd_kafka_error_code(result), rd_kafka_error_string(result));
      });
  rd_kafka_AclBinding_destroy(binding);
  return status;
}

absl::Status RealKafka::Produce(const std::string& topic, int partition,
                                std::optional<std::string_view> value) {
  rd_kafka_topic_t*& handle = impl_->topics[topic];
  if (handle == nullptr) {
    handle = rd_kafka_topic_new(impl_->client, topic.c_str(), nullptr);
  }
  void* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatience);
  while (rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY, bytes, value ? value->size() : 0,
                          nullptr, 0, nullptr) != 0) {
    // A partition that has just been made is not known yet.
    const rd_kafka_resp_err_t error = rd_kafka_last_error();
    if ((error != RD_KAFKA_RESP_ERR__QUEUE_FULL && error != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) ||
        std::chrono::steady_clock::now() > end) {
      return ToStatus(error);
    }
    rd_kafka_poll(impl_->client, 100);
  }
  rd_kafka_poll(impl_->client, 0);
  return absl::OkStatus();
}

absl::Status RealKafka::Flush() {
  RETURN_IF_ERROR(ToStatus(rd_kafka_flush(impl_->client, kPatience)));
  const int failed = impl_->failed.exchange(0);
  return failed == 0
             ? absl::OkStatus()
             : absl::InternalError(absl::StrFormat("%d messages were not delivered", failed));
}

absl::Status RealKafka::BeginTransaction() {
  return ToStatus(rd_kafka_begin_transaction(impl_->client));
}

absl::Status RealKafka::EndTransaction(End end) {
  RETURN_IF_ERROR(ToStatus(rd_kafka_flush(impl_->client, kPatience)));
  return ToStatus(end == End::kCommit ? rd_kafka_commit_transaction(impl_->client, kPatience)
                                      : rd_kafka_abort_transaction(impl_->client, kPatience));
}

absl::StatusOr<std::int64_t> RealKafka::Committed(const std::string& group,
                                                  const std::string& topic, int partition) {
  const ingest::KafkaPtr<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  rd_kafka_ListConsumerGroupOffsets_t* request =
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), list.get());
  std::int64_t offset = -1;
  absl::Status status = impl_->Ask(
      [&](rd_kafka_queue_t* answers) {
        rd_kafka_ListConsumerGroupOffsets(impl_->client, &request, 1, nullptr, answers);
      },
      [&offset](rd_kafka_event_t* event) {
        std::size_t count = 0;
        const auto* const* const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
            rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
        if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(groups[0])) {
          return ToStatus(rd_kafka_error_code(error), rd_kafka_error_string(error));
        }
        offset = rd_kafka_group_result_partitions(groups[0])->elems[0].offset;
        return absl::OkStatus();
      });
  rd_kafka_ListConsumerGroupOffsets_destroy(request);
  RETURN_IF_ERROR(status);
  return offset;
}

}  // namespace hark::testing
