#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "hark/alert.h"
#include "hark/detector.h"

#include "base/mutex.h"
#include "metrics/ingest_metrics.h"
#include "metrics/label_cap.h"
#include "metrics/registry.h"

namespace hark::metrics {

// What metrics call a rule: its name, else its id.
struct RuleLabel {
  std::string id;
  std::string name;  // may be empty
  Severity level = Severity::kMedium;
  std::optional<Severity> downgraded = {};  // the level that its alerts may drop to

  const std::string& text() const { return name.empty() ? id : name; }
};

// The series of the rules of one rule set, by their index in it; all begin at 0, so that the first
// match of a rule is an increase. To be kept beside the rule set. The registry outlives it.
// Thread-safe.
class RuleMetrics {
 public:
  // Events that matched and were given to the rule. One atomic operation.
  void Matched(std::size_t rule, std::uint64_t count = 1) const {
    rules_[rule].matches.Add(static_cast<double>(count));
  }
  // `level` is the alert's: a rule's alerts may be raised or downgraded.
  void Revision(std::size_t rule, Severity level, AlertState state) const;
  void StateGroups(std::size_t rule, std::uint64_t groups) const;
  // Groups dropped to stay within the state budget.
  void StateEvicted(std::size_t rule, std::uint64_t groups) const;

 private:
  friend class EngineMetrics;
  struct Series {
    std::string label;
    Counter matches, evictions;
    Gauge groups;
  };
  explicit RuleMetrics(Registry& registry) : registry_(registry) {}

  Registry& registry_;
  std::vector<Series> rules_;
};

// Rules, alerts and the detector's state. Thread-safe but for DetectorAt.
class EngineMetrics {
 public:
  // Rule labels that a process may ever show, over all reloads; any more share "other".
  static constexpr std::size_t kMaxRules = 10'000;

  // The registry outlives it.
  explicit EngineMetrics(Registry& registry);

  // At start and at every reload. Counters of rules that are gone stay where they are, as those of
  // Prometheus must; their groups become 0.
  std::shared_ptr<const RuleMetrics> LoadRules(std::span<const RuleLabel> rules)
      ABSL_LOCKS_EXCLUDED(mutex_);

  void AlertsOpen(Severity level, std::uint64_t count) const;
  // Counted logically, as the budget is.
  void StateBytes(std::uint64_t bytes) const { state_bytes_.Set(static_cast<double>(bytes)); }
  // The budget, of the configuration.
  void StateBudget(std::uint64_t bytes) const { state_max_bytes_.Set(static_cast<double>(bytes)); }
  // Revisions could not be written to the database, and are tried again.
  void CommitFailed() const { commit_failures_.Increment(); }

 private:
  Registry& registry_;
  Gauge rules_loaded_, state_bytes_, state_max_bytes_;
  Counter commit_failures_;
  std::vector<Gauge> alerts_open_;  // by level
  Mutex mutex_;
  LabelCap rule_names_ ABSL_GUARDED_BY(mutex_);
  std::vector<Gauge> groups_ ABSL_GUARDED_BY(mutex_);  // of the rules loaded last
};

// Turns a detector's running totals into counters: what a record added is put down to its source.
// Not thread-safe.
class DetectorTotals {
 public:
  // After each Detector::Apply of a record of that source. Totals below those of the last call are
  // those of a detector that was restored or made anew, and count from there.
  void Applied(const DetectorStats& totals, const SourceMetrics& source,
               const IngestMetrics& ingest);
  // Where the totals begin, after Detector::Restore: what they hold was counted before.
  void StartFrom(const DetectorStats& totals) { last_ = totals; }

 private:
  DetectorStats last_;
};

}  // namespace hark::metrics
