#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hark/alert.h"
#include "hark/event.h"

#include "ingest/input.h"
#include "pipeline/time_bound.h"

namespace hark::cli {

enum class OutputKind { kTable, kJsonl, kNone };

// What `hark replay` was asked for, checked.
struct ReplayRequest {
  std::vector<ingest::InputArgument> inputs;
  std::vector<std::string> rule_paths;  // empty: the shipped rules
  std::optional<pipeline::TimeBound> from, to;
  OutputKind output = OutputKind::kTable;
  Severity min_level = Severity::kLow;
  std::optional<Severity> fail_on;
  int threads = 1;
  Micros lateness = 0;
  std::string cluster;     // of inputs without a name; empty: what a wrapper of the events says
  std::string quarantine;  // path; empty: none
  bool quarantine_raw = false;
  Micros now = 0;
  std::uint64_t state_bytes = 0;
  std::size_t batch_bytes = 0;
  std::size_t max_record_bytes = 0;
  std::string events_of;  // the beginning of an alert id; empty: alerts are wanted, not events

  bool has_relative_time() const {
    return (from.has_value() && from->relative) || (to.has_value() && to->relative);
  }
};

}  // namespace hark::cli
