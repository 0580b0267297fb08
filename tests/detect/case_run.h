#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hark/detector.h"
#include "hark/fact.h"

#include "base/codec.h"
#include "detect/engine.h"
#include "detect/random_case.h"
#include "log/record_codec.h"
#include "support/collecting_sink.h"
#include "support/rule_set_builder.h"
#include "support/saved_state.h"

namespace hark::testing {

// An engine that is given the records of a case, as the fact log keeps them and gives them back.
class CaseRun {
 public:
  explicit CaseRun(const Case& replayed)
      : case_(replayed),
        rules_(MakeRuleSet(replayed.rules)),
        engine_(detect::MakeEngine(rules_, {.max_state_bytes = replayed.max_state_bytes})) {}

  // Takes the records from `begin` to before `end`.
  void Apply(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      engine_->Apply(ThroughTheLog(case_.records[i]), sink_);
    }
  }
  void Finish() { engine_->Finish(sink_); }
  // Takes the records from `begin` on and all that follows from the end of all time.
  void ApplyRest(std::size_t begin) {
    Apply(begin, case_.records.size());
    Finish();
  }
  // Nothing but Lines() may be called after it.
  void DestroyEngine() { engine_.reset(); }

  std::unique_ptr<FrozenState> Freeze() { return engine_->Freeze(); }
  SavedState Save() const { return SavedOf(*engine_); }
  absl::Status Restore(SavedState saved) { return engine_->Restore(saved); }
  std::vector<std::string> Lines() const { return ToLines(sink_.revisions); }

 private:
  static FactRecord ThroughTheLog(const FactRecord& record) {
    ByteWriter writer;
    log::EncodeRecord(record, writer);
    ByteReader reader(writer.bytes());
    return log::DecodeRecord(reader).value();
  }

  const Case& case_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::unique_ptr<Detector> engine_;
  CollectingSink sink_;
};

}  // namespace hark::testing
