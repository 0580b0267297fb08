#include "metrics/engine_metrics.h"

#include <string_view>

namespace hark::metrics {
namespace {

constexpr Family kMatches = {"hark_rule_matches_total", "Events that matched the rule."};
constexpr Family kRevisions = {"hark_alert_revisions_total",
                               "Alert revisions made: opened, escalated, closed."};
constexpr Family kEvictions = {"hark_state_evictions_total",
                               "Groups of the rule dropped to stay within the state budget."};
constexpr Family kGroups = {"hark_state_groups", "Groups that the rule keeps a window for."};
constexpr std::size_t kSeverities = 5;

std::string Name(Severity level) {
  return std::string(SeverityName(level));
}

Counter RevisionCounter(Registry& registry, const std::string& rule, Severity level,
                        AlertState state) {
  return registry.AddCounter(
      kRevisions,
      {{"rule", rule}, {"level", Name(level)}, {"state", std::string(AlertStateName(state))}});
}

std::uint64_t Growth(std::uint64_t before, std::uint64_t now) {
  return now >= before ? now - before : now;
}

}  // namespace

void RuleMetrics::Revision(std::size_t rule, Severity level, AlertState state) const {
  // Looked up each time: revisions are rare, and most of the combinations never occur.
  RevisionCounter(registry_, rules_[rule].label, level, state).Increment();
}

void RuleMetrics::StateGroups(std::size_t rule, std::uint64_t groups) const {
  rules_[rule].groups.Set(static_cast<double>(groups));
}

void RuleMetrics::StateEvicted(std::size_t rule, std::uint64_t groups) const {
  rules_[rule].evictions.Add(static_cast<double>(groups));
}

EngineMetrics::EngineMetrics(Registry& registry)
    : registry_(registry),
      rules_loaded_(registry.AddGauge({"hark_rules_loaded", "Rules that raise alerts."})),
      state_bytes_(registry.AddGauge(
          {"hark_state_bytes", "Size of the detector's state, counted as its budget is."})),
      state_max_bytes_(registry.AddGauge(
          {"hark_state_max_bytes", "The most that the detector's state may hold."})),
      commit_failures_(registry.AddCounter(
          {"hark_commit_failures_total",
           "Failed attempts to write alerts to the database; each is repeated."})),
      rule_names_(kMaxRules) {
  for (std::size_t i = 0; i < kSeverities; ++i) {
    alerts_open_.push_back(registry.AddGauge({"hark_alerts_open", "Alerts that are open now."},
                                             {{"level", Name(static_cast<Severity>(i))}}));
  }
}

std::shared_ptr<const RuleMetrics> EngineMetrics::LoadRules(std::span<const RuleLabel> rules) {
  // The constructor is private.
  std::shared_ptr<RuleMetrics> loaded(new RuleMetrics(registry_));
  const MutexLock lock(mutex_);
  for (const Gauge& groups : groups_) {
    groups.Set(0);
  }
  groups_.clear();
  for (const RuleLabel& rule : rules) {
    const std::string label(rule_names_.Admit(rule.text()));
    const Labels name_and_level = {{"rule", label}, {"level", Name(rule.level)}};
    const Labels name = {{"rule", label}};
    loaded->rules_.push_back({.label = label,
                              .matches = registry_.AddCounter(kMatches, name_and_level),
                              .evictions = registry_.AddCounter(kEvictions, name),
                              .groups = registry_.AddGauge(kGroups, name)});
    groups_.push_back(loaded->rules_.back().groups);
    for (const AlertState state :
         {AlertState::kOpened, AlertState::kEscalated, AlertState::kClosed}) {
      RevisionCounter(registry_, label, rule.level, state);
      if (rule.downgraded.has_value()) {
        RevisionCounter(registry_, label, *rule.downgraded, state);
      }
    }
  }
  rules_loaded_.Set(static_cast<double>(rules.size()));
  return loaded;
}

void EngineMetrics::AlertsOpen(Severity level, std::uint64_t count) const {
  alerts_open_[static_cast<std::size_t>(level)].Set(static_cast<double>(count));
}

void DetectorTotals::Applied(const DetectorStats& totals, const SourceMetrics& source,
                             const IngestMetrics& ingest) {
  ingest.EventsDuplicate(Growth(last_.duplicate, totals.duplicate));
  source.EventsLate(Growth(last_.late, totals.late));
  source.EventsTooLate(Growth(last_.too_late, totals.too_late));
  last_ = totals;
}

}  // namespace hark::metrics
