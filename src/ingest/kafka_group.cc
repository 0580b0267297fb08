#include "ingest/kafka_group.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "base/secret_file.h"
#include "base/status_macros.h"

namespace hark::ingest {
namespace {

// An answer is good for so many check intervals, and waited for as long.
constexpr int kPatience = 5;
// Topics are asked for so much less often than ends, once all is well.
constexpr int kTopicsInterval = 10;
// A partition that is not there so often in a row is gone: a broker that has just started may know
// of none.
constexpr int kMissingOften = 3;
// How often librdkafka is asked for news: if something is waited for, and else.
constexpr std::chrono::milliseconds kPollWait(50);
constexpr std::chrono::milliseconds kQuietPollWait(250);
// While a batch is passed that is damaged; its next record is tried within the second.
constexpr std::chrono::milliseconds kPassingPollWait(5);
constexpr std::chrono::seconds kPassing(1);

std::chrono::milliseconds Milliseconds(KafkaGroup::Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaGroup>> KafkaGroup::Create(const KafkaOptions& options,
                                                               Past past, Logger& logger) {
  std::unique_ptr<KafkaGroup> group(new KafkaGroup(options, std::move(past), logger));
  if (!options.sasl.mechanism.empty()) {
    ASSIGN_OR_RETURN(group->password_, ReadSecretFile(options.sasl.password_file));
  }
  ASSIGN_OR_RETURN(group->client_, KafkaClient::Create(group->options_, *group, logger));
  group->thread_ = std::thread([group = group.get()] { group->Run(); });
  return group;
}

KafkaGroup::KafkaGroup(const KafkaOptions& options, Past past, Logger& logger)
    : options_(options),
      check_interval_(absl::ToChronoNanoseconds(options.check_interval)),
      patience_(kPatience * check_interval_),
      logger_(logger),
      past_(std::move(past)) {}

KafkaGroup::~KafkaGroup() {
  stopped_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
  const MutexLock lock(mutex_);
  for (auto& [id, slot] : slots_) {
    slot.partition->Close();
  }
}

void KafkaGroup::Run() {
  while (!stopped_) {
    client_->Poll(PollWait());
    AskForEnds();
    AskForTopics();
    DecideStarts();
    AssignDecided();
    PassDamages();
    RenewPassword();
  }
}

std::chrono::milliseconds KafkaGroup::PollWait() const {
  if (Clock::now() < passing_until_) {
    return kPassingPollWait;
  }
  const MutexLock lock(mutex_);
  const bool is_quiet = trouble_.ok() && !slots_.empty() &&
                        std::all_of(slots_.begin(), slots_.end(), [](const auto& entry) {
                          return entry.second.is_decided && entry.second.missing == 0;
                        });
  return is_quiet ? std::max(kPollWait, std::min(kQuietPollWait, Milliseconds(check_interval_ / 4)))
                  : kPollWait;
}

void KafkaGroup::AskForEnds() {
  std::vector<TopicPartition> assigned;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, slot] : slots_) {
      if (slot.is_assigned) {
        assigned.push_back(id);
      }
    }
  }
  Ask(Which::kEnd, assigned);
}

void KafkaGroup::Ask(Which which, const std::vector<TopicPartition>& partitions) {
  Question& question = offsets_questions_.at(static_cast<std::size_t>(which));
  const Clock::time_point now = Clock::now();
  if (partitions.empty() || question.is_asked || now < question.next) {
    return;
  }
  question = {.is_asked = true, .next = now + check_interval_};
  client_->AskForOffsets(which, partitions, Milliseconds(patience_));
}

void KafkaGroup::AskForTopics() {
  const Clock::time_point now = Clock::now();
  const auto is_due = [now](const Question& question) {
    return !question.is_asked && now >= question.next;
  };
  if (!is_due(topics_question_) && !is_due(ids_question_)) {
    return;
  }
  const auto interval = (WhyNotReady().empty() ? kTopicsInterval : 1) * check_interval_;
  if (is_due(topics_question_)) {
    topics_question_ = {.is_asked = true, .next = now + interval};
    client_->AskForTopics(options_.topics, Milliseconds(patience_));
  }
  if (is_due(ids_question_)) {
    ids_question_ = {.is_asked = true, .next = now + interval};
    client_->AskForTopicIds(options_.topics, Milliseconds(patience_));
  }
}

void KafkaGroup::DecideStarts() {
  std::map<Which, std::vector<TopicPartition>> needs;
  {
    const MutexLock lock(mutex_);
    for (auto& [id, slot] : slots_) {
      const KafkaPartition::Report report = slot.partition->Look();
      must_assign_ = must_assign_ || report.fetch_failed;
      if (slot.is_decided && report.cursor_failed) {
        Undecide(slot);
        slot.known.cursor_failed = true;
      }
      if (slot.is_decided || !slot.is_assigned || slot.is_gone) {
        continue;
      }
      if (const auto topic_id = topic_ids_.find(id.topic); topic_id != topic_ids_.end()) {
        slot.known.topic_id = topic_id->second;
      }
      const KafkaStart start = DecideStart(slot.known);
      switch (start.need) {
        case KafkaStart::Need::kNothing:
          Begin(id, slot, start);
          break;
        case KafkaStart::Need::kTopic:
          break;
        case KafkaStart::Need::kCommitted:
          needs[Which::kCommitted].push_back(id);
          break;
        case KafkaStart::Need::kFirst:
          needs[Which::kFirst].push_back(id);
          break;
        case KafkaStart::Need::kEnd:
          break;  // it is asked for anyway
      }
    }
  }
  for (const auto& [which, partitions] : needs) {
    Ask(which, partitions);
  }
}

void KafkaGroup::Begin(const TopicPartition& id, Slot& slot, const KafkaStart& start) {
  ReportLoss(slot, start);
  slot.partition->Start({.offset = start.offset, .topic_id = *slot.known.topic_id});
  slot.is_decided = true;
  must_assign_ = true;
  logger_.Write({.level = LogLevel::kInfo,
                 .key = "kafka_partition_begun",
                 .text = "A partition is read.",
                 .about = slot.partition->name()},
                {{"topic", std::string_view(id.topic)},
                 {"partition", std::int64_t{id.partition}},
                 {"offset", start.offset}});
}

void KafkaGroup::ReportLoss(const Slot& slot, const KafkaStart& start) {
  std::string_view text;
  switch (start.loss) {
    case KafkaStart::Loss::kNone:
      return;
    case KafkaStart::Loss::kRetention:
      text =
          "Messages were deleted before hark has read them: the topic keeps them for a shorter "
          "time than hark was behind. Reading goes on with the first one that is there.";
      break;
    case KafkaStart::Loss::kNewTopic:
      text =
          "The topic was deleted, and there is a new one of its name. What of the old one was not "
          "read is lost. The new one is read from its first message.";
      break;
    case KafkaStart::Loss::kCutBack:
      text =
          "The broker has lost messages that hark has read, and perhaps others. Reading goes on "
          "behind the last one that it has.";
      break;
  }
  logger_.Write({.level = LogLevel::kError,
                 .key = "kafka_messages_lost",
                 .text = text,
                 .about = slot.partition->name()},
                {{"source", std::string_view(slot.partition->name())},
                 {"read_to", slot.known.cursor ? slot.known.cursor->offset : 0},
                 {"goes_on_at", start.offset},
                 {"lost", start.lost}});
}

void KafkaGroup::Undecide(Slot& slot) {
  KafkaKnowledge known;
  known.cursor = slot.partition->Look().cursor;
  known.from_first = true;
  slot.known = std::move(known);
  slot.is_decided = false;
}

void KafkaGroup::AssignDecided() {
  std::vector<PartitionOffset> offsets;
  std::vector<std::shared_ptr<KafkaPartition>> partitions;
  {
    const MutexLock lock(mutex_);
    if (!std::exchange(must_assign_, false)) {
      return;
    }
    for (const auto& [id, slot] : slots_) {
      if (slot.is_assigned && slot.is_decided) {
        partitions.push_back(slot.partition);
      }
    }
  }
  offsets.reserve(partitions.size());
  for (const auto& partition : partitions) {
    const TopicPartition& id = partition->id();
    offsets.push_back({.partition = id, .offset = partition->Attach(client_->Queue(id))});
  }
  if (const absl::Status assigned = client_->Assign(offsets); !assigned.ok()) {
    return OnError(assigned);
  }
  for (const auto& partition : partitions) {
    partition->Resume();
  }
}

void KafkaGroup::PassDamages() {
  std::vector<std::pair<std::shared_ptr<KafkaPartition>, std::int64_t>> passed;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, slot] : slots_) {
      const KafkaPartition::Report report = slot.partition->Look();
      if (slot.is_assigned && report.pass_to) {
        passed.emplace_back(slot.partition, *report.pass_to);
      }
    }
  }
  for (const auto& [partition, offset] : passed) {
    passing_until_ = Clock::now() + kPassing;
    if (client_->Seek({.partition = partition->id(), .offset = offset}).ok()) {
      partition->Passed(offset);
    }
  }
}

void KafkaGroup::RenewPassword() {
  {
    const MutexLock lock(mutex_);
    if (!absl::IsUnauthenticated(trouble_) || options_.sasl.mechanism.empty()) {
      return;
    }
  }
  absl::StatusOr<std::string> password = ReadSecretFile(options_.sasl.password_file);
  if (password.ok() && *password != password_ &&
      client_->SetPassword(options_.sasl.username, *password).ok()) {
    password_ = *std::move(password);
  }
}

void KafkaGroup::OnAssigned(const std::vector<TopicPartition>& partitions) {
  {
    const MutexLock lock(mutex_);
    for (auto& [id, slot] : slots_) {
      slot.is_assigned = false;
    }
    for (const TopicPartition& id : partitions) {
      SlotOf(id).is_assigned = true;
    }
    was_assigned_ = was_assigned_ || !partitions.empty();
    must_assign_ = true;
    trouble_ = absl::OkStatus();
  }
  topics_question_.next = {};
  AssignDecided();
}

void KafkaGroup::OnRevoked() {
  {
    const MutexLock lock(mutex_);
    for (auto& [id, slot] : slots_) {
      slot.is_assigned = false;
      slot.partition->Stop();
    }
    must_assign_ = false;
  }
  client_->Unassign();
}

void KafkaGroup::OnError(const absl::Status& error) {
  const MutexLock lock(mutex_);
  Trouble(error);
}

void KafkaGroup::Trouble(const absl::Status& error) {
  const Clock::time_point now = Clock::now();
  // That no broker can be reached is what follows of a refusal: the refusal says more.
  const bool says_less = absl::IsUnavailable(error) && !absl::IsUnavailable(trouble_) &&
                         !trouble_.ok() && now - trouble_since_ < kTopicsInterval * patience_;
  if (!says_less && !absl::IsFailedPrecondition(trouble_)) {
    trouble_ = error;
    trouble_since_ = now;
    for (auto& [id, slot] : slots_) {
      slot.partition->Excuse(error);
      if (absl::IsFailedPrecondition(error)) {
        slot.partition->Stop();
      }
    }
  }
  logger_.Write({.level = LogLevel::kWarning,
                 .key = "kafka_trouble",
                 .text = "Kafka does not do what hark asks of it. It is tried again.",
                 .about = options_.brokers},
                {{"brokers", std::string_view(options_.brokers)},
                 {"group", std::string_view(options_.group)},
                 ErrorField(error)});
}

void KafkaGroup::OnContact() {
  contact_ = Clock::now();
  if (absl::IsUnavailable(trouble_) || absl::IsUnauthenticated(trouble_)) {
    trouble_ = absl::OkStatus();
  }
}

void KafkaGroup::OnTopics(const absl::StatusOr<std::vector<TopicInfo>>& topics) {
  const MutexLock lock(mutex_);
  topics_question_.is_asked = false;
  if (!topics.ok()) {
    return Trouble(topics.status());
  }
  OnContact();
  for (const TopicInfo& info : *topics) {
    topics_[info.topic] = info;
    if (absl::IsNotFound(info.status)) {
      once_missing_.insert(info.topic);
    }
    LookAfter(info);
  }
}

void KafkaGroup::LookAfter(const TopicInfo& info) {
  for (auto& [id, slot] : slots_) {
    if (id.topic != info.topic) {
      continue;
    }
    const bool is_there = info.status.ok() && id.partition < info.partitions;
    if (!is_there) {
      if (info.status.ok() || absl::IsNotFound(info.status)) {
        OnMissing(id, slot);
      } else {
        slot.partition->Excuse(info.status);
      }
      continue;
    }
    slot.missing = 0;
    if (std::exchange(slot.is_gone, false) && !slot.partition->Return()) {
      slot.is_given_out = false;
    }
  }
}

void KafkaGroup::OnTopicIds(const absl::StatusOr<std::map<std::string, std::string>>& ids) {
  const MutexLock lock(mutex_);
  ids_question_.is_asked = false;
  // Who cannot be asked now may never tell; nobody shall wait for that.
  for (const std::string& topic : options_.topics) {
    topic_ids_.try_emplace(topic);
  }
  if (!ids.ok()) {
    return;
  }
  for (const auto& [topic, id] : *ids) {
    topic_ids_[topic] = id;
  }
  for (auto& [id, slot] : slots_) {
    const std::string& topic_id = topic_ids_[id.topic];
    const std::optional<KafkaCursor> cursor = slot.partition->Look().cursor;
    if (!slot.is_decided || !cursor || topic_id.empty()) {
      continue;
    }
    if (cursor->topic_id.empty()) {
      slot.partition->Identify(topic_id);
    } else if (cursor->topic_id != topic_id) {
      Undecide(slot);
    }
  }
}

void KafkaGroup::OnMissing(const TopicPartition& id, Slot& slot) {
  topics_question_.next = std::min(topics_question_.next, Clock::now() + check_interval_);
  if (++slot.missing < kMissingOften || slot.is_gone) {
    return;
  }
  slot.is_gone = true;
  slot.is_decided = false;
  slot.known = KafkaKnowledge();
  slot.known.from_first = true;
  topic_ids_.erase(id.topic);  // if it comes back, it has another one
  slot.partition->Vanish(absl::NotFoundError(absl::StrFormat(
      "the topic %s has no partition %d any more: it was deleted", id.topic, id.partition)));
}

void KafkaGroup::OnOffsets(Which which,
                           const absl::StatusOr<std::vector<PartitionOffset>>& offsets) {
  const MutexLock lock(mutex_);
  offsets_questions_.at(static_cast<std::size_t>(which)).is_asked = false;
  if (!offsets.ok()) {
    return Trouble(offsets.status());
  }
  for (const PartitionOffset& each : *offsets) {
    const auto found = slots_.find(each.partition);
    if (found == slots_.end()) {
      continue;
    }
    Slot& slot = found->second;
    if (!each.status.ok()) {
      slot.partition->Excuse(each.status);
      continue;
    }
    OnContact();
    switch (which) {
      case Which::kFirst:
        slot.known.first = each.offset;
        break;
      case Which::kEnd:
        slot.known.end = each.offset;
        slot.partition->Confirm(each.offset);
        break;
      case Which::kCommitted:
        slot.known.committed = each.offset;
        break;
    }
  }
}

KafkaGroup::Slot& KafkaGroup::SlotOf(const TopicPartition& id) {
  Slot& slot = slots_[id];
  if (slot.partition == nullptr) {
    slot.partition = std::make_shared<KafkaPartition>(id, NameOf(id), patience_);
    slot.known = FirstKnowledge(id);
  }
  return slot;
}

KafkaKnowledge KafkaGroup::FirstKnowledge(const TopicPartition& id) {
  const std::string name = NameOf(id);
  KafkaKnowledge known;
  // What comes later is new.
  known.from_first =
      options_.from_start || past_.knows_entry || was_assigned_ || once_missing_.contains(id.topic);
  const auto past = past_.cursors.find(name);
  if (past == past_.cursors.end() || past->second.empty()) {
    return known;
  }
  absl::StatusOr<KafkaCursor> cursor = KafkaCursor::Parse(past->second);
  if (cursor.ok()) {
    known.cursor = *std::move(cursor);
  } else {
    known.from_first = true;
    logger_.Write({.level = LogLevel::kError,
                   .key = "kafka_cursor_damaged",
                   .text = "It is not known how far a partition was read. It is read from where "
                           "the group has committed, else from its first message.",
                   .about = name},
                  {{"source", std::string_view(name)}, ErrorField(cursor.status())});
  }
  return known;
}

std::string KafkaGroup::NameOf(const TopicPartition& id) const {
  return absl::StrFormat("%s%skafka:%s%s%s/%d", options_.cluster,
                         options_.cluster.empty() ? "" : "=", options_.name,
                         options_.name.empty() ? "" : "/", id.topic, id.partition);
}

}  // namespace hark::ingest
