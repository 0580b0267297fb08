#include "cli/rule_test_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/str_format.h"

#include "base/rfc3339.h"
#include "base/string_map.h"
#include "base/yaml_reader.h"
#include "cli/rule_test_event.h"
#include "rules/document.h"
#include "rules/node_access.h"

namespace hark::cli {
namespace {

constexpr std::array kTestKeys = std::to_array<std::string_view>({"name", "events", "expect"});
constexpr std::array kEventKeys = std::to_array<std::string_view>(
    {"at",   "received", "stage",    "id",       "user",      "uid",   "groups",
     "as",   "verb",     "resource", "apigroup", "namespace", "name",  "uri",
     "code", "decision", "ip",       "agent",    "raw",       "repeat"});
constexpr std::array kRepeatKeys = std::to_array<std::string_view>({"count", "every"});
constexpr std::array kExpectKeys =
    std::to_array<std::string_view>({"rule", "group", "level", "count", "total", "summary"});
constexpr std::int64_t kMaxCount = 1'000'000;

// Reads the keys of one map into variables that keep their defaults where a key is absent.
class MapReader {
 public:
  // What is wrong goes to `diagnostics`; a node that is no map has no keys.
  MapReader(const YamlNode& node, std::span<const std::string_view> keys, Diagnostics& diagnostics)
      : node_(node), diagnostics_(diagnostics) {
    if (node.is_map()) {
      rules::CheckKeys(node, keys, rules::UnknownKeys::kError, diagnostics);
    } else {
      diagnostics.Error(node.location,
                        absl::StrFormat("expected a map, not %s", KindName(node.kind)));
    }
  }

  void Text(std::string_view key, std::string& text) const {
    if (const auto placed = rules::ReadText(node_, key, diagnostics_)) {
      text = placed->text;
    }
  }
  void Text(std::string_view key, std::optional<std::string>& text) const {
    if (const auto placed = rules::ReadText(node_, key, diagnostics_)) {
      text = placed->text;
    }
  }
  template <typename TextList>
  void Texts(std::string_view key, TextList& texts) const {
    if (node_.Find(key) != nullptr) {
      std::vector<std::string> list;
      for (rules::PlacedText& placed : rules::ReadTexts(node_, key, diagnostics_)) {
        list.push_back(std::move(placed.text));
      }
      texts = std::move(list);
    }
  }
  template <typename Duration>
  void Time(std::string_view key, Duration& duration) const {
    if (const auto placed = rules::ReadText(node_, key, diagnostics_)) {
      const std::optional<Micros> parsed = ParseDuration(placed->text);
      if (parsed.has_value()) {
        duration = *parsed;
      } else {
        diagnostics_.Error(placed->location,
                           absl::StrFormat("'%s' must be a duration like 90s or 1h30m, not '%s'",
                                           key, placed->text));
      }
    }
  }
  // A number from 0 to 1,000,000.
  template <typename Number>
  void Count(std::string_view key, Number& number) const {
    if (const auto placed = rules::ReadText(node_, key, diagnostics_)) {
      const std::string& text = placed->text;
      std::int64_t parsed = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
      if (error == std::errc() && end == text.data() + text.size() && parsed >= 0 &&
          parsed <= kMaxCount) {
        number = static_cast<std::uint64_t>(parsed);
      } else {
        diagnostics_.Error(
            placed->location,
            absl::StrFormat("'%s' must be a number from 0 to %d, not '%s'", key, kMaxCount, text));
      }
    }
  }

 private:
  const YamlNode& node_;
  Diagnostics& diagnostics_;
};

CompactEvent ReadEvent(const YamlNode& node, Diagnostics& diagnostics) {
  CompactEvent event;
  const MapReader map(node, kEventKeys, diagnostics);
  map.Time("at", event.at);
  map.Time("received", event.received);
  map.Texts("stage", event.stages);
  map.Text("id", event.id);
  map.Text("user", event.user);
  map.Text("uid", event.uid);
  map.Texts("groups", event.groups);
  map.Text("as", event.as);
  map.Text("verb", event.verb);
  map.Text("resource", event.resource);
  map.Text("apigroup", event.api_group);
  map.Text("namespace", event.namespace_name);
  map.Text("name", event.name);
  map.Text("uri", event.uri);
  map.Text("decision", event.decision);
  map.Texts("ip", event.source_ips);
  map.Text("agent", event.user_agent);
  auto code = static_cast<std::uint64_t>(event.code);
  map.Count("code", code);
  event.code = static_cast<std::int64_t>(code);
  if (const YamlNode* const raw = node.Find("raw")) {
    if (!raw->is_map()) {
      diagnostics.Error(raw->location, "'raw' must be a map");
    }
    event.raw = *raw;
  }
  if (const YamlNode* const repeat = node.Find("repeat")) {
    const MapReader repeat_map(*repeat, kRepeatKeys, diagnostics);
    repeat_map.Count("count", event.count);
    repeat_map.Time("every", event.every);
    event.repeated = true;
  }
  return event;
}

ExpectedAlert ReadExpected(const YamlNode& node, Diagnostics& diagnostics) {
  ExpectedAlert expected;
  const MapReader map(node, kExpectKeys, diagnostics);
  map.Text("rule", expected.rule);
  map.Count("count", expected.count);
  map.Count("total", expected.total);
  map.Text("summary", expected.summary);
  expected.level = rules::ReadLevel(node, "level", diagnostics);
  if (node.is_map() && expected.rule.empty()) {
    diagnostics.Error(node.location, "an expected alert needs a 'rule'");
  }
  const YamlNode* const group = node.Find("group");
  if (group == nullptr) {
    return expected;
  }
  if (!group->is_map()) {
    diagnostics.Error(group->location, "'group' must be a map of fields and their values");
    return expected;
  }
  for (const YamlNode& key : group->keys) {
    GroupValue value;
    if (const auto placed = rules::ReadText(*group, key.text, diagnostics)) {
      value = placed->text;
    }
    expected.group.emplace_back(key.text, std::move(value));
  }
  return expected;
}

// The items of a list that must be there.
std::span<const YamlNode> RequiredList(const YamlNode& node, std::string_view key,
                                       Diagnostics& diagnostics) {
  const YamlNode* const list = node.Find(key);
  if (list == nullptr || !list->is_list()) {
    diagnostics.Error(list == nullptr ? node.location : list->location,
                      absl::StrFormat("a test needs '%s', a list", key));
    return {};
  }
  return list->items;
}

RuleTest ReadTest(const YamlNode& node, Diagnostics& diagnostics) {
  RuleTest test;
  const MapReader map(node, kTestKeys, diagnostics);
  if (!node.is_map()) {
    return test;
  }
  map.Text("name", test.name);
  if (test.name.empty()) {
    diagnostics.Error(node.location, "a test needs a 'name'");
  }
  std::uint64_t number = 0;
  for (const YamlNode& event : RequiredList(node, "events", diagnostics)) {
    AppendAuditEvents(ReadEvent(event, diagnostics), number, test.events);
  }
  for (const YamlNode& expected : RequiredList(node, "expect", diagnostics)) {
    test.expected.push_back(ReadExpected(expected, diagnostics));
  }
  return test;
}

}  // namespace

std::vector<RuleTest> ReadRuleTests(const rules::RuleFile& file, Diagnostics& diagnostics) {
  std::vector<RuleTest> tests;
  StringSet names;
  for (const YamlNode& document : ReadYaml(file, diagnostics)) {
    if (!document.is_list()) {
      diagnostics.Error(document.location, absl::StrFormat("expected a list of tests, not %s",
                                                           KindName(document.kind)));
      continue;
    }
    for (const YamlNode& node : document.items) {
      tests.push_back(ReadTest(node, diagnostics));
      if (!names.insert(tests.back().name).second) {
        diagnostics.Error(node.location,
                          absl::StrFormat("there is another test named '%s'", tests.back().name));
      }
    }
  }
  return tests;
}

}  // namespace hark::cli
