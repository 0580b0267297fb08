#include "rules/compile.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/check.h"
#include "base/string_map.h"
#include "rules/required_values.h"
#include "rules/version.h"

namespace hark::rules {
namespace {

// Short texts, which nearly all conditions look at.
constexpr EventParts kCheapParts = Bit(EventPart::kUser) | Bit(EventPart::kImpersonatedUser) |
                                   Bit(EventPart::kObjectRef) | Bit(EventPart::kResponseStatus) |
                                   Bit(EventPart::kVerb);

class Compiler {
 public:
  explicit Compiler(const RuleSetAst& ast) : ast_(ast), feeds_(ast.rules.size()) {}

  RuleSet Compile() {
    set_.known_components = ast_.known_components;
    AddAlertRules();
    for (std::size_t i = 0; i < ast_.rules.size(); ++i) {
      if (!feeds_[i].empty()) {
        AddEventRule(ast_.rules[i], feeds_[i]);
      }
    }
    std::string versions;
    for (const EventRule& rule : set_.event_rules) {
      absl::StrAppendFormat(&versions, "event %s\n", rule.id);
    }
    for (const AlertRule& rule : set_.alert_rules) {
      absl::StrAppendFormat(&versions, "alert %s %s\n", rule.info.id, rule.info.version);
    }
    set_.version = ShortHash(versions);
    return std::move(set_);
  }

 private:
  // Rules and correlations are sorted by id, and no correlation names another one yet: all rules
  // have rank 0 and all correlations rank 1, which gives the order (rank, id).
  void AddAlertRules() {
    for (std::size_t i = 0; i < ast_.rules.size(); ++i) {
      const RuleAst& rule = ast_.rules[i];
      if (!rule.alerts) {
        continue;
      }
      AlertRule alert = MakeAlertRule(rule.header, rule.alert);
      alert.info.version = VersionOf(rule, ast_.known_components);
      alert.info.window_type = "event";
      feeds_[i].push_back(NextAlertIndex());
      set_.alert_rules.push_back(std::move(alert));
    }
    for (const CorrelationAst& correlation : ast_.correlations) {
      if (!correlation.alerts) {
        continue;
      }
      const bool counts_values = correlation.type == AlertRule::Type::kValueCount;
      AlertRule alert = MakeAlertRule(correlation.header, correlation.alert);
      alert.info.version = VersionOf(correlation, ast_);
      alert.info.window_type = counts_values ? "value_count" : "event_count";
      alert.info.timespan = correlation.timespan;
      alert.info.threshold = correlation.threshold_text;
      alert.type = correlation.type;
      alert.threshold = correlation.threshold;
      alert.timespan = correlation.timespan;
      alert.rank = 1;
      if (correlation.counted.has_value()) {
        alert.counted = UseField(*correlation.counted);
      }
      for (const std::size_t rule : correlation.rules) {
        feeds_[rule].push_back(NextAlertIndex());
      }
      set_.alert_rules.push_back(std::move(alert));
    }
  }

  std::uint32_t NextAlertIndex() const {
    return static_cast<std::uint32_t>(set_.alert_rules.size());
  }

  AlertRule MakeAlertRule(const Header& header, const AlertAst& ast) {
    AlertRule alert;
    alert.info.id = header.id.text;
    alert.info.name = header.name.text;
    alert.info.title = header.title;
    alert.info.author = header.author;
    alert.info.tactics = header.tactics;
    alert.info.techniques = header.techniques;
    alert.info.references = header.references;
    alert.info.falsepositives = header.falsepositives;
    alert.info.summary = header.summary;
    for (const Field& field : ast.group_by) {
      alert.info.group_by.push_back(field.name);
      alert.group_by.push_back(UseField(field));
    }
    alert.level = ast.level;
    alert.keep_alive = ast.keep_alive;
    if (ast.downgrade.has_value()) {
      alert.downgrade = Downgrade{UsePredicate(ast.downgrade->match), ast.downgrade->level};
    }
    return alert;
  }

  void AddEventRule(const RuleAst& ast, const std::vector<std::uint32_t>& feeds) {
    EventRule rule;
    rule.id = ast.header.id.text;
    rule.name = ast.header.name.text;
    rule.title = ast.header.title;
    rule.program.emplace_back();
    Fill(rule.program, 0, ast.condition);
    CollectShownFields(ast.condition, rule.shown_fields);
    rule.feeds = feeds;
    set_.required.push_back(FindRequiredValues(set_, rule.program));
    set_.index_parts |= IndexPartsOf(rule.program, set_.required.back());
    set_.event_rules.push_back(std::move(rule));
  }

  // Makes the node at `index`, and its children behind all nodes that there are, side by side.
  void Fill(Program& program, std::size_t index, const Expr& expr) {
    if (expr.kind == Expr::Kind::kMatch) {
      program[index].kind = ProgramNode::Kind::kPredicate;
      program[index].predicate = UsePredicate(expr.match);
      return;
    }
    program[index].kind = KindOf(expr.kind);
    const std::size_t first = program.size();
    program.resize(first + expr.children.size());
    for (std::size_t i = 0; i < expr.children.size(); ++i) {
      program[index].children.push_back(static_cast<std::uint32_t>(first + i));
      Fill(program, first + i, expr.children[i]);
    }
  }

  static ProgramNode::Kind KindOf(Expr::Kind kind) {
    switch (kind) {
      case Expr::Kind::kAnd:
        return ProgramNode::Kind::kAnd;
      case Expr::Kind::kOr:
        return ProgramNode::Kind::kOr;
      default:
        return ProgramNode::Kind::kNot;
    }
  }

  void CollectShownFields(const Expr& expr, std::vector<FieldIndex>& shown) {
    if (expr.kind == Expr::Kind::kNot) {
      return;
    }
    if (expr.kind == Expr::Kind::kMatch) {
      const FieldIndex field = UseField(expr.match.field);
      if (std::find(shown.begin(), shown.end(), field) == shown.end()) {
        shown.push_back(field);
      }
    }
    for (const Expr& child : expr.children) {
      CollectShownFields(child, shown);
    }
  }

  // What the index looks at, and of a rule that requires nothing all that it looks at.
  EventParts IndexPartsOf(const Program& program,
                          const std::optional<RequiredValues>& required) const {
    if (required.has_value()) {
      return PartsOf(set_.fields[required->field]);
    }
    EventParts parts = 0;
    for (const ProgramNode& node : program) {
      if (node.kind == ProgramNode::Kind::kPredicate) {
        parts |= PartsOf(set_.fields[set_.predicates[node.predicate].field]);
      }
    }
    return parts;
  }

  FieldIndex UseField(const Field& field) {
    // The name decides the rest of a field.
    const auto [entry, is_new] =
        fields_.try_emplace(field.name, static_cast<FieldIndex>(set_.fields.size()));
    if (is_new) {
      set_.fields.push_back(field);
    }
    return entry->second;
  }

  PredicateIndex UsePredicate(const Match& match) {
    const auto [entry, is_new] =
        predicates_.try_emplace(Print(match), static_cast<PredicateIndex>(set_.predicates.size()));
    if (!is_new) {
      return entry->second;
    }
    Predicate predicate;
    predicate.field = UseField(match.field);
    if (const EventParts parts = PartsOf(match.field); (parts & ~kCheapParts) == 0) {
      set_.index_parts |= parts;
    }
    predicate.all = match.all;
    predicate.exists = match.exists;
    for (const Value& value : match.values) {
      absl::StatusOr<ValueMatcher> matcher = CompileValue(value);
      HARK_CHECK(matcher.ok());  // it was compiled once before, to find its mistakes
      predicate.matchers.push_back(*std::move(matcher));
    }
    set_.predicates.push_back(std::move(predicate));
    return entry->second;
  }

  const RuleSetAst& ast_;
  std::vector<std::vector<std::uint32_t>> feeds_;  // for each rule, the alert rules it feeds
  RuleSet set_;
  StringMap<FieldIndex> fields_;          // by name
  StringMap<PredicateIndex> predicates_;  // by canonical text
};

}  // namespace

RuleSet Compile(const RuleSetAst& rules) {
  return Compiler(rules).Compile();
}

}  // namespace hark::rules
