#include "rules/document.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

#include "base/spelling.h"
#include "rules/correlation.h"
#include "rules/detection.h"
#include "rules/node_access.h"

namespace hark::rules {
namespace {

constexpr std::size_t kMaxTitle = 256;

constexpr std::array kHarkKeys =
    std::to_array<std::string_view>({"summary", "downgrade", "group-by", "keep-alive"});
constexpr std::array kDocumentKeys =
    std::to_array<std::string_view>({"detection", "correlation", "filter", "anomaly", "action"});

std::vector<std::string> ReadPlainTexts(const YamlNode& map, std::string_view key,
                                        Diagnostics& diagnostics) {
  std::vector<std::string> texts;
  for (PlacedText& text : ReadTexts(map, key, diagnostics)) {
    texts.push_back(std::move(text.text));
  }
  return texts;
}

bool AreDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// "t1552.007" is a technique, "g0016" and "s0154" are a group and a piece of software.
bool IsAttackId(std::string_view text, std::string_view letters) {
  return text.size() >= 5 && letters.find(text[0]) != std::string_view::npos &&
         AreDigits(text.substr(1, 4)) &&
         (text.size() == 5 || (text[5] == '.' && AreDigits(text.substr(6))));
}

void ReadTags(const YamlNode& document, Header& header, Diagnostics& diagnostics) {
  constexpr std::string_view kAttack = "attack.";
  for (const std::string& tag : ReadPlainTexts(document, "tags", diagnostics)) {
    std::string name = LowerAscii(tag);
    if (!name.starts_with(kAttack)) {
      continue;
    }
    name.erase(0, kAttack.size());
    if (IsAttackId(name, "t")) {
      name[0] = 'T';
      header.techniques.push_back(std::move(name));
    } else if (!IsAttackId(name, "gsc")) {
      std::replace(name.begin(), name.end(), '_', '-');
      header.tactics.push_back(std::move(name));
    }
  }
}

std::optional<DowngradeDocument> ReadDowngrade(const YamlNode& node, Diagnostics& diagnostics) {
  DowngradeDocument downgrade;
  const std::optional<Severity> level = ReadLevel(node, "level", diagnostics);
  std::size_t fields = 0;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    if (node.keys[i].text != "level") {
      downgrade.field = node.keys[i];
      downgrade.value = node.items[i];
      ++fields;
    }
  }
  const YamlNode* const level_node = node.Find("level");
  if (fields != 1 || level_node == nullptr || level_node->is_null()) {
    diagnostics.Error(node.location,
                      "'downgrade' must be a map of one field and its value, and of 'level'");
    return std::nullopt;
  }
  if (!level.has_value()) {
    return std::nullopt;
  }
  downgrade.level = *level;
  return downgrade;
}

void ReadHarkKeys(const YamlNode& document, Header& header, Diagnostics& diagnostics) {
  const YamlNode* const node = document.Find("hark");
  if (node == nullptr || node->is_null()) {
    return;
  }
  if (!node->is_map()) {
    diagnostics.Error(node->location,
                      absl::StrFormat("'hark' must be a map, not %s", KindName(node->kind)));
    return;
  }
  CheckKeys(*node, kHarkKeys, UnknownKeys::kError, diagnostics);
  if (std::optional<PlacedText> summary = ReadText(*node, "summary", diagnostics)) {
    header.summary = std::move(summary->text);
  }
  if (const YamlNode* const downgrade = node->Find("downgrade")) {
    header.downgrade = ReadDowngrade(*downgrade, diagnostics);
  }
  if (node->Find("group-by") != nullptr) {
    header.group_by = ReadTexts(*node, "group-by", diagnostics);
  }
  header.keep_alive = ReadTimespan(*node, "keep-alive", diagnostics);
}

Header ReadHeader(const YamlNode& document, Diagnostics& diagnostics) {
  Header header;
  header.location = document.location;
  header.id = ReadText(document, "id", diagnostics).value_or(PlacedText{"", document.location});
  header.name = ReadText(document, "name", diagnostics).value_or(PlacedText{});
  if (header.id.text.empty()) {
    diagnostics.Error(header.id.location, "id is missing");
  }
  const PlacedText title =
      ReadText(document, "title", diagnostics).value_or(PlacedText{"", document.location});
  if (title.text.empty()) {
    diagnostics.Error(title.location, "title is missing");
  } else if (title.text.size() > kMaxTitle) {
    diagnostics.Warning(title.location,
                        absl::StrFormat("the title is longer than %d bytes", kMaxTitle));
  }
  header.title = title.text;
  header.author = ReadText(document, "author", diagnostics).value_or(PlacedText{}).text;
  header.level = ReadLevel(document, "level", diagnostics);
  header.references = ReadPlainTexts(document, "references", diagnostics);
  header.falsepositives = ReadPlainTexts(document, "falsepositives", diagnostics);
  ReadTags(document, header, diagnostics);
  ReadHarkKeys(document, header, diagnostics);
  return header;
}

// Is the rule for Kubernetes audit events? nullopt if there was an error.
std::optional<bool> ReadLogsource(const YamlNode& document, Diagnostics& diagnostics) {
  const YamlNode* const logsource = document.Find("logsource");
  if (logsource == nullptr || !logsource->is_map()) {
    diagnostics.Error(logsource == nullptr ? document.location : logsource->location,
                      "logsource is missing: write {product: kubernetes, service: audit}");
    return std::nullopt;
  }
  const auto is = [&](std::string_view key, std::string_view wanted, bool if_absent) {
    const std::optional<PlacedText> text = ReadText(*logsource, key, diagnostics);
    return text.has_value() ? LowerAscii(text->text) == wanted : if_absent;
  };
  const bool product = is("product", "kubernetes", false);
  const bool service = is("service", "audit", true);
  const bool category = is("category", "application", true);
  if (product && service && category) {
    return true;
  }
  diagnostics.Warning(logsource->location,
                      "not for this stream: only the logsource {product: kubernetes, service: "
                      "audit} is");
  return false;
}

// A rule for another stream: only its id and name are of interest.
RuleDocument ForeignRule(const YamlNode& node) {
  RuleDocument rule;
  rule.for_this_stream = false;
  rule.header.location = node.location;
  for (const auto& [key, text] :
       {std::pair("id", &rule.header.id), std::pair("name", &rule.header.name)}) {
    if (const YamlNode* const value = node.Find(key)) {
      *text = {value->text, value->location};
    }
  }
  return rule;
}

void ReadDetectionRule(const YamlNode& node, const YamlNode& detection, Documents& documents,
                       Diagnostics& diagnostics) {
  const std::optional<bool> ours = ReadLogsource(node, diagnostics);
  if (ours.has_value() && !*ours) {
    documents.rules.push_back(ForeignRule(node));
    return;
  }
  RuleDocument rule;
  rule.header = ReadHeader(node, diagnostics);
  if (!detection.is_map()) {
    diagnostics.Error(detection.location, absl::StrFormat("'detection' must be a map, not %s",
                                                          KindName(detection.kind)));
  }
  rule.detection = detection;
  documents.rules.push_back(std::move(rule));
}

void RefuseAction(const YamlNode& action, Diagnostics& diagnostics) {
  constexpr std::array kActions = std::to_array<std::string_view>({"global", "reset", "repeat"});
  const bool known = std::find(kActions.begin(), kActions.end(), action.text) != kActions.end();
  diagnostics.Error(action.location,
                    known ? absl::StrFormat("not supported yet: action '%s'", action.text)
                          : absl::StrFormat("there is no action '%s'%s", action.text,
                                            DidYouMean(action.text, kActions)));
}

void ReadDocument(const YamlNode& node, Documents& documents, Diagnostics& diagnostics) {
  if (const YamlNode* const action = node.Find("action")) {
    RefuseAction(*action, diagnostics);
  } else if (const YamlNode* const correlation = node.Find("correlation")) {
    CorrelationDocument document;
    document.header = ReadHeader(node, diagnostics);
    ReadCorrelation(node, *correlation, document, diagnostics);
    documents.correlations.push_back(std::move(document));
  } else if (const YamlNode* const filter = node.Find("filter")) {
    diagnostics.Error(filter->location, "not supported yet: filters");
  } else if (const YamlNode* const anomaly = node.Find("anomaly")) {
    diagnostics.Error(anomaly->location, "not supported yet: anomaly rules");
  } else if (const YamlNode* const detection = node.Find("detection")) {
    ReadDetectionRule(node, *detection, documents, diagnostics);
  } else {
    std::string hint;
    for (const YamlNode& key : node.keys) {
      hint = hint.empty() ? DidYouMean(key.text, kDocumentKeys) : hint;
    }
    diagnostics.Error(node.location,
                      "this is no rule: it has neither 'detection' nor 'correlation'" + hint);
  }
}

}  // namespace

void ReadRuleDocument(const YamlNode& node, Documents& documents, std::vector<PlacedText>& broken,
                      Diagnostics& diagnostics) {
  if (node.is_null()) {
    return;  // between two lines of dashes, or after the last
  }
  if (!node.is_map()) {
    diagnostics.Error(node.location,
                      absl::StrFormat("a rule must be a map, not %s", KindName(node.kind)));
    return;
  }
  Diagnostics own;
  Documents read;
  ReadDocument(node, read, own);
  for (const Diagnostic& diagnostic : own.all()) {
    diagnostics.Add(diagnostic);
  }
  if (own.has_errors()) {
    for (const std::string_view key : {"id", "name"}) {
      const YamlNode* const text = node.Find(key);
      if (text != nullptr && text->is_scalar()) {
        broken.push_back({text->text, text->location});
      }
    }
    // What else is wrong with the rule shows in the same run.
    const YamlNode* const detection = node.Find("detection");
    if (detection != nullptr && detection->is_map()) {
      ReadDetection(*detection, diagnostics);
    }
    return;
  }
  std::move(read.rules.begin(), read.rules.end(), std::back_inserter(documents.rules));
  std::move(read.correlations.begin(), read.correlations.end(),
            std::back_inserter(documents.correlations));
}

}  // namespace hark::rules
