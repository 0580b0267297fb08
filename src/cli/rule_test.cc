#include "cli/rule_test.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "hark/source.h"

#include "alert/summary.h"
#include "pipeline/replay.h"

namespace hark::cli {
namespace {

// The events of a test, as one batch.
class TestSource final : public Source {
 public:
  explicit TestSource(std::string_view lines) : lines_(lines) {}

  const std::string& name() const override { return name_; }
  const std::string& cluster() const override { return cluster_; }
  std::uint64_t size_hint() const override { return lines_.size(); }

  absl::Status Read(std::size_t /*max_bytes*/, RecordBatch& batch) override {
    constexpr std::size_t kPadding = 64;
    batch.Clear();
    batch.capacity = lines_.size() + kPadding;
    batch.buffer = std::make_unique<char[]>(batch.capacity);
    lines_.copy(batch.buffer.get(), lines_.size());
    batch.data = std::string_view(batch.buffer.get(), lines_.size());
    batch.offset = offset_;
    offset_ += lines_.size();
    lines_ = {};
    return absl::OkStatus();
  }
  bool Rewind() override { return false; }

 private:
  const std::string name_ = "test";
  const std::string cluster_;
  std::string_view lines_;
  std::uint64_t offset_ = 0;
};

// What a test compares of an alert.
struct RaisedAlert {
  std::string rule_id, rule_name, rule_title, summary;
  std::vector<std::pair<std::string, GroupValue>> group;
  Severity level = Severity::kLow;
  std::uint64_t count = 0, total = 0;
};

class RaisedAlerts final : public RevisionSink {
 public:
  void OnRevision(const Alert& alert) override {
    if (alert.state != AlertState::kClosed) {
      return;
    }
    RaisedAlert& raised = alerts_.emplace_back();
    raised.rule_id = alert.rule->id;
    raised.rule_name = alert.rule->name;
    raised.rule_title = alert.rule->title;
    raised.summary = alert::RenderSummary(alert);
    for (std::size_t i = 0; i < alert.group.size(); ++i) {
      raised.group.emplace_back(alert.rule->group_by[i], alert.group[i]);
    }
    raised.level = alert.level;
    raised.count = alert.count;
    raised.total = alert.total;
  }

  const std::vector<RaisedAlert>& alerts() const { return alerts_; }

 private:
  std::vector<RaisedAlert> alerts_;
};

template <typename T>
bool IsAsExpected(const std::optional<T>& expected, const T& raised) {
  return !expected.has_value() || *expected == raised;
}

bool Describes(const ExpectedAlert& expected, const RaisedAlert& raised) {
  const bool same_rule = expected.rule == raised.rule_name || expected.rule == raised.rule_id ||
                         expected.rule == raised.rule_title;
  const auto in_group = [&raised](const std::pair<std::string, GroupValue>& value) {
    return std::find(raised.group.begin(), raised.group.end(), value) != raised.group.end();
  };
  return same_rule && std::all_of(expected.group.begin(), expected.group.end(), in_group) &&
         IsAsExpected(expected.level, raised.level) && IsAsExpected(expected.count, raised.count) &&
         IsAsExpected(expected.total, raised.total) &&
         IsAsExpected(expected.summary, raised.summary);
}

// Pairs each expected alert with a raised one that it describes, as many as possible. An entry may
// describe several alerts, so the first that fits is not always the right one: these are augmenting
// paths of a bipartite matching.
class Pairing {
 public:
  Pairing(const std::vector<ExpectedAlert>& expected, const std::vector<RaisedAlert>& raised)
      : expected_(expected), raised_(raised), partner_of_raised_(raised.size()) {
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      std::vector<bool> tried(raised_.size());
      if (!Assign(i, tried)) {
        unpaired_expected_.push_back(i);
      }
    }
  }

  const std::vector<std::size_t>& unpaired_expected() const { return unpaired_expected_; }
  bool IsPaired(std::size_t raised) const { return partner_of_raised_[raised].has_value(); }

 private:
  bool Assign(std::size_t expected, std::vector<bool>& tried) {
    for (std::size_t i = 0; i < raised_.size(); ++i) {
      if (tried[i] || !Describes(expected_[expected], raised_[i])) {
        continue;
      }
      tried[i] = true;
      if (!partner_of_raised_[i].has_value() || Assign(*partner_of_raised_[i], tried)) {
        partner_of_raised_[i] = expected;
        return true;
      }
    }
    return false;
  }

  const std::vector<ExpectedAlert>& expected_;
  const std::vector<RaisedAlert>& raised_;
  std::vector<std::optional<std::size_t>> partner_of_raised_;
  std::vector<std::size_t> unpaired_expected_;
};

std::string FormatGroup(const std::vector<std::pair<std::string, GroupValue>>& group) {
  std::string text;
  for (const auto& [field, value] : group) {
    absl::StrAppendFormat(&text, "%s%s: %s", text.empty() ? " {" : ", ", field,
                          value.value_or("null"));
  }
  return text.empty() ? text : text + "}";
}

std::string Format(const ExpectedAlert& alert) {
  std::string text = alert.rule + FormatGroup(alert.group);
  const char* separator = " ";
  const auto append = [&text, &separator](std::string_view name, std::string_view value) {
    absl::StrAppendFormat(&text, "%s%s %s", separator, name, value);
    separator = ", ";
  };
  if (alert.level.has_value()) {
    append("level", SeverityName(*alert.level));
  }
  if (alert.count.has_value()) {
    append("count", absl::StrFormat("%d", *alert.count));
  }
  if (alert.total.has_value()) {
    append("total", absl::StrFormat("%d", *alert.total));
  }
  if (alert.summary.has_value()) {
    append("summary", *alert.summary);
  }
  return text;
}

std::string Format(const RaisedAlert& alert) {
  return Format(ExpectedAlert{.rule = alert.rule_name.empty() ? alert.rule_title : alert.rule_name,
                              .group = alert.group,
                              .level = alert.level,
                              .count = alert.count,
                              .total = alert.total,
                              .summary = alert.summary});
}

}  // namespace

std::vector<std::string> RunRuleTest(const RuleTest& test,
                                     const std::shared_ptr<const rules::RuleSet>& rules) {
  pipeline::ReplayOptions options;
  options.rules = rules;
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<TestSource>(test.events));
  RaisedAlerts raised;
  pipeline::Replay(options, std::move(sources), raised);

  const Pairing pairing(test.expected, raised.alerts());
  std::vector<std::string> failures;
  for (const std::size_t i : pairing.unpaired_expected()) {
    failures.push_back("expected, not raised: " + Format(test.expected[i]));
  }
  for (std::size_t i = 0; i < raised.alerts().size(); ++i) {
    if (!pairing.IsPaired(i)) {
      failures.push_back("raised, not expected: " + Format(raised.alerts()[i]));
    }
  }
  return failures;
}

}  // namespace hark::cli
