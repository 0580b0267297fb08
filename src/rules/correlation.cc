#include "rules/correlation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/spelling.h"
#include "rules/node_access.h"

namespace hark::rules {
namespace {

// A window keeps as many entries as its threshold says; and what is more than this is no burst
// that a rule could wait for.
constexpr std::uint64_t kMaxThreshold = 1'000'000;

constexpr std::array kTypes =
    std::to_array<std::string_view>({"event_count", "value_count", "temporal", "temporal_ordered",
                                     "value_sum", "value_avg", "value_percentile", "value_median"});
constexpr std::array kKeys = std::to_array<std::string_view>(
    {"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"});
constexpr std::array kOperators =
    std::to_array<std::string_view>({"gt", "gte", "lt", "lte", "eq", "neq"});
constexpr std::array kConditionKeys =
    std::to_array<std::string_view>({"gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile"});

template <std::size_t size>
bool IsOneOf(std::string_view text, const std::array<std::string_view, size>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

class CorrelationReader {
 public:
  CorrelationReader(const YamlNode& correlation, CorrelationDocument& document,
                    Diagnostics& diagnostics)
      : node_(correlation), document_(document), diagnostics_(diagnostics) {}

  void Read() {
    CheckKeys(node_, kKeys, UnknownKeys::kWarning, diagnostics_);
    ReadType();
    document_.rules = ReadTexts(node_, "rules", diagnostics_);
    if (document_.rules.empty()) {
      diagnostics_.Error(PlaceOf("rules"), "the correlation names no rules");
    }
    document_.group_by = ReadTexts(node_, "group-by", diagnostics_);
    if (const YamlNode* const aliases = node_.Find("aliases")) {
      diagnostics_.Error(aliases->location, "not supported yet: aliases");
    }
    const YamlNode* const timespan = node_.Find("timespan");
    if (timespan == nullptr || timespan->is_null()) {
      diagnostics_.Error(node_.location, "the correlation has no timespan");
    }
    document_.timespan = ReadTimespan(node_, "timespan", diagnostics_).value_or(0);
    ReadCondition();
  }

 private:
  Location PlaceOf(std::string_view key) const {
    const YamlNode* const value = node_.Find(key);
    return value == nullptr ? node_.location : value->location;
  }

  void ReadType() {
    const std::optional<PlacedText> type = ReadText(node_, "type", diagnostics_);
    if (!type.has_value()) {
      if (node_.Find("type") == nullptr) {
        diagnostics_.Error(node_.location, "the correlation has no type");
      }
    } else if (type->text == "event_count") {
      document_.type = AlertRule::Type::kEventCount;
    } else if (type->text == "value_count") {
      document_.type = AlertRule::Type::kValueCount;
    } else if (IsOneOf(type->text, kTypes)) {
      diagnostics_.Error(type->location, absl::StrFormat("not supported yet: the correlation type "
                                                         "'%s'",
                                                         type->text));
    } else {
      diagnostics_.Error(type->location,
                         absl::StrFormat("there is no correlation type '%s'%s", type->text,
                                         DidYouMean(type->text, kTypes)));
    }
  }

  void ReadCondition() {
    const YamlNode* const condition = node_.Find("condition");
    if (condition == nullptr || condition->is_null()) {
      diagnostics_.Error(node_.location, "the correlation has no condition");
      return;
    }
    if (!condition->is_map()) {
      diagnostics_.Error(condition->location,
                         condition->is_scalar()
                             ? "not supported yet: a correlation condition of rule names"
                             : "a correlation condition must be a map: {gte: 10}");
      return;
    }
    CheckKeys(*condition, kConditionKeys, UnknownKeys::kError, diagnostics_);
    ReadThreshold(*condition);
    ReadCounted(*condition);
  }

  void ReadThreshold(const YamlNode& condition) {
    std::size_t operators = 0;
    for (std::size_t i = 0; i < condition.keys.size(); ++i) {
      const YamlNode& key = condition.keys[i];
      if (!IsOneOf(key.text, kOperators)) {
        continue;
      }
      ++operators;
      if (operators > 1) {
        diagnostics_.Error(key.location, "not supported yet: a range of two operators");
      } else if (key.text != "gt" && key.text != "gte") {
        diagnostics_.Error(key.location,
                           absl::StrFormat("not supported yet: the operator '%s'", key.text));
      } else {
        ReadLimit(key.text, condition.items[i]);
      }
    }
    if (operators == 0) {
      diagnostics_.Error(condition.location,
                         "the correlation condition has no operator: {gte: 10}");
    }
  }

  void ReadLimit(std::string_view name, const YamlNode& value) {
    std::uint64_t limit = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, limit);
    const bool is_number = value.is_scalar() && error == std::errc() && stop == end;
    // "more than 9" and "10 or more" are the same for counts.
    const std::uint64_t threshold = name == "gt" && limit < kMaxThreshold ? limit + 1 : limit;
    if (!is_number || threshold < 1 || threshold > kMaxThreshold) {
      diagnostics_.Error(value.location,
                         absl::StrFormat("'%s' takes a whole number, and at least 1 and at most %d "
                                         "must be asked for",
                                         name, kMaxThreshold));
      return;
    }
    document_.threshold = threshold;
    document_.threshold_text = absl::StrFormat("%s %d", name, limit);
  }

  void ReadCounted(const YamlNode& condition) {
    const YamlNode* const field = condition.Find("field");
    const bool has_field = field != nullptr && !field->is_null();
    if (document_.type != AlertRule::Type::kValueCount) {
      if (has_field) {
        diagnostics_.Warning(field->location, "'field' is for value_count only");
      }
      return;
    }
    if (!has_field) {
      diagnostics_.Error(condition.location, "value_count needs a 'field' in its condition");
    } else if (field->is_list()) {
      diagnostics_.Error(field->location, "not supported yet: counting over several fields");
    } else {
      document_.counted = ReadText(condition, "field", diagnostics_);
    }
  }

  const YamlNode& node_;
  CorrelationDocument& document_;
  Diagnostics& diagnostics_;
};

}  // namespace

void ReadCorrelation(const YamlNode& rule, const YamlNode& correlation,
                     CorrelationDocument& document, Diagnostics& diagnostics) {
  if (!correlation.is_map()) {
    diagnostics.Error(correlation.location, absl::StrFormat("'correlation' must be a map, not %s",
                                                            KindName(correlation.kind)));
    return;
  }
  CorrelationReader(correlation, document, diagnostics).Read();
  if (document.header.group_by.has_value()) {
    diagnostics.Error(document.header.location,
                      "a correlation groups by 'correlation.group-by', not by 'hark.group-by'");
  }
  const bool outside = ReadBool(rule, "generate", diagnostics).value_or(false);
  const bool inside = ReadBool(correlation, "generate", diagnostics).value_or(false);
  document.generate = outside || inside;
}

}  // namespace hark::rules
