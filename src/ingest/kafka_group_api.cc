// What others ask of the group: kafka_group.cc has the thread that serves it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/kafka_group.h"

namespace hark::ingest {

KafkaGroup::Slot* KafkaGroup::Find(const std::string& name) {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [&name](const auto& entry) {
    return entry.second.partition->name() == name;
  });
  return found == slots_.end() ? nullptr : &found->second;
}

std::vector<KafkaGroup::Place> KafkaGroup::FindNew() {
  std::vector<Place> places;
  const MutexLock lock(mutex_);
  for (auto& [id, slot] : slots_) {
    if (slot.is_given_out || !slot.is_decided) {
      continue;
    }
    if (const auto standing = slot.partition->NewSource()) {
      slot.is_given_out = true;
      places.push_back(
          {.partition = slot.partition, .source = standing->source, .cursor = standing->cursor});
    }
  }
  return places;
}

absl::StatusOr<KafkaGroup::Place> KafkaGroup::Reopen(const std::string& name,
                                                     const std::string& cursor) {
  ASSIGN_OR_RETURN(KafkaCursor place, KafkaCursor::Parse(cursor));
  const MutexLock lock(mutex_);
  Slot* const slot = Find(name);
  if (slot == nullptr) {
    return absl::NotFoundError(absl::StrFormat("%s is no partition that was assigned", name));
  }
  if (slot->is_gone) {
    return absl::NotFoundError(absl::StrFormat("%s is not there any more", name));
  }
  const std::uint64_t source = slot->partition->Reopen(place);
  Undecide(*slot);
  slot->is_given_out = true;
  return Place{.partition = slot->partition, .source = source, .cursor = std::move(place)};
}

void KafkaGroup::Commit(const std::map<std::string, std::string>& cursors) {
  std::vector<PartitionOffset> offsets;
  const MutexLock lock(mutex_);
  for (const auto& [name, text] : cursors) {
    Slot* const slot = Find(name);
    const absl::StatusOr<KafkaCursor> cursor = KafkaCursor::Parse(text);
    if (slot == nullptr || !cursor.ok() || !slot->is_assigned || !slot->is_decided) {
      continue;
    }
    // An offset says nothing of another topic of the same name.
    const std::optional<KafkaCursor> next = slot->partition->Look().cursor;
    if (next && next->topic_id == cursor->topic_id && next->offset >= cursor->offset &&
        slot->committed < cursor->offset) {
      slot->committed = cursor->offset;
      offsets.push_back({.partition = slot->partition->id(), .offset = cursor->offset});
    }
  }
  if (!offsets.empty()) {
    client_->Commit(offsets);
  }
}

std::vector<KafkaGroup::Lag> KafkaGroup::Lags() const {
  std::vector<Lag> lags;
  const MutexLock lock(mutex_);
  for (const auto& [id, slot] : slots_) {
    const KafkaPartition::Report report = slot.partition->Look();
    if (slot.is_assigned && report.cursor && report.end) {
      lags.push_back({.partition = id,
                      .records = std::max<std::int64_t>(0, *report.end - report.cursor->offset)});
    }
  }
  return lags;
}

std::string KafkaGroup::WhyNotReady() const {
  const MutexLock lock(mutex_);
  if (absl::IsFailedPrecondition(trouble_)) {
    return std::string(ErrorText(trouble_));
  }
  if (!contact_ || Clock::now() - *contact_ >= patience_) {
    return trouble_.ok() ? absl::StrFormat("the brokers %s do not answer", options_.brokers)
                         : std::string(ErrorText(trouble_));
  }
  std::string why;
  for (const std::string& topic : options_.topics) {
    if (std::string one = WhyNotReadyOf(topic); !one.empty()) {
      why += (why.empty() ? "" : "; ") + std::move(one);
    }
  }
  if (!why.empty() && !trouble_.ok()) {
    why += absl::StrFormat(" (%s)", ErrorText(trouble_));
  }
  return why;
}

std::string KafkaGroup::WhyNotReadyOf(const std::string& topic) const {
  const auto info = topics_.find(topic);
  if (info == topics_.end()) {
    return absl::StrFormat("topic %s: it is not known yet", topic);
  }
  if (!info->second.status.ok()) {
    return absl::StrFormat("topic %s: %s", topic, ErrorText(info->second.status));
  }
  std::string missing;
  int count = 0;
  bool is_begun = true;
  for (int i = 0; i < info->second.partitions; ++i) {
    const auto slot = slots_.find({.topic = topic, .partition = i});
    if (slot == slots_.end() || !slot->second.is_assigned) {
      missing += absl::StrFormat("%s%d", count++ == 0 ? "" : ", ", i);
    } else {
      is_begun = is_begun && slot->second.is_decided;
    }
  }
  if (count > 0) {
    return absl::StrFormat(
        "topic %s: %d of its %d partitions (%s) are not assigned to this member of the group %s, "
        "and hark must read all of them",
        topic, count, info->second.partitions, missing, options_.group);
  }
  return is_begun ? "" : absl::StrFormat("topic %s: it is not known yet where to begin", topic);
}

}  // namespace hark::ingest
