#include "alert/alertmanager_alerts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/parsed_alert.h"
#include "alert/summary.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace hark::alert {
namespace {

constexpr std::size_t kMaxValueBytes = 1'024;
// An open alert is forgotten by Alertmanager if it is not sent for so many intervals.
constexpr int kIntervals = 4;

std::string Fit(std::string_view text) {
  return EscapeForTerminal(CutUtf8(text, kMaxValueBytes));
}

// "actor.name" as the name of a label: "actor_name".
std::string LabelName(std::string_view field) {
  std::string name(field);
  for (char& c : name) {
    c = absl::ascii_isalnum(static_cast<unsigned char>(c)) ? c : '_';
  }
  return absl::ascii_isdigit(static_cast<unsigned char>(name[0])) ? "_" + name : name;
}

// Labels are the identity of an alert at Alertmanager: nothing that changes while it is open.
std::map<std::string, std::string> LabelsOf(const Alert& alert) {
  const RuleInfo& rule = *alert.rule;
  std::map<std::string, std::string> labels = {
      {"alertname", Fit(rule.title)},
      {"rule", Fit(rule.name.empty() ? rule.id : rule.name)},
      {"level", std::string(SeverityName(alert.level))},
      {"cluster", Fit(alert.cluster)}};
  for (std::size_t i = 0; i < rule.group_by.size() && i < alert.group.size(); ++i) {
    const std::string name = LabelName(rule.group_by[i]);
    const std::string value = Fit(alert.group[i].value_or(""));
    if (!labels.try_emplace(name, value).second) {
      labels["group_" + name] = value;
    }
  }
  return labels;
}

std::string AnnotationsOf(const ParsedAlert& parsed) {
  const Alert& alert = parsed.alert;
  JsonWriter json;
  json.BeginObject();
  const auto add = [&json](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      json.Key(name).String(Fit(value));
    }
  };
  add("summary", parsed.summary);
  add("actor", ActorName(alert));
  add("source_ip", alert.opening.source_ip);
  add("uri", alert.opening.uri);
  add("count", absl::StrFormat("%d", alert.count));
  add("first", FormatRfc3339(alert.first));
  add("last", FormatRfc3339(alert.last));
  add("tactics", absl::StrJoin(alert.rule->tactics, ", "));
  add("techniques", absl::StrJoin(alert.rule->techniques, ", "));
  add("runbook_url", alert.rule->references.empty() ? "" : alert.rule->references.front());
  add("audit_ids", absl::StrJoin(alert.audit_ids, ", "));
  add("alert_id", alert.id);
  add("revision", absl::StrFormat("%d", alert.n));
  json.EndObject();
  return json.Take();
}

std::string Rfc3339(absl::Time time) {
  return FormatRfc3339(absl::ToUnixMicros(time));
}

}  // namespace

absl::Status AlertmanagerAlerts::Apply(const Revision& revision, absl::Time now) {
  ASSIGN_OR_RETURN(const ParsedAlert parsed, ParseAlert(revision.json));
  Entry& entry = alerts_[revision.id];
  if (revision.n <= entry.n) {
    return absl::OkStatus();
  }
  Labels labels = LabelsOf(parsed.alert);
  if (entry.n == 0) {
    entry.starts = absl::FromUnixMicros(revision.first);
    entry.current.labels = std::move(labels);
  } else if (labels.at("level") != entry.current.labels.at("level")) {
    if (entry.current.first_told.has_value()) {
      entry.current.ends = now;
      entry.former.push_back(std::move(entry.current));
    }
    entry.current = {.labels = std::move(labels), .first_told = {}, .ends = {}};
  }
  entry.n = revision.n;
  entry.annotations = AnnotationsOf(parsed);
  if (revision.state == AlertState::kClosed) {
    entry.closed = true;
    if (entry.current.first_told.has_value()) {
      entry.current.ends = std::max(now, *entry.current.first_told + kHold);
    }
  }
  Schedule(revision.id, entry, now);
  return absl::OkStatus();
}

void AlertmanagerAlerts::Write(const std::string& id, const Moment& moment,
                               JsonWriter& json) const {
  const auto found = alerts_.find(id);
  if (found == alerts_.end()) {
    return;
  }
  for (const Instance& instance : found->second.former) {
    WriteInstance(found->second, instance, moment, json);
  }
  WriteInstance(found->second, found->second.current, moment, json);
}

void AlertmanagerAlerts::WriteInstance(const Entry& entry, const Instance& instance,
                                       const Moment& moment, JsonWriter& json) const {
  absl::Duration until_end = kIntervals * resend_;
  if (instance.ends.has_value()) {
    until_end = *instance.ends - moment.now;
  } else if (entry.closed) {
    until_end = kHold;
  }
  const absl::Time ends = moment.wall + until_end;
  json.BeginObject().Key("labels").BeginObject();
  for (const auto& [name, value] : instance.labels) {
    json.Key(name).String(value);
  }
  json.EndObject().Key("annotations").Raw(entry.annotations);
  // Alertmanager refuses an alert that ends before it starts.
  json.Key("startsAt").String(Rfc3339(std::min(entry.starts, ends)));
  json.Key("endsAt").String(Rfc3339(ends)).EndObject();
}

void AlertmanagerAlerts::Told(const std::string& id, absl::Time now) {
  const auto found = alerts_.find(id);
  if (found == alerts_.end()) {
    return;
  }
  Entry& entry = found->second;
  if (!entry.current.first_told.has_value()) {
    entry.current.first_told = now;
    if (entry.closed) {
      entry.current.ends = now + kHold;
    }
  }
  std::erase_if(entry.former, [now](const Instance& old) { return now >= *old.ends + kRepeatEnd; });
  const std::optional<absl::Time> ends = entry.current.ends;
  if (ends.has_value() && now >= *ends + kRepeatEnd) {
    Forget(id);
    return;
  }
  const bool ends_next = ends.has_value() && now < *ends && now + resend_ >= *ends;
  Schedule(id, entry, ends_next ? *ends : now + resend_);
  if (ends.has_value()) {
    ended_.emplace(*ends, id);
    if (ended_.size() > kMaxEnded) {
      Forget(std::string(ended_.begin()->second));
    }
  }
}

void AlertmanagerAlerts::Schedule(const std::string& id, Entry& entry, absl::Time due) {
  due_.erase({entry.due, id});
  entry.due = due;
  due_.emplace(due, id);
}

void AlertmanagerAlerts::Forget(const std::string& id) {
  const auto found = alerts_.find(id);
  if (found == alerts_.end()) {
    return;
  }
  due_.erase({found->second.due, id});
  if (found->second.current.ends.has_value()) {
    ended_.erase({*found->second.current.ends, id});
  }
  alerts_.erase(found);
}

std::optional<absl::Time> AlertmanagerAlerts::NextDue() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

std::vector<std::string> AlertmanagerAlerts::Due(absl::Time now, std::size_t limit) const {
  std::vector<std::string> ids;
  for (const auto& [due, id] : due_) {
    if (due > now || ids.size() == limit) {
      break;
    }
    ids.push_back(id);
  }
  return ids;
}

}  // namespace hark::alert
