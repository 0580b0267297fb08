#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/alert.h"

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "rules/known_components.h"
#include "rules/rule_set.h"

namespace hark::rules {

// A text of a document, and where it stands.
struct PlacedText {
  std::string text;
  Location location;
};

// `hark: {downgrade: {FIELD: VALUE, level: LEVEL}}`.
struct DowngradeDocument {
  YamlNode field, value;
  Severity level = Severity::kLow;
};

// What rules and correlations have in common.
struct Header {
  Location location;  // of the document
  PlacedText id, name;
  std::string title, author;
  std::optional<Severity> level;
  std::vector<std::string> tactics, techniques, references, falsepositives;
  std::string summary;                              // hark.summary
  std::optional<DowngradeDocument> downgrade;       // hark.downgrade
  std::optional<std::vector<PlacedText>> group_by;  // hark.group-by
  std::optional<Micros> keep_alive;                 // hark.keep-alive
};

struct RuleDocument {
  Header header;
  bool for_this_stream = true;  // by its logsource; nothing else of it is read if not
  YamlNode detection;
};

struct CorrelationDocument {
  Header header;
  AlertRule::Type type = AlertRule::Type::kEventCount;
  std::vector<PlacedText> rules;  // ids or names
  std::vector<PlacedText> group_by;
  std::optional<PlacedText> counted;  // kValueCount: condition.field
  Micros timespan = 0;
  std::uint64_t threshold = 1;  // holds at this many or more
  std::string threshold_text;   // as written: "gt 9"
  bool generate = false;
};

// Everything that a set of files says, not yet resolved: fields and references are names.
struct Documents {
  std::vector<RuleDocument> rules;
  std::vector<CorrelationDocument> correlations;
  KnownComponents known_components;
};

// Reads one document of a rule file into `documents`. What is wrong goes to `diagnostics`; a
// document with an error is left out, but for its id and name, so that references to it draw no
// second error: those are in `broken`.
void ReadRuleDocument(const YamlNode& node, Documents& documents, std::vector<PlacedText>& broken,
                      Diagnostics& diagnostics);

// Reads one document of a file below a folder `lists`:
//   known_components: {exact: [USER NAME], patterns: [{namespace: NAMESPACE, name: SUFFIX}]}
void ReadListDocument(const YamlNode& node, KnownComponents& known_components,
                      Diagnostics& diagnostics);

}  // namespace hark::rules
