#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics.h"
#include "rules/ast.h"
#include "rules/document.h"
#include "rules/known_components.h"
#include "rules/rule_set.h"

namespace hark::rules {

struct DowngradeAst {
  Match match;
  Severity level = Severity::kLow;
};

// How a rule alerts, with all defaults filled in.
struct AlertAst {
  Severity level = Severity::kMedium;
  std::optional<DowngradeAst> downgrade;
  std::vector<Field> group_by;  // without the cluster
  Micros keep_alive = 0;
};

struct RuleAst {
  Header header;
  Expr condition;
  AlertAst alert;
  bool alerts = true;       // raises alerts of its own
  bool referenced = false;  // by a correlation
};

struct CorrelationAst {
  Header header;
  AlertAst alert;
  bool alerts = true;
  AlertRule::Type type = AlertRule::Type::kEventCount;
  std::vector<std::size_t> rules;  // indexes into RuleSetAst::rules, each once
  std::optional<Field> counted;
  Micros timespan = 0;
  std::uint64_t threshold = 1;
  std::string threshold_text;
};

// Rules whose every name has been found: fields are fields, references are indexes.
struct RuleSetAst {
  std::vector<RuleAst> rules;  // sorted by id, as are the correlations
  std::vector<CorrelationAst> correlations;
  KnownComponents known_components;
};

// Resolves what the documents name. `broken` are the ids and names of documents that had errors
// already. The result is of no use if there were errors.
RuleSetAst Resolve(Documents documents, const std::vector<PlacedText>& broken,
                   Diagnostics& diagnostics);

}  // namespace hark::rules
