#include "ingest/kafka_client.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/kafka_settings.h"
#include "ingest/kafka_status.h"

namespace hark::ingest {
namespace {

using Clock = std::chrono::steady_clock;

// Commits that are under way at the end are waited for so long.
constexpr std::chrono::seconds kCloseTime(3);
constexpr std::chrono::milliseconds kSeekTime(1000);
// Between two polls. What comes more often says the same.
constexpr std::size_t kMaxErrors = 16;
constexpr std::string_view kZeroId = "AAAAAAAAAAAAAAAAAAAAAA";

using PartitionList = KafkaPtr<rd_kafka_topic_partition_list_t>;

PartitionList NewList(std::size_t size) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

rd_kafka_topic_partition_t& Add(const PartitionList& list, const TopicPartition& partition) {
  return *rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(),
                                            partition.partition);
}

PartitionList ListOf(const std::vector<PartitionOffset>& offsets) {
  PartitionList list = NewList(offsets.size());
  for (const PartitionOffset& each : offsets) {
    Add(list, each.partition).offset = each.offset;
  }
  return list;
}

std::span<const rd_kafka_topic_partition_t> Elements(const rd_kafka_topic_partition_list_t* list) {
  return list == nullptr ? std::span<const rd_kafka_topic_partition_t>()
                         : std::span<const rd_kafka_topic_partition_t>(
                               list->elems, static_cast<std::size_t>(list->cnt));
}

TopicPartition PartitionOf(const rd_kafka_topic_partition_t& element) {
  return {.topic = element.topic, .partition = element.partition};
}

PartitionOffset OffsetOf(const rd_kafka_topic_partition_t& element) {
  return {.partition = PartitionOf(element),
          .offset = element.offset,
          .status = element.err == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus()
                                                              : KafkaStatus(element.err)};
}

absl::Status StatusOf(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR
             ? absl::OkStatus()
             : KafkaStatus(error, rd_kafka_event_error_string(event));
}

// What the brokers say of one topic.
absl::StatusOr<TopicInfo> FetchTopic(rd_kafka_t* client, const std::string& topic, int patience) {
  rd_kafka_topic_t* const handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  // The function has the name of the type.
  const struct rd_kafka_metadata* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, patience);
  rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaStatus(error);
  }
  TopicInfo info;
  info.topic = topic;
  if (metadata->topic_cnt != 1) {
    info.status = KafkaStatus(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  } else if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    info.status = KafkaStatus(metadata->topics[0].err);
  } else {
    info.partitions = metadata->topics[0].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return info;
}

// The question travels with its answer.
static_assert(sizeof(void*) >= sizeof(KafkaClient::Which));
void* ToOpaque(KafkaClient::Which which) {
  static std::array<KafkaClient::Which, 3> all = {
      KafkaClient::Which::kFirst, KafkaClient::Which::kEnd, KafkaClient::Which::kCommitted};
  return &all.at(static_cast<std::size_t>(which));
}
KafkaClient::Which FromOpaque(rd_kafka_event_t* event) {
  return *static_cast<const KafkaClient::Which*>(rd_kafka_event_opaque(event));
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Create(const KafkaOptions& options,
                                                                 Handler& handler, Logger& logger) {
  std::unique_ptr<KafkaClient> client(new KafkaClient(options, handler, logger));
  RETURN_IF_ERROR(client->Start(options));
  return client;
}

KafkaClient::KafkaClient(const KafkaOptions& options, Handler& handler, Logger& logger)
    : group_(options.group), about_(options.brokers), handler_(handler), logger_(logger) {}

absl::Status KafkaClient::Start(const KafkaOptions& options) {
  ASSIGN_OR_RETURN(KafkaPtr<rd_kafka_conf_t> conf, KafkaSettings(options));
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), OnRebalance);
  rd_kafka_conf_set_error_cb(conf.get(), OnClientError);
  rd_kafka_conf_set_log_cb(conf.get(), OnLog);
  std::array<char, 512> error = {};
  client_ = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), error.data(), error.size());
  if (client_ == nullptr) {
    return InvalidArgument("Kafka: %s", error.data());
  }
  // It is the client's now.
  static_cast<void>(conf.release());
  rd_kafka_poll_set_consumer(client_);
  answers_.reset(rd_kafka_queue_new(client_));
  const PartitionList topics = NewList(options.topics.size());
  for (const std::string& topic : options.topics) {
    Add(topics, {.topic = topic, .partition = RD_KAFKA_PARTITION_UA});
  }
  const rd_kafka_resp_err_t subscribed = rd_kafka_subscribe(client_, topics.get());
  return subscribed == RD_KAFKA_RESP_ERR_NO_ERROR
             ? absl::OkStatus()
             : InvalidArgument("Kafka: cannot subscribe: %s", rd_kafka_err2str(subscribed));
}

KafkaClient::~KafkaClient() {
  if (client_ == nullptr) {
    return;
  }
  if (topics_.valid()) {
    topics_.wait();
  }
  const auto deadline = Clock::now() + kCloseTime;
  while (commits_ > 0 && Clock::now() < deadline) {
    PollAnswers(std::chrono::milliseconds(50));
  }
  answers_.reset();
  // A static member does not say good-bye: it keeps its partitions while it restarts.
  rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void KafkaClient::Poll(std::chrono::milliseconds wait) {
  const KafkaPtr<rd_kafka_message_t> message(
      rd_kafka_consumer_poll(client_, static_cast<int>(wait.count())));
  if (message != nullptr && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    OnClientError(client_, message->err, rd_kafka_message_errstr(message.get()), this);
  }
  TellErrors();
  PollAnswers(std::chrono::milliseconds(0));
  if (topics_.valid() && topics_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    handler_.OnTopics(topics_.get());
  }
}

void KafkaClient::TellErrors() {
  std::vector<absl::Status> errors;
  {
    const MutexLock lock(errors_mutex_);
    errors.swap(errors_);
  }
  for (const absl::Status& error : errors) {
    handler_.OnError(error);
  }
}

void KafkaClient::PollAnswers(std::chrono::milliseconds wait) {
  auto left = wait;
  while (const KafkaPtr<rd_kafka_event_t> event{
      rd_kafka_queue_poll(answers_.get(), static_cast<int>(left.count()))}) {
    TellResult(event.get());
    left = std::chrono::milliseconds(0);
  }
}

void KafkaClient::TellResult(rd_kafka_event_t* event) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT:
      return TellTopicIds(event);
    case RD_KAFKA_EVENT_LISTOFFSETS_RESULT:
      return TellOffsets(event);
    case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT:
      return TellCommitted(event);
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      return ReportCommit(event);
    default:
      return;
  }
}

void KafkaClient::TellTopicIds(rd_kafka_event_t* event) {
  if (const absl::Status status = StatusOf(event); !status.ok()) {
    return handler_.OnTopicIds(status);
  }
  std::size_t count = 0;
  const rd_kafka_TopicDescription_t** const topics =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event), &count);
  std::map<std::string, std::string> ids;
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_Uuid_t* const id = rd_kafka_TopicDescription_topic_id(topics[i]);
    const char* const text = id == nullptr ? nullptr : rd_kafka_Uuid_base64str(id);
    if (text != nullptr && text != kZeroId) {
      ids.emplace(rd_kafka_TopicDescription_name(topics[i]), text);
    }
  }
  handler_.OnTopicIds(ids);
}

void KafkaClient::TellOffsets(rd_kafka_event_t* event) {
  const Which which = FromOpaque(event);
  if (const absl::Status status = StatusOf(event); !status.ok()) {
    return handler_.OnOffsets(which, status);
  }
  std::size_t count = 0;
  const rd_kafka_ListOffsetsResultInfo_t** const results =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event), &count);
  std::vector<PartitionOffset> offsets;
  for (std::size_t i = 0; i < count; ++i) {
    PartitionOffset each = OffsetOf(*rd_kafka_ListOffsetsResultInfo_topic_partition(results[i]));
    // librdkafka forgets the error of a leader that has not answered, and gives no offset.
    if (each.status.ok() && each.offset < 0) {
      each.status = absl::UnavailableError("the leader of the partition does not answer");
    }
    offsets.push_back(std::move(each));
  }
  handler_.OnOffsets(which, offsets);
}

void KafkaClient::TellCommitted(rd_kafka_event_t* event) {
  if (const absl::Status status = StatusOf(event); !status.ok()) {
    return handler_.OnOffsets(Which::kCommitted, status);
  }
  std::size_t count = 0;
  const rd_kafka_group_result_t** const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
  std::vector<PartitionOffset> offsets;
  for (std::size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* const error = rd_kafka_group_result_error(groups[i])) {
      return handler_.OnOffsets(
          Which::kCommitted, KafkaStatus(rd_kafka_error_code(error), rd_kafka_error_string(error)));
    }
    for (const auto& element : Elements(rd_kafka_group_result_partitions(groups[i]))) {
      offsets.push_back(OffsetOf(element));
    }
  }
  handler_.OnOffsets(Which::kCommitted, offsets);
}

void KafkaClient::ReportCommit(rd_kafka_event_t* event) {
  --commits_;
  const absl::Status status = StatusOf(event);
  if (!status.ok()) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "kafka_commit_failed",
                   .text = "The group was not told how far its topics are read. What hark reads "
                           "does not depend on it; the next commit makes good for it.",
                   .about = about_},
                  {{"group", std::string_view(group_)}, ErrorField(status)});
  }
}

KafkaPtr<rd_kafka_queue_t> KafkaClient::Queue(const TopicPartition& partition) {
  KafkaPtr<rd_kafka_queue_t> queue(
      rd_kafka_queue_get_partition(client_, partition.topic.c_str(), partition.partition));
  if (queue != nullptr) {
    rd_kafka_queue_forward(queue.get(), nullptr);
  }
  return queue;
}

absl::Status KafkaClient::Assign(const std::vector<PartitionOffset>& partitions) {
  const rd_kafka_resp_err_t error = rd_kafka_assign(client_, ListOf(partitions).get());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : KafkaStatus(error);
}

void KafkaClient::Unassign() {
  rd_kafka_assign(client_, nullptr);
}

absl::Status KafkaClient::Seek(const PartitionOffset& place) {
  const PartitionList list = ListOf({place});
  const KafkaPtr<rd_kafka_error_t> error(
      rd_kafka_seek_partitions(client_, list.get(), static_cast<int>(kSeekTime.count())));
  if (error != nullptr) {
    return KafkaStatus(rd_kafka_error_code(error.get()), rd_kafka_error_string(error.get()));
  }
  return OffsetOf(list->elems[0]).status;
}

KafkaPtr<rd_kafka_AdminOptions_t> KafkaClient::AdminOptions(
    rd_kafka_admin_op_t operation, std::chrono::milliseconds patience) const {
  KafkaPtr<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(client_, operation));
  std::array<char, 128> error = {};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(patience.count()),
                                            error.data(), error.size());
  return options;
}

void KafkaClient::AskForTopics(const std::vector<std::string>& topics,
                               std::chrono::milliseconds patience) {
  // librdkafka knows no way to ask for it without waiting for the answer.
  topics_ = std::async(std::launch::async,
                       [this, topics, patience] { return FetchTopics(topics, patience); });
}

absl::StatusOr<std::vector<TopicInfo>> KafkaClient::FetchTopics(
    const std::vector<std::string>& topics, std::chrono::milliseconds patience) const {
  const auto deadline = Clock::now() + patience;
  std::vector<TopicInfo> infos;
  for (const std::string& topic : topics) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    ASSIGN_OR_RETURN(TopicInfo info,
                     FetchTopic(client_, topic, std::max(1, static_cast<int>(left.count()))));
    infos.push_back(std::move(info));
  }
  return infos;
}

void KafkaClient::AskForTopicIds(const std::vector<std::string>& topics,
                                 std::chrono::milliseconds patience) {
  std::vector<const char*> names;
  names.reserve(topics.size());
  for (const std::string& topic : topics) {
    names.push_back(topic.c_str());
  }
  const KafkaPtr<rd_kafka_TopicCollection_t> collection(
      rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  rd_kafka_DescribeTopics(client_, collection.get(),
                          AdminOptions(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, patience).get(),
                          answers_.get());
}

void KafkaClient::AskForOffsets(Which which, const std::vector<TopicPartition>& partitions,
                                std::chrono::milliseconds patience) {
  const PartitionList list = NewList(partitions.size());
  for (const TopicPartition& partition : partitions) {
    Add(list, partition).offset =
        which == Which::kFirst ? RD_KAFKA_OFFSET_SPEC_EARLIEST : RD_KAFKA_OFFSET_SPEC_LATEST;
  }
  if (which == Which::kCommitted) {
    const KafkaPtr<rd_kafka_ListConsumerGroupOffsets_t> request(
        rd_kafka_ListConsumerGroupOffsets_new(group_.c_str(), list.get()));
    rd_kafka_ListConsumerGroupOffsets_t* requests = request.get();
    rd_kafka_ListConsumerGroupOffsets(
        client_, &requests, 1,
        AdminOptions(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, patience).get(), answers_.get());
    return;
  }
  const auto options = AdminOptions(RD_KAFKA_ADMIN_OP_LISTOFFSETS, patience);
  rd_kafka_AdminOptions_set_opaque(options.get(), ToOpaque(which));
  const KafkaPtr<rd_kafka_error_t> error(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED));
  rd_kafka_ListOffsets(client_, list.get(), options.get(), answers_.get());
}

void KafkaClient::Commit(const std::vector<PartitionOffset>& offsets) {
  ++commits_;
  const rd_kafka_resp_err_t error =
      rd_kafka_commit_queue(client_, ListOf(offsets).get(), answers_.get(), nullptr, nullptr);
  commits_ -= error == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
}

absl::Status KafkaClient::SetPassword(const std::string& username, const std::string& password) {
  const KafkaPtr<rd_kafka_error_t> error(
      rd_kafka_sasl_set_credentials(client_, username.c_str(), password.c_str()));
  return error == nullptr ? absl::OkStatus() : KafkaStatus(rd_kafka_error_code(error.get()));
}

void KafkaClient::OnRebalance(rd_kafka_t* /*client*/, rd_kafka_resp_err_t error,
                              rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  Handler& handler = static_cast<KafkaClient*>(opaque)->handler_;
  if (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    return handler.OnRevoked();
  }
  std::vector<TopicPartition> assigned;
  for (const auto& element : Elements(partitions)) {
    assigned.push_back(PartitionOf(element));
  }
  handler.OnAssigned(assigned);
}

void KafkaClient::OnClientError(rd_kafka_t* client, int error, const char* reason, void* opaque) {
  const auto code = static_cast<rd_kafka_resp_err_t>(error);
  std::array<char, 512> text = {};
  if (code == RD_KAFKA_RESP_ERR__FATAL &&
      rd_kafka_fatal_error(client, text.data(), text.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    reason = text.data();
  }
  // This may be a thread that takes a message from the queue of a partition.
  auto& self = *static_cast<KafkaClient*>(opaque);
  const MutexLock lock(self.errors_mutex_);
  if (self.errors_.size() < kMaxErrors) {
    self.errors_.push_back(KafkaStatus(code, reason == nullptr ? "" : reason));
  }
}

void KafkaClient::OnLog(const rd_kafka_t* client, int level, const char* facility,
                        const char* text) {
  static_cast<KafkaClient*>(rd_kafka_opaque(client))->Log(level, facility, text);
}

void KafkaClient::Log(int level, std::string_view facility, std::string_view text) {
  constexpr int kSyslogWarning = 4;
  constexpr int kSyslogInfo = 6;
  // What fails comes as an error, too.
  const LogLevel as = facility == "FAIL"        ? LogLevel::kDebug
                      : level <= kSyslogWarning ? LogLevel::kWarning
                      : level <= kSyslogInfo    ? LogLevel::kInfo
                                                : LogLevel::kDebug;
  logger_.Write({.level = as,
                 .key = "librdkafka",
                 .text = "The Kafka client says something.",
                 .about = facility},
                {{"brokers", std::string_view(about_)}, {"facility", facility}, {"said", text}});
}

}  // namespace hark::ingest
