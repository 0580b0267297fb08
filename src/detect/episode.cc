#include "detect/episode.h"

#include <algorithm>
#include <utility>

#include "base/fact_codec.h"
#include "base/text.h"
#include "detect/logical_size.h"
#include "detect/snapshot_time.h"

namespace hark::detect {
namespace {

constexpr std::uint32_t kSteps = 3;  // x2, x4, x8

// For the state budget; the numbers are as those of detect/logical_size.h.
constexpr std::uint64_t kEpisodeBytes = 1'280;  // with its place in a table and its timer
constexpr std::uint64_t kMemberBytes = 32;      // of a set of hashes
constexpr std::uint64_t kNodeBytes = 64;        // of a set of texts, likewise

Hash128 HashOf(std::string_view text) {
  return HashParts({text});
}

// Has `now` doubled from `opening` once more than told so far? Takes all steps that it reached.
bool TakeSteps(std::uint64_t now, std::uint64_t opening, std::uint32_t& steps) {
  const std::uint32_t before = steps;
  while (opening > 0 && steps < kSteps && now >= opening << (steps + 1)) {
    ++steps;
  }
  return steps > before;
}

void SaveHashes(const absl::flat_hash_set<Hash128, Hash128Hasher>& set, ByteWriter& writer) {
  std::vector<Hash128> sorted(set.begin(), set.end());
  std::sort(sorted.begin(), sorted.end());
  writer.Unsigned(sorted.size());
  for (const Hash128& hash : sorted) {
    writer.Hash(hash);
  }
}

void SaveTexts(const std::vector<std::string>& texts, ByteWriter& writer) {
  EncodeList(texts, writer, EncodeText);
}

std::vector<std::string> RestoreTexts(ByteReader& reader) {
  return DecodeList<std::string>(reader, 1, DecodeText);
}

}  // namespace

bool BoundedValueSet::Insert(const Hash128& value) {
  if (values_.size() >= kMostMembers) {
    overflowed_ = overflowed_ || !values_.contains(value);
    return false;
  }
  return values_.insert(value).second;
}

void BoundedValueSet::Save(ByteWriter& writer) const {
  SaveHashes(values_, writer);
  writer.Bool(overflowed_);
}

void BoundedValueSet::Restore(ByteReader& reader) {
  values_.clear();
  for (std::size_t left = reader.Count(sizeof(Hash128)); left > 0 && reader.ok(); --left) {
    values_.insert(reader.Hash());
  }
  overflowed_ = reader.Bool();
}

Hash128 AlertId(const rules::AlertRule& rule, const Fact& fact, const FactMatch& match) {
  return HashParts(
      {rule.info.id, rule.info.version, GroupKey(fact.cluster, match.group), AsText(fact.key)});
}

Episode::Episode(const rules::AlertRule& rule, const Fact& fact, const FactMatch& match,
                 const Window& window)
    : rule_(&rule),
      id_(AlertId(rule, fact, match)),
      cluster_(fact.cluster),
      group_(match.group),
      opening_(fact.evidence),
      matched_(match.matched),
      opened_at_(window.entries().back().seen),
      first_(window.entries().front().time),
      last_(window.entries().back().time),
      audit_id_limit_(std::max<std::uint64_t>(kMostAuditIds, window.entries().size())) {
  for (const WindowEntry& entry : window.entries()) {
    first_ = std::min(first_, entry.time);
    Count(entry);
  }
  fixed_bytes_ = FixedBytes();
  opening_size_ = rule.counted ? values_.size() : count_;
  opening_namespaces_ = namespaces_.size();
  Extend(opened_at_);
}

std::uint64_t Episode::FixedBytes() const {
  return kEpisodeBytes + HeapBytesOf(cluster_) + HeapBytesOf(group_) + HeapBytesOf(opening_) +
         HeapBytesOf(matched_);
}

Severity Episode::LevelOf(const WindowEntry& entry) const {
  return entry.downgraded && rule_->downgrade ? rule_->downgrade->level : rule_->level;
}

void Episode::CountObject(const WindowEntry& entry) {
  if (!entry.namespace_name.empty() && !namespaces_.contains(entry.namespace_name)) {
    if (namespaces_.size() < kMostNamespaces) {
      namespaces_.insert(entry.namespace_name);
      text_bytes_ += kNodeBytes + HeapBytesOf(entry.namespace_name);
    } else {
      namespaces_overflowed_ = true;
    }
  }
  if (entry.name.empty() ||
      !objects_.Insert(HashParts({entry.resource, entry.namespace_name, entry.name}))) {
    return;
  }
  std::string name =
      entry.namespace_name.empty() ? entry.name : entry.namespace_name + "/" + entry.name;
  // Objects of two resources may share a name.
  if (names_.size() < kMostNames && std::find(names_.begin(), names_.end(), name) == names_.end()) {
    text_bytes_ += kTextBytes + HeapBytesOf(name);
    names_.push_back(std::move(name));
  }
}

void Episode::Count(const WindowEntry& entry) {
  ++count_;
  ++stages_[entry.stage];
  last_ = std::max(last_, entry.time);
  late_ = late_ || entry.late;
  level_ = std::max(level_, LevelOf(entry));
  if (rule_->counted) {
    values_.Insert(HashOf(entry.value));
  }
  CountObject(entry);
  if (audit_ids_.size() < audit_id_limit_ &&
      audit_id_hashes_.insert(HashOf(entry.audit_id)).second) {
    audit_ids_.push_back(entry.audit_id);
    text_bytes_ += kTextBytes + HeapBytesOf(entry.audit_id) + kMemberBytes;
  }
}

bool Episode::ReachedNextStep() {
  const bool size = TakeSteps(rule_->counted ? values_.size() : count_, opening_size_, size_steps_);
  const bool spread = TakeSteps(namespaces_.size(), opening_namespaces_, namespace_steps_);
  return size || spread;
}

bool Episode::Add(const WindowEntry& entry) {
  const Severity level_before = level_;
  Count(entry);
  const bool step = ReachedNextStep();
  return step || level_ > level_before;
}

void Episode::Extend(Micros now) {
  close_at_ = std::min(now + rule_->keep_alive, opened_at_ + rule_->max_duration);
}

void Episode::Evict(Micros now) {
  close_at_ = now;
  evicted_ = true;
}

std::uint64_t Episode::bytes() const {
  return fixed_bytes_ + text_bytes_ + kMemberBytes * (values_.size() + objects_.size());
}

Alert Episode::Revise(AlertState state, bool exact) {
  return Describe(state, ++revision_, exact);
}

Alert Episode::Closed(bool exact) const {
  Alert alert = Describe(AlertState::kClosed, revision_ + 1, exact);
  alert.closed = close_at_;
  return alert;
}

Alert Episode::Describe(AlertState state, std::uint32_t revision, bool exact) const {
  Alert alert;
  alert.rule = &rule_->info;
  alert.id = ToHex(id_);
  alert.n = revision;
  alert.state = state;
  alert.level = level_;
  alert.cluster = cluster_;
  alert.opening = opening_;
  alert.matched = matched_;
  alert.group = group_;
  alert.count = count_;
  alert.total = rule_->counted ? values_.size() : 0;
  alert.objects_total = objects_.size();
  alert.namespaces.assign(namespaces_.begin(), namespaces_.end());
  alert.names = names_;
  alert.audit_ids = audit_ids_;
  alert.stages = stages_;
  alert.first = first_;
  alert.last = last_;
  alert.exact = exact && !evicted_ && !values_.overflowed() && !objects_.overflowed() &&
                !namespaces_overflowed_;
  alert.late = late_;
  return alert;
}

void Episode::Save(ByteWriter& writer) const {
  writer.Hash(id_);
  writer.Text(cluster_);
  EncodeList(group_, writer, EncodeGroupValue);
  EncodeEvidence(opening_, writer);
  EncodeList(matched_, writer, EncodeMatchedField);
  writer.Unsigned(static_cast<std::uint64_t>(level_));
  writer.Unsigned(revision_);
  for (const Micros time : {opened_at_, close_at_, first_, last_}) {
    writer.Signed(time);
  }
  writer.Bool(late_);
  writer.Bool(evicted_);
  writer.Bool(namespaces_overflowed_);
  for (const std::uint64_t number : {count_, audit_id_limit_, opening_size_, opening_namespaces_,
                                     std::uint64_t{size_steps_}, std::uint64_t{namespace_steps_}}) {
    writer.Unsigned(number);
  }
  values_.Save(writer);
  objects_.Save(writer);
  SaveTexts({namespaces_.begin(), namespaces_.end()}, writer);
  SaveTexts(names_, writer);
  SaveTexts(audit_ids_, writer);
  writer.Unsigned(stages_.size());
  for (const auto& [stage, count] : stages_) {
    writer.Unsigned(static_cast<std::uint64_t>(stage));
    writer.Unsigned(count);
  }
  writer.Unsigned(text_bytes_);
}

void Episode::Restore(ByteReader& reader) {
  id_ = reader.Hash();
  cluster_ = reader.Text();
  group_ = DecodeList<GroupValue>(reader, 1, DecodeGroupValue);
  opening_ = DecodeEvidence(reader);
  matched_ = DecodeList<MatchedField>(reader, kMinMatchedFieldBytes, DecodeMatchedField);
  fixed_bytes_ = FixedBytes();
  level_ = static_cast<Severity>(
      std::min<std::uint64_t>(reader.Unsigned(), static_cast<std::uint64_t>(Severity::kCritical)));
  revision_ = static_cast<std::uint32_t>(reader.Unsigned());
  for (Micros* time : {&opened_at_, &close_at_, &first_, &last_}) {
    *time = ReadEventTime(reader);
  }
  late_ = reader.Bool();
  evicted_ = reader.Bool();
  namespaces_overflowed_ = reader.Bool();
  for (std::uint64_t* number : {&count_, &audit_id_limit_, &opening_size_, &opening_namespaces_}) {
    *number = reader.Unsigned();
  }
  size_steps_ = static_cast<std::uint32_t>(reader.Unsigned());
  namespace_steps_ = static_cast<std::uint32_t>(reader.Unsigned());
  values_.Restore(reader);
  objects_.Restore(reader);
  for (std::string& name : RestoreTexts(reader)) {
    namespaces_.insert(std::move(name));
  }
  names_ = RestoreTexts(reader);
  audit_ids_ = RestoreTexts(reader);
  for (const std::string& audit_id : audit_ids_) {
    audit_id_hashes_.insert(HashOf(audit_id));
  }
  for (std::size_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
    const auto stage = static_cast<Stage>(reader.Unsigned() & 3);
    stages_[stage] = reader.Unsigned();
  }
  text_bytes_ = reader.Unsigned();
}

}  // namespace hark::detect
