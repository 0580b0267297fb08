#include "rules/detection.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "base/spelling.h"
#include "rules/condition.h"
#include "rules/modifiers.h"
#include "rules/number.h"

namespace hark::rules {
namespace {

std::string WithStars(const ItemKey& key, const std::string& text) {
  const bool before = key.placement == ItemKey::Placement::kContains ||
                      key.placement == ItemKey::Placement::kEndsWith;
  const bool after = key.placement == ItemKey::Placement::kContains ||
                     key.placement == ItemKey::Placement::kStartsWith;
  // A star at the end would take away the meaning of a last backslash, which is a literal one.
  std::size_t backslashes = 0;
  while (backslashes < text.size() && text[text.size() - 1 - backslashes] == '\\') {
    ++backslashes;
  }
  const bool open_escape = after && backslashes % 2 == 1;
  return (before ? "*" : "") + text + (open_escape ? "\\" : "") + (after ? "*" : "");
}

// Reads the values of one item.
class ItemReader {
 public:
  ItemReader(const ItemKey& key, const YamlNode& node, Diagnostics& diagnostics)
      : key_(key), node_(node), diagnostics_(diagnostics) {}

  // Fills `match`; false if there was an error.
  bool Read(Match& match) {
    if (key_.exists) {
      return ReadExists(match);
    }
    // An empty list asks for null, as pySigma has it.
    if (node_.is_null() || (node_.is_list() && node_.items.empty())) {
      return ReadNull(match);
    }
    if (node_.is_map()) {
      diagnostics_.Error(node_.location,
                         "a value must be text, a number or a list of them, not a map");
      return false;
    }
    match.all = key_.all;
    if (node_.is_scalar()) {
      return ReadValue(node_, match) && CheckAll(match);
    }
    bool ok = true;
    for (const YamlNode& item : node_.items) {
      ok = ReadValue(item, match) && ok;
    }
    return ok && CheckAll(match);
  }

 private:
  bool CheckAll(Match& match) {
    if (match.all && match.values.size() == 1) {
      diagnostics_.Warning(node_.location, "'all' changes nothing for a single value");
      match.all = false;
    }
    return true;
  }

  bool ReadExists(Match& match) {
    const std::string text = LowerAscii(node_.text);
    if (!node_.is_scalar() || (text != "true" && text != "false")) {
      diagnostics_.Error(node_.location, "'exists' takes true or false");
      return false;
    }
    match.exists = text == "true";
    return true;
  }

  bool ReadNull(Match& match) {
    if (key_.placement != ItemKey::Placement::kWhole || key_.cased || key_.cidr || key_.regex ||
        key_.comparison.has_value() || key_.all) {
      diagnostics_.Error(node_.location, "null may stand without modifiers only, or with 'neq'");
      return false;
    }
    Value value;
    value.kind = Value::Kind::kNull;
    match.values.push_back(std::move(value));
    return true;
  }

  bool ReadValue(const YamlNode& item, Match& match) {
    if (item.is_null()) {
      diagnostics_.Error(item.location,
                         "null may not stand in a list: write a selection of its own for it");
      return false;
    }
    if (!item.is_scalar()) {
      diagnostics_.Error(item.location, absl::StrFormat("a value must be text or a number, not %s",
                                                        KindName(item.kind)));
      return false;
    }
    std::optional<Value> value = MakeValue(item);
    if (!value.has_value()) {
      return false;
    }
    if (const auto matcher = CompileValue(*value); !matcher.ok()) {
      diagnostics_.Error(item.location, std::string(matcher.status().message()));
      return false;
    }
    match.values.push_back(*std::move(value));
    return true;
  }

  std::optional<Value> MakeValue(const YamlNode& item) {
    Value value;
    if (key_.comparison.has_value()) {
      const std::optional<double> number = ParseNumber(item.text);
      if (!number.has_value()) {
        diagnostics_.Error(item.location, absl::StrFormat("'%s' is no number", item.text));
        return std::nullopt;
      }
      value.kind = *key_.comparison;
      value.number = *number;
    } else if (key_.cidr) {
      value.kind = Value::Kind::kCidr;
      value.text = LowerAscii(item.text);
    } else if (key_.regex) {
      value.kind = Value::Kind::kRegex;
      value.text = key_.regex_flags.empty() ? item.text : "(?" + key_.regex_flags + ")" + item.text;
    } else {
      value.cased = key_.cased;
      value.text = ParsePattern(WithStars(key_, item.text));
      if (!value.cased) {
        value.text = LowerAscii(value.text);
      }
    }
    return value;
  }

  const ItemKey& key_;
  const YamlNode& node_;
  Diagnostics& diagnostics_;
};

// All items of a map hold.
std::optional<Expr> ReadMap(const YamlNode& map, Diagnostics& diagnostics) {
  std::vector<Expr> operands;
  bool ok = true;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    std::optional<Expr> item = ReadItem(map.keys[i], map.items[i], diagnostics);
    if (item.has_value()) {
      operands.push_back(*std::move(item));
    } else {
      ok = false;
    }
  }
  if (!ok) {
    return std::nullopt;
  }
  if (operands.empty()) {
    diagnostics.Error(map.location, "the selection is empty");
    return std::nullopt;
  }
  return MakeAnd(std::move(operands));
}

std::optional<Expr> ReadSelection(const YamlNode& node, Diagnostics& diagnostics) {
  if (node.is_map()) {
    return ReadMap(node, diagnostics);
  }
  if (node.is_null() || (node.is_list() && node.items.empty())) {
    diagnostics.Error(node.location, "the selection is empty");
    return std::nullopt;
  }
  if (node.is_scalar()) {
    diagnostics.Error(node.location, "not supported yet: keywords (values without a field)");
    return std::nullopt;
  }
  std::vector<Expr> operands;
  bool ok = true;
  for (const YamlNode& item : node.items) {
    if (!item.is_map()) {
      diagnostics.Error(item.location,
                        item.is_scalar()
                            ? "not supported yet: keywords (values without a field)"
                            : absl::StrFormat("a selection is a map or a list of maps, not of %s",
                                              KindName(item.kind)));
      return std::nullopt;
    }
    std::optional<Expr> operand = ReadMap(item, diagnostics);
    if (operand.has_value()) {
      operands.push_back(*std::move(operand));
    } else {
      ok = false;
    }
  }
  return ok ? std::optional(MakeOr(std::move(operands))) : std::nullopt;
}

// One condition, or a list of which one must hold.
std::optional<Expr> ReadConditions(const YamlNode& node, std::vector<Selection>& selections,
                                   Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    return ParseCondition(node, selections, diagnostics);
  }
  if (!node.is_list() || node.items.empty()) {
    diagnostics.Error(node.location, absl::StrFormat("a condition is text or a list of texts, not "
                                                     "%s",
                                                     KindName(node.kind)));
    return std::nullopt;
  }
  std::vector<Expr> operands;
  bool ok = true;
  for (const YamlNode& item : node.items) {
    if (!item.is_scalar()) {
      diagnostics.Error(item.location,
                        absl::StrFormat("a condition is text, not %s", KindName(item.kind)));
      ok = false;
      continue;
    }
    std::optional<Expr> operand = ParseCondition(item, selections, diagnostics);
    if (operand.has_value()) {
      operands.push_back(*std::move(operand));
    } else {
      ok = false;
    }
  }
  return ok ? std::optional(MakeOr(std::move(operands))) : std::nullopt;
}

}  // namespace

Field ReadField(std::string_view name, const Location& location, Diagnostics& diagnostics) {
  Field field = ResolveField(name);
  if (!CanExist(field)) {
    const std::string nearest = NearestFieldName(name);
    diagnostics.Warning(
        location,
        absl::StrFormat("no audit event can have the field '%s'%s", name,
                        nearest.empty() ? std::string() : "; did you mean '" + nearest + "'?"));
  }
  return field;
}

std::optional<Expr> ReadItem(const YamlNode& key, const YamlNode& value, Diagnostics& diagnostics) {
  const std::optional<ItemKey> item = ParseItemKey(key, diagnostics);
  if (!item.has_value()) {
    return std::nullopt;
  }
  Match match;
  match.field = ReadField(item->field, key.location, diagnostics);
  if (!ItemReader(*item, value, diagnostics).Read(match)) {
    return std::nullopt;
  }
  Expr expr = MakeMatch(std::move(match));
  return item->negated ? MakeNot(std::move(expr)) : std::move(expr);
}

std::optional<Expr> ReadDetection(const YamlNode& detection, Diagnostics& diagnostics) {
  std::vector<Selection> selections;
  bool ok = true;
  for (std::size_t i = 0; i < detection.keys.size(); ++i) {
    const YamlNode& key = detection.keys[i];
    if (key.text == "condition") {
      continue;
    }
    if (key.text == "timeframe") {
      diagnostics.Error(key.location,
                        "Sigma 2 has no 'timeframe': write a correlation that names this rule");
      ok = false;
      continue;
    }
    Selection selection{key.text, key.location, {}, false};
    std::optional<Expr> expr = ReadSelection(detection.items[i], diagnostics);
    ok = ok && expr.has_value();
    // A broken selection stays known, so that the condition draws no second error for it.
    selection.expr = expr.has_value() ? *std::move(expr) : MakeMatch({});
    selections.push_back(std::move(selection));
  }
  const YamlNode* const condition = detection.Find("condition");
  if (condition == nullptr) {
    diagnostics.Error(detection.location, "the detection has no condition");
    return std::nullopt;
  }
  std::optional<Expr> expr = ReadConditions(*condition, selections, diagnostics);
  if (!ok || !expr.has_value()) {
    return std::nullopt;
  }
  for (const Selection& selection : selections) {
    if (!selection.used) {
      diagnostics.Warning(
          selection.location,
          absl::StrFormat("the condition does not use the selection '%s'", selection.name));
    }
  }
  return expr;
}

}  // namespace hark::rules
