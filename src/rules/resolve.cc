#include "rules/resolve.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/spelling.h"
#include "base/string_map.h"
#include "rules/detection.h"

namespace hark::rules {
namespace {

constexpr Micros kEventKeepAlive = 15LL * 60 * 1'000'000;

// What an id or a name stands for.
struct Entry {
  enum class Kind : std::uint8_t { kRule, kForeign, kCorrelation, kBroken };
  Kind kind = Kind::kBroken;
  std::size_t index = 0;  // into the documents of that kind
};

class Resolver {
 public:
  Resolver(Documents documents, Diagnostics& diagnostics)
      : documents_(std::move(documents)), diagnostics_(diagnostics) {}

  RuleSetAst Resolve(const std::vector<PlacedText>& broken) {
    const auto by_id = [](const auto& a, const auto& b) {
      return a.header.id.text < b.header.id.text;
    };
    std::stable_sort(documents_.rules.begin(), documents_.rules.end(), by_id);
    std::stable_sort(documents_.correlations.begin(), documents_.correlations.end(), by_id);
    result_.known_components = std::move(documents_.known_components);
    RegisterAll(broken);
    for (RuleDocument& rule : documents_.rules) {
      ResolveRule(rule);
    }
    for (CorrelationDocument& correlation : documents_.correlations) {
      ResolveCorrelation(correlation);
    }
    DecideWhoAlerts();
    return std::move(result_);
  }

 private:
  void RegisterAll(const std::vector<PlacedText>& broken) {
    std::size_t index = 0;  // of the rules that will be in the result
    for (const RuleDocument& rule : documents_.rules) {
      if (rule.for_this_stream) {
        Register(rule.header, {Entry::Kind::kRule, index++});
      } else {
        Register(rule.header, {Entry::Kind::kForeign, 0});
      }
    }
    for (std::size_t i = 0; i < documents_.correlations.size(); ++i) {
      Register(documents_.correlations[i].header, {Entry::Kind::kCorrelation, i});
    }
    for (const PlacedText& text : broken) {
      entries_.emplace(text.text, Entry{});
    }
    for (const auto& [name, entry] : entries_) {
      names_.emplace_back(name);
    }
    std::sort(names_.begin(), names_.end());  // so that a suggestion is the same every time
  }

  void Register(const Header& header, Entry entry) {
    if (!header.id.text.empty() && !entries_.emplace(header.id.text, entry).second) {
      diagnostics_.Error(
          header.id.location,
          absl::StrFormat("another rule has the id or name '%s' already", header.id.text));
    }
    if (!header.name.text.empty() && header.name.text != header.id.text &&
        !entries_.emplace(header.name.text, entry).second) {
      diagnostics_.Error(
          header.name.location,
          absl::StrFormat("another rule has the id or name '%s' already", header.name.text));
    }
  }

  void ResolveRule(RuleDocument& document) {
    if (!document.for_this_stream) {
      return;
    }
    RuleAst rule;
    if (std::optional<Expr> condition = ReadDetection(document.detection, diagnostics_)) {
      rule.condition = *std::move(condition);
    }
    rule.alert = ResolveAlert(document.header);
    if (document.header.group_by.has_value()) {
      rule.alert.group_by = ResolveGroupBy(*document.header.group_by);
    } else {
      rule.alert.group_by = {ResolveField("actor.name"), ResolveField("source.ip")};
    }
    rule.alert.keep_alive = document.header.keep_alive.value_or(kEventKeepAlive);
    rule.header = std::move(document.header);
    result_.rules.push_back(std::move(rule));
  }

  void ResolveCorrelation(CorrelationDocument& document) {
    CorrelationAst correlation;
    correlation.alert = ResolveAlert(document.header);
    correlation.alert.group_by = ResolveGroupBy(document.group_by);
    correlation.alert.keep_alive = document.header.keep_alive.value_or(document.timespan);
    correlation.type = document.type;
    correlation.timespan = document.timespan;
    correlation.threshold = document.threshold;
    correlation.threshold_text = document.threshold_text;
    if (document.counted.has_value()) {
      correlation.counted = ResolveCounted(*document.counted, "count");
    }
    for (const PlacedText& reference : document.rules) {
      ResolveReference(reference, document, correlation);
    }
    correlation.header = std::move(document.header);
    result_.correlations.push_back(std::move(correlation));
  }

  AlertAst ResolveAlert(const Header& header) {
    AlertAst alert;
    alert.level = header.level.value_or(Severity::kMedium);
    if (!header.downgrade.has_value()) {
      return alert;
    }
    const DowngradeDocument& document = *header.downgrade;
    std::optional<Expr> expr = ReadItem(document.field, document.value, diagnostics_);
    if (!expr.has_value()) {
      return alert;
    }
    if (expr->kind != Expr::Kind::kMatch) {
      diagnostics_.Error(document.field.location, "not supported yet: 'neq' in a downgrade");
      return alert;
    }
    if (document.level >= alert.level) {
      diagnostics_.Warning(
          document.field.location,
          absl::StrFormat("the rule's own level %s is not above %s: nothing is "
                          "downgraded",
                          SeverityName(alert.level), SeverityName(document.level)));
    }
    alert.downgrade = DowngradeAst{std::move(expr->match), document.level};
    return alert;
  }

  std::vector<Field> ResolveGroupBy(const std::vector<PlacedText>& names) {
    std::vector<Field> fields;
    for (const PlacedText& name : names) {
      Field field = ResolveCounted(name, "group by");
      if (field.id == FieldId::kCluster) {
        diagnostics_.Warning(name.location, "every rule groups by the cluster without being told");
        continue;
      }
      if (std::find(fields.begin(), fields.end(), field) != fields.end()) {
        diagnostics_.Warning(name.location, absl::StrFormat("'%s' is named twice", name.text));
        continue;
      }
      fields.push_back(std::move(field));
    }
    return fields;
  }

  // A field to group by or to count: its values are kept, and there is one for each event.
  Field ResolveCounted(const PlacedText& name, std::string_view what) {
    Field field = ReadField(name.text, name.location, diagnostics_);
    // What no event has is a warning already: there is nothing to keep.
    if (IsRedacted(field) && CanExist(field)) {
      diagnostics_.Error(name.location,
                         absl::StrFormat("cannot %s '%s': its values may hold secrets, so hark "
                                         "does not keep them",
                                         what, name.text));
    } else if (IsMultiValued(field)) {
      diagnostics_.Error(name.location,
                         absl::StrFormat("cannot %s '%s': an event may have several values of it",
                                         what, name.text));
    }
    return field;
  }

  void ResolveReference(const PlacedText& reference, const CorrelationDocument& document,
                        CorrelationAst& correlation) {
    const auto found = entries_.find(reference.text);
    if (found == entries_.end()) {
      diagnostics_.Error(reference.location,
                         absl::StrFormat("there is no rule with the id or name '%s'%s",
                                         reference.text, DidYouMean(reference.text, names_)));
      return;
    }
    const Entry entry = found->second;
    if (entry.kind == Entry::Kind::kForeign) {
      diagnostics_.Error(reference.location,
                         absl::StrFormat("the rule '%s' is not for this stream", reference.text));
    } else if (entry.kind == Entry::Kind::kCorrelation) {
      const auto self = static_cast<std::size_t>(&document - documents_.correlations.data());
      diagnostics_.Error(reference.location,
                         Reaches(entry.index, self)
                             ? absl::StrFormat("the reference to '%s' is cyclic", reference.text)
                             : absl::StrFormat("not supported yet: a correlation of the "
                                               "correlation '%s'",
                                               reference.text));
    } else if (entry.kind == Entry::Kind::kRule) {
      AddReference(reference, entry.index, document.generate, correlation);
    }
  }

  void AddReference(const PlacedText& reference, std::size_t index, bool generate,
                    CorrelationAst& correlation) {
    if (std::find(correlation.rules.begin(), correlation.rules.end(), index) !=
        correlation.rules.end()) {
      diagnostics_.Warning(reference.location,
                           absl::StrFormat("'%s' is named twice", reference.text));
      return;
    }
    correlation.rules.push_back(index);
    RuleAst& rule = result_.rules[index];
    // A base rule is silent only if all correlations that name it want it so.
    rule.alerts = (rule.referenced && rule.alerts) || generate;
    rule.referenced = true;
  }

  // Does correlation `from` name correlation `to`, directly or through others?
  bool Reaches(std::size_t from, std::size_t to) const {
    std::vector<std::size_t> pending = {from};
    std::vector<bool> seen(documents_.correlations.size());
    while (!pending.empty()) {
      const std::size_t current = pending.back();
      pending.pop_back();
      if (current == to) {
        return true;
      }
      if (seen[current]) {
        continue;
      }
      seen[current] = true;
      for (const PlacedText& name : documents_.correlations[current].rules) {
        const auto entry = entries_.find(name.text);
        if (entry != entries_.end() && entry->second.kind == Entry::Kind::kCorrelation) {
          pending.push_back(entry->second.index);
        }
      }
    }
    return false;
  }

  void DecideWhoAlerts() {
    for (RuleAst& rule : result_.rules) {
      rule.alerts = rule.alerts && rule.alert.level != Severity::kInformational;
      if (!rule.alerts && !rule.referenced) {
        WarnOfSilence(rule.header);
      }
    }
    for (CorrelationAst& correlation : result_.correlations) {
      correlation.alerts = correlation.alert.level != Severity::kInformational;
      if (!correlation.alerts) {
        WarnOfSilence(correlation.header);
      }
    }
  }

  void WarnOfSilence(const Header& header) {
    diagnostics_.Warning(header.location,
                         absl::StrFormat("the rule '%s' has no effect: its level is informational "
                                         "and no correlation that alerts names it",
                                         header.id.text));
  }

  Documents documents_;
  Diagnostics& diagnostics_;
  RuleSetAst result_;
  StringMap<Entry> entries_;
  std::vector<std::string_view> names_;  // the keys of entries_, sorted
};

}  // namespace

RuleSetAst Resolve(Documents documents, const std::vector<PlacedText>& broken,
                   Diagnostics& diagnostics) {
  return Resolver(std::move(documents), diagnostics).Resolve(broken);
}

}  // namespace hark::rules
