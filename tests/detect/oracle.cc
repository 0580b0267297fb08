#include "detect/oracle.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/fact_codec.h"
#include "base/hash128.h"
#include "base/text.h"

namespace hark::testing {
namespace {

using rules::AlertRule;

constexpr Micros kMinute = 60'000'000;

struct JudgedEvent {
  const Fact* fact = nullptr;  // the best copy
  Micros seen = 0;             // when it is judged
  bool late = false;
  std::size_t record = 0;  // late events only: that brought it
};

// The one order: late events come before the events of the watermark at which they are judged.
auto OrderOf(const JudgedEvent& event) {
  return std::tuple(event.seen, !event.late, event.record, event.fact->time,
                    event.fact->stage != Stage::kResponseStarted, event.fact->key);
}

auto WorthOf(const Fact& fact) {
  ByteWriter bytes;
  EncodeFact(fact, bytes);
  return std::tuple(fact.level, fact.raw_length, bytes.Take());
}

// Finds out which events are judged and when: watermark, late events, copies.
class Arrivals {
 public:
  explicit Arrivals(DetectorStats& stats) : stats_(stats) {}

  std::vector<JudgedEvent> Sort(const std::vector<FactRecord>& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      for (const Fact& fact : records[i].facts) {
        Take(fact, i);
      }
      MoveWatermark(records[i]);
    }
    std::vector<JudgedEvent> events;
    for (const auto& [key, event] : events_) {
      events.push_back(event);
    }
    std::sort(events.begin(), events.end(),
              [](const auto& a, const auto& b) { return OrderOf(a) < OrderOf(b); });
    stats_.judged = events.size();
    return events;
  }

 private:
  struct Source {
    Micros lateness = 0;
    Micros promised = kBeginningOfTime;
  };

  void Take(const Fact& fact, std::size_t record) {
    ++stats_.facts;
    const bool late = watermark_ != kBeginningOfTime && fact.time < watermark_;
    if (late && fact.time < watermark_ - 10 * kMinute) {
      ++stats_.too_late;
      return;
    }
    const auto [entry, is_new] =
        events_.try_emplace(fact.key, JudgedEvent{.fact = &fact,
                                                  .seen = late ? watermark_ : fact.time,
                                                  .late = late,
                                                  .record = late ? record : 0});
    if (is_new) {
      stats_.late += late ? 1 : 0;
      return;
    }
    ++stats_.duplicate;
    JudgedEvent& event = entry->second;
    const bool still_waits = event.late ? event.record == record : !late;
    if (still_waits && WorthOf(fact) > WorthOf(*event.fact)) {
      event.fact = &fact;
    }
  }

  void MoveWatermark(const FactRecord& record) {
    if (record.kind == FactRecord::Kind::kReload) {
      return;
    }
    Source& source = sources_[record.source];
    switch (record.kind) {
      case FactRecord::Kind::kDeclare:
        source.lateness = record.lateness;
        break;
      case FactRecord::Kind::kBatch:
        if (record.highest_time != kBeginningOfTime) {
          source.promised = std::max(source.promised, record.highest_time - source.lateness);
        }
        break;
      case FactRecord::Kind::kIdle:
        source.promised = std::max(source.promised, record.highest_time);
        break;
      case FactRecord::Kind::kEnd:
        sources_.erase(record.source);
        break;
      case FactRecord::Kind::kReload:
        break;
    }
    Micros minimum = kEndOfTime;
    for (const auto& [name, each] : sources_) {
      minimum = std::min(minimum, each.promised);
    }
    if (!sources_.empty()) {
      watermark_ = std::max(watermark_, minimum);
    }
  }

  DetectorStats& stats_;
  std::map<Hash128, JudgedEvent> events_;
  std::map<std::string, Source> sources_;
  Micros watermark_ = kBeginningOfTime;
};

// An event as one rule sees it.
struct Seen {
  const JudgedEvent* event = nullptr;
  const FactMatch* match = nullptr;
  std::size_t place = 0;  // among all judged events
  std::string group;

  Micros time() const { return event->seen; }
  const Fact& fact() const { return *event->fact; }
};

// One revision and its place in the order: events before timers, timers by id.
struct Emitted {
  Micros time = 0;
  bool by_timer = false;
  std::size_t place = 0;
  std::string timer_id;
  std::size_t rule = 0;
  std::uint32_t n = 0;
  Alert alert;
};

auto OrderOf(const Emitted& emitted) {
  return std::tie(emitted.time, emitted.by_timer, emitted.place, emitted.timer_id, emitted.rule,
                  emitted.n);
}

std::string Label(const Fact& fact) {
  const Evidence& evidence = fact.evidence;
  return evidence.namespace_name.empty() ? evidence.name
                                         : evidence.namespace_name + "/" + evidence.name;
}

// One episode: the events that count in it, from which every revision is computed anew.
class NaiveEpisode {
 public:
  NaiveEpisode(const AlertRule& rule, std::vector<Seen> opening)
      : rule_(rule), events_(std::move(opening)), opening_(events_.size()) {
    const Seen& by = events_.back();
    const void* key_bytes = by.fact().key.data();
    const std::string_view key(static_cast<const char*>(key_bytes), sizeof(Hash128));
    id_ = ToHex(HashParts({rule.info.id, rule.info.version, by.group, key}));
    last_hold_ = by.time();
    now_ = at_opening_ = Describe();
  }

  Micros opened_at() const { return events_[opening_ - 1].time(); }
  Micros closes_at() const {
    return evicted_at_ ? *evicted_at_
                       : std::min(last_hold_ + rule_.keep_alive, opened_at() + rule_.max_duration);
  }
  const std::string& id() const { return id_; }
  const std::string& group() const { return events_.back().group; }

  // Returns true if the event escalates the alert.
  bool Add(const Seen& seen, bool holds) {
    events_.push_back(seen);
    if (holds) {
      last_hold_ = seen.time();
    }
    const Alert before = std::exchange(now_, Describe());
    const bool size = Doubled(SizeOf(before), SizeOf(now_), SizeOf(at_opening_));
    const bool spread =
        Doubled(before.namespaces.size(), now_.namespaces.size(), at_opening_.namespaces.size());
    return size || spread || now_.level > before.level;
  }
  void EvictAt(Micros time) { evicted_at_ = time; }

  Alert Revise(AlertState state, bool exact) {
    Alert alert = now_;
    alert.n = ++n_;
    alert.state = state;
    alert.closed = state == AlertState::kClosed ? closes_at() : 0;
    alert.exact = exact && !evicted_at_;
    return alert;
  }

 private:
  std::uint64_t SizeOf(const Alert& alert) const {
    return rule_.type == AlertRule::Type::kValueCount ? alert.total : alert.count;
  }
  // Did the number reach a doubling of the opening (2, 4 or 8 times) that it had not reached?
  static bool Doubled(std::uint64_t before, std::uint64_t after, std::uint64_t opening) {
    for (const std::uint64_t factor : {2U, 4U, 8U}) {
      if (opening > 0 && before < factor * opening && after >= factor * opening) {
        return true;
      }
    }
    return false;
  }

  Alert Describe() const;

  const AlertRule& rule_;
  std::string id_;
  std::vector<Seen> events_;
  std::size_t opening_;
  Micros last_hold_ = 0;
  std::optional<Micros> evicted_at_;
  std::uint32_t n_ = 0;
  Alert at_opening_, now_;
};

template <typename T>
void AddOnce(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) {
    list.push_back(item);
  }
}

// The alert as its events make it.
Alert NaiveEpisode::Describe() const {
  const Seen& by = events_[opening_ - 1];
  Alert alert;
  alert.rule = &rule_.info;
  alert.id = id_;
  alert.cluster = by.fact().cluster;
  alert.opening = by.fact().evidence;
  alert.matched = by.match->matched;
  alert.group = by.match->group;
  alert.level = Severity::kInformational;
  alert.count = events_.size();
  alert.first = by.fact().time;
  alert.last = by.fact().time;
  std::set<std::string> values;
  std::set<std::string> namespaces;
  std::vector<std::tuple<std::string, std::string, std::string>> objects;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const Fact& fact = events_[i].fact();
    const FactMatch& match = *events_[i].match;
    const Evidence& evidence = fact.evidence;
    const bool lower = match.downgraded && rule_.downgrade;
    alert.level = std::max(alert.level, lower ? rule_.downgrade->level : rule_.level);
    alert.last = std::max(alert.last, fact.time);
    alert.first = i < opening_ ? std::min(alert.first, fact.time) : alert.first;
    alert.late = alert.late || events_[i].event->late;
    ++alert.stages[fact.stage];
    if (match.counted) {
      values.insert(*match.counted);
    }
    if (!evidence.namespace_name.empty()) {
      namespaces.insert(evidence.namespace_name);
    }
    if (!evidence.name.empty()) {
      const std::string kind = evidence.resource.substr(0, evidence.resource.find('/'));
      AddOnce(objects, std::tuple(kind, evidence.namespace_name, evidence.name));
      if (alert.names.size() < 100) {
        AddOnce(alert.names, Label(fact));
      }
    }
    if (alert.audit_ids.size() < std::max<std::size_t>(opening_, 100)) {
      AddOnce(alert.audit_ids, evidence.audit_id);
    }
  }
  alert.total = rule_.type == AlertRule::Type::kValueCount ? values.size() : 0;
  alert.objects_total = objects.size();
  alert.namespaces.assign(namespaces.begin(), namespaces.end());
  return alert;
}

// One alerting rule over all judged events.
class NaiveRule {
 public:
  NaiveRule(const AlertRule& rule, std::size_t index) : rule_(rule), index_(index) {}

  std::vector<Emitted> Run(const std::vector<JudgedEvent>& events,
                           const std::vector<std::uint64_t>& evictions);
  const std::set<std::string>& evicted_groups() const { return evicted_groups_; }

 private:
  std::optional<Seen> See(const JudgedEvent& event, std::size_t place) const;
  void Judge(const Seen& seen);
  std::vector<Seen> Evidence(const Seen& by) const;
  void CloseBefore(Micros time);
  void Evict(const Seen& current, std::uint64_t groups);
  bool IsExact(const NaiveEpisode& episode, Micros time) const;
  void Emit(NaiveEpisode& episode, AlertState state, Micros time, std::size_t place);

  const AlertRule& rule_;
  const std::size_t index_;
  std::set<Hash128> requests_;                       // of which it took a stage
  std::map<std::string, std::vector<Seen>> groups_;  // since the group was last evicted
  std::map<std::string, NaiveEpisode> open_;         // by group
  std::vector<NaiveEpisode> evicted_;                // they close at the time of their eviction
  std::vector<Micros> losses_;
  std::set<std::string> evicted_groups_;
  std::vector<Emitted> emitted_;
};

// The event as the rule sees it; nothing if it does not count for the rule.
std::optional<Seen> NaiveRule::See(const JudgedEvent& event, std::size_t place) const {
  const Fact& fact = *event.fact;
  const auto match = std::find_if(fact.matches.begin(), fact.matches.end(),
                                  [&](const FactMatch& each) { return each.alert_rule == index_; });
  if (match == fact.matches.end() ||
      (rule_.type == AlertRule::Type::kValueCount && !match->counted)) {
    return std::nullopt;
  }
  if (fact.time > fact.received_time + 120 * kMinute) {
    if (fact.long_running && fact.stage != Stage::kResponseStarted) {
      return std::nullopt;
    }
  } else if (requests_.contains(fact.pair_key)) {
    return std::nullopt;
  }
  return Seen{.event = &event,
              .match = &*match,
              .place = place,
              .group = GroupKey(fact.cluster, match->group)};
}

// The entries kept of the window that ends with `by`, if the rule holds there; else nothing.
std::vector<Seen> NaiveRule::Evidence(const Seen& by) const {
  if (rule_.type == AlertRule::Type::kEvent) {
    return {by};
  }
  std::vector<Seen> newest_first;
  std::set<std::string> values;
  const std::vector<Seen>& history = groups_.at(by.group);
  for (auto seen = history.rbegin(); seen != history.rend(); ++seen) {
    const bool in_window = seen->time() > by.time() - rule_.timespan;
    const bool counts =
        rule_.type == AlertRule::Type::kEventCount || values.insert(*seen->match->counted).second;
    if (in_window && counts && newest_first.size() < rule_.threshold) {
      newest_first.push_back(*seen);
    }
  }
  if (newest_first.size() < rule_.threshold) {
    return {};
  }
  return {newest_first.rbegin(), newest_first.rend()};
}

bool NaiveRule::IsExact(const NaiveEpisode& episode, Micros time) const {
  return std::none_of(losses_.begin(), losses_.end(), [&](Micros loss) {
    return loss <= time &&
           (loss >= episode.opened_at() || loss > episode.opened_at() - rule_.timespan);
  });
}

void NaiveRule::Emit(NaiveEpisode& episode, AlertState state, Micros time, std::size_t place) {
  const bool by_timer = state == AlertState::kClosed;
  Alert alert = episode.Revise(state, IsExact(episode, time));
  const std::uint32_t n = alert.n;
  emitted_.push_back({.time = time,
                      .by_timer = by_timer,
                      .place = by_timer ? 0 : place,
                      .timer_id = by_timer ? episode.id() : "",
                      .rule = index_,
                      .n = n,
                      .alert = std::move(alert)});
}

void NaiveRule::CloseBefore(Micros time) {
  for (auto open = open_.begin(); open != open_.end();) {
    if (open->second.closes_at() < time) {
      Emit(open->second, AlertState::kClosed, open->second.closes_at(), 0);
      open = open_.erase(open);
    } else {
      ++open;
    }
  }
}

void NaiveRule::Judge(const Seen& seen) {
  groups_[seen.group].push_back(seen);
  std::vector<Seen> evidence = Evidence(seen);
  const auto open = open_.find(seen.group);
  if (open != open_.end()) {
    if (open->second.Add(seen, !evidence.empty())) {
      Emit(open->second, AlertState::kEscalated, seen.time(), seen.place);
    }
  } else if (!evidence.empty()) {
    NaiveEpisode& episode =
        open_.emplace(seen.group, NaiveEpisode(rule_, std::move(evidence))).first->second;
    Emit(episode, AlertState::kOpened, seen.time(), seen.place);
  }
}

// Groups that have expired are gone anyway; of the others the one goes first that was seen least
// recently, but never the one whose event is being judged.
void NaiveRule::Evict(const Seen& current, std::uint64_t groups) {
  for (; groups > 0; --groups) {
    const std::string* victim = nullptr;
    for (const auto& [group, history] : groups_) {
      const Micros last_seen = history.back().time();
      const bool expired = !open_.contains(group) && last_seen + rule_.timespan <= current.time();
      if (group != current.group && !expired &&
          (victim == nullptr || last_seen < groups_.at(*victim).back().time())) {
        victim = &group;
      }
    }
    if (victim == nullptr) {
      return;
    }
    const std::string gone = *victim;
    losses_.push_back(current.time());
    evicted_groups_.insert(gone);
    groups_.erase(gone);
    if (const auto open = open_.find(gone); open != open_.end()) {
      open->second.EvictAt(current.time());
      evicted_.push_back(std::move(open->second));
      open_.erase(gone);
    }
  }
}

std::vector<Emitted> NaiveRule::Run(const std::vector<JudgedEvent>& events,
                                    const std::vector<std::uint64_t>& evictions) {
  for (std::size_t place = 0; place < events.size(); ++place) {
    const std::optional<Seen> seen = See(events[place], place);
    if (!seen) {
      continue;
    }
    if (seen->fact().time <= seen->fact().received_time + 120 * kMinute) {
      requests_.insert(seen->fact().pair_key);
    }
    CloseBefore(seen->time());
    Judge(*seen);
    if (place < evictions.size()) {
      Evict(*seen, evictions[place]);
    }
  }
  CloseBefore(kEndOfTime);
  for (NaiveEpisode& episode : evicted_) {
    Emit(episode, AlertState::kClosed, episode.closes_at(), 0);
  }
  return std::move(emitted_);
}

}  // namespace

Expectation Expect(const rules::RuleSet& rules, const std::vector<FactRecord>& records,
                   const std::vector<std::uint64_t>& evictions) {
  Expectation expectation;
  const std::vector<JudgedEvent> events = Arrivals(expectation.stats).Sort(records);
  std::vector<Emitted> all;
  for (std::size_t i = 0; i < rules.alert_rules.size(); ++i) {
    NaiveRule rule(rules.alert_rules[i], i);
    std::vector<Emitted> emitted = rule.Run(events, evictions);
    std::move(emitted.begin(), emitted.end(), std::back_inserter(all));
    expectation.evicted_groups.insert(rule.evicted_groups().begin(), rule.evicted_groups().end());
  }
  std::sort(all.begin(), all.end(),
            [](const Emitted& a, const Emitted& b) { return OrderOf(a) < OrderOf(b); });
  for (Emitted& emitted : all) {
    expectation.revisions.push_back(std::move(emitted.alert));
  }
  return expectation;
}

}  // namespace hark::testing
