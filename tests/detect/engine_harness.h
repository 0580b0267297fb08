#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"

#include "detect/engine.h"
#include "support/alert_lines.h"
#include "support/collecting_sink.h"
#include "support/fact_builder.h"
#include "support/rule_set_builder.h"
#include "support/saved_state.h"

namespace hark::testing {

// An engine, the records it is given and the revisions that come out of it.
class EngineHarness {
 public:
  explicit EngineHarness(std::vector<RuleSpec> rules, detect::EngineOptions options = {})
      : rules_(MakeRuleSet(rules)), engine_(detect::MakeEngine(rules_, options)) {}

  void Declare(const std::string& source, Micros lateness = 0,
               Micros first_time = kBeginningOfTime) {
    FactRecord record = Record(FactRecord::Kind::kDeclare, source);
    record.lateness = lateness;
    record.highest_time = first_time;
    Apply(record);
  }
  void Batch(const std::string& source, std::vector<Fact> facts) {
    FactRecord record = Record(FactRecord::Kind::kBatch, source);
    for (const Fact& fact : facts) {
      record.highest_time = std::max(record.highest_time, fact.time);
    }
    record.facts = std::move(facts);
    Apply(record);
  }
  void Idle(const std::string& source, Micros time) {
    FactRecord record = Record(FactRecord::Kind::kIdle, source);
    record.highest_time = time;
    Apply(record);
  }
  void End(const std::string& source) { Apply(Record(FactRecord::Kind::kEnd, source)); }
  void Apply(const FactRecord& record) { engine_->Apply(record, sink_); }
  void Finish() { engine_->Finish(sink_); }

  SavedState Save() const { return SavedOf(*engine_); }
  absl::Status Restore(SavedState saved) { return engine_->Restore(saved); }

  Detector& engine() { return *engine_; }
  const Detector& engine() const { return *engine_; }
  const std::vector<Alert>& revisions() const { return sink_.revisions; }
  // Each revision in short: "escalated 2: count 4".
  std::vector<std::string> Story() const {
    std::vector<std::string> story;
    for (const Alert& alert : sink_.revisions) {
      RenderAlertLine(alert);
      story.push_back(absl::StrFormat("%s %d: count %d", std::string(AlertStateName(alert.state)),
                                      alert.n, alert.count));
    }
    return story;
  }

 private:
  static FactRecord Record(FactRecord::Kind kind, const std::string& source) {
    FactRecord record;
    record.kind = kind;
    record.source = source;
    return record;
  }

  std::shared_ptr<const rules::RuleSet> rules_;
  std::unique_ptr<Detector> engine_;
  CollectingSink sink_;
};

}  // namespace hark::testing
