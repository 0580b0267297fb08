#include "rules/document.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "rules/load_helper.h"

namespace hark::rules {
namespace {

using ::testing::IsEmpty;

// YAML, and what is wrong with it.
struct Case {
  std::string yaml;
  std::string diagnostics;
};

class DocumentTest : public ::testing::TestWithParam<Case> {};

TEST_P(DocumentTest, IsDiagnosed) {
  EXPECT_EQ(DiagnosticsOf(GetParam().yaml), GetParam().diagnostics);
}

const std::string kDetection = "  s: {verb: get}\n  condition: s\n";

INSTANTIATE_TEST_SUITE_P(
    Rules, DocumentTest,
    ::testing::Values(
        Case{RuleText("r", kDetection), ""}, Case{"---\n---\n", ""},
        Case{"[a]", "1:1: error: a rule must be a map, not a list\n"},
        Case{"title: x\n",
             "1:1: error: this is no rule: it has neither 'detection' nor 'correlation'\n"},
        Case{"detections: {}\n",
             "1:1: error: this is no rule: it has neither 'detection' nor 'correlation'; did you "
             "mean 'detection'?\n"},
        Case{"title: t\nlogsource: {product: kubernetes}\ndetection:\n" + kDetection,
             "1:1: error: id is missing\n"},
        Case{"id: r\nlogsource: {product: kubernetes}\ndetection:\n" + kDetection,
             "1:1: error: title is missing\n"},
        Case{"id: r\ntitle: t\ndetection:\n" + kDetection,
             "1:1: error: logsource is missing: write {product: kubernetes, service: audit}\n"},
        Case{"id: r\ntitle: t\nlogsource: {product: kubernetes}\ndetection: x\n",
             "4:12: error: 'detection' must be a map, not text\n"},
        Case{"id: [r]\ntitle: t\nlogsource: {product: kubernetes}\ndetection:\n" + kDetection,
             "1:1: error: id is missing\n1:5: error: 'id' must be text, not a list\n"},
        Case{"filter: {}\n", "1:9: error: not supported yet: filters\n"},
        Case{"anomaly: {}\n", "1:10: error: not supported yet: anomaly rules\n"},
        Case{"action: global\n", "1:9: error: not supported yet: action 'global'\n"},
        Case{"action: rest\n", "1:9: error: there is no action 'rest'; did you mean 'reset'?\n"},
        Case{RuleText("r", kDetection, "level: hihg\n"),
             "7:8: error: there is no level 'hihg'; did you mean 'high'?\n"},
        Case{RuleText("r", kDetection, "tags: {a: b}\n"),
             "7:7: error: 'tags' must be a list of texts, not a map\n"},
        Case{RuleText("r", kDetection, "references: [[x]]\n"),
             "7:14: error: 'references' must be a list of texts, not of a list\n"},
        Case{RuleText("r", kDetection, "someone-elses-key: {a: b}\n"), ""}));

INSTANTIATE_TEST_SUITE_P(
    OtherStreams, DocumentTest,
    ::testing::Values(
        Case{"id: r\nlogsource: {product: windows}\ndetection: {keywords: [x]}\n",
             "2:12: warning: not for this stream: only the logsource {product: kubernetes, "
             "service: audit} is\n"},
        Case{"id: r\ntitle: t\nlogsource: {product: kubernetes, service: audit, category: "
             "application}\ndetection:\n" +
                 kDetection,
             ""},
        Case{"id: r\nlogsource: {product: kubernetes, service: kubelet}\ndetection: {}\n",
             "2:12: warning: not for this stream: only the logsource {product: kubernetes, "
             "service: audit} is\n"}));

INSTANTIATE_TEST_SUITE_P(
    HarkKeys, DocumentTest,
    ::testing::Values(
        Case{RuleText("r", kDetection, "hark: {summery: x}\n"),
             "7:8: error: the key 'summery' is not known here; did you mean 'summary'?\n"},
        Case{RuleText("r", kDetection, "hark: x\n"),
             "7:7: error: 'hark' must be a map, not text\n"},
        Case{RuleText("r", kDetection, "hark: {keep-alive: 0m}\n"),
             "7:20: error: 'keep-alive' must be a number above 0 and one of s m h d w M y, at most "
             "10y: 5m, not '0m'\n"},
        Case{RuleText("r", kDetection, "hark: {downgrade: {level: low}}\n"),
             "7:19: error: 'downgrade' must be a map of one field and its value, and of 'level'\n"},
        Case{RuleText("r", kDetection, "hark: {downgrade: {verb: get}}\n"),
             "7:19: error: 'downgrade' must be a map of one field and its value, and of 'level'\n"},
        Case{RuleText("r", kDetection, "hark: {downgrade: {verb|neq: get, level: low}}\n"),
             "7:20: error: not supported yet: 'neq' in a downgrade\n"},
        Case{RuleText("r", kDetection, "hark: {downgrade: {verb: get, level: medium}}\n"),
             "7:20: warning: the rule's own level medium is not above medium: nothing is "
             "downgraded\n"},
        Case{RuleText("r", kDetection, "hark: {group-by: [requestURI]}\n"),
             "7:19: error: cannot group by 'requestURI': its values may hold secrets, so hark does "
             "not keep them\n"},
        Case{
            RuleText("r", kDetection, "hark: {group-by: [user.groups]}\n"),
            "7:19: error: cannot group by 'user.groups': an event may have several values of it\n"},
        Case{RuleText("r", kDetection, "hark: {group-by: [objectRef.nam]}\n"),
             "7:19: warning: no audit event can have the field 'objectRef.nam'; did you mean "
             "'objectRef.name'?\n"},
        Case{RuleText("r", kDetection, "hark: {group-by: [cluster, verb, verb]}\n"),
             "7:19: warning: every rule groups by the cluster without being told\n"
             "7:34: warning: 'verb' is named twice\n"}));

// A base rule `base` in lines 1 to 6, and from line 8 on a correlation with these lines.
std::string Correlation(const std::string& lines, const std::string& id = "c") {
  return RuleText("base", kDetection, "---\n") + "title: t\nid: " + id + "\ncorrelation:\n" + lines;
}

const std::string kRest = "  rules: base\n  timespan: 5m\n";

INSTANTIATE_TEST_SUITE_P(
    Correlations, DocumentTest,
    ::testing::Values(
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n" + kRest), ""},
        Case{
            Correlation("  type: event_count\n  condition: {gte: 2}\n  group_by: [verb]\n" + kRest),
            "13:3: warning: the key 'group_by' is not known here; did you mean 'group-by'?\n"},
        Case{Correlation("  type: event_cuont\n  condition: {gte: 2}\n" + kRest),
             "11:9: error: there is no correlation type 'event_cuont'; did you mean "
             "'event_count'?\n"},
        Case{Correlation("  type: temporal\n  condition: {gte: 2}\n" + kRest),
             "11:9: error: not supported yet: the correlation type 'temporal'\n"},
        Case{Correlation("  condition: {gte: 2}\n" + kRest),
             "11:3: error: the correlation has no type\n"},
        Case{Correlation("  type: event_count\n" + kRest),
             "11:3: error: the correlation has no condition\n"},
        Case{Correlation("  type: event_count\n  condition: base\n" + kRest),
             "12:14: error: not supported yet: a correlation condition of rule names\n"},
        Case{Correlation("  type: event_count\n  condition: [1]\n" + kRest),
             "12:14: error: a correlation condition must be a map: {gte: 10}\n"},
        Case{Correlation("  type: event_count\n  condition: {}\n" + kRest),
             "12:14: error: the correlation condition has no operator: {gte: 10}\n"},
        Case{Correlation("  type: event_count\n  condition: {lt: 2}\n" + kRest),
             "12:15: error: not supported yet: the operator 'lt'\n"},
        Case{Correlation("  type: event_count\n  condition: {gt: 2, lte: 9}\n" + kRest),
             "12:22: error: not supported yet: a range of two operators\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 0}\n" + kRest),
             "12:20: error: 'gte' takes a whole number, and at least 1 and at most 1000000 must be "
             "asked for\n"},
        Case{Correlation("  type: event_count\n  condition: {gt: 1000000}\n" + kRest), ""},
        Case{Correlation("  type: event_count\n  condition: {ge: 1}\n" + kRest),
             "12:14: error: the correlation condition has no operator: {gte: 10}\n"
             "12:15: error: the key 'ge' is not known here; did you mean 'gt'?\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2, field: verb}\n" + kRest),
             "12:30: warning: 'field' is for value_count only\n"},
        Case{Correlation("  type: value_count\n  condition: {gte: 2}\n" + kRest),
             "12:14: error: value_count needs a 'field' in its condition\n"},
        Case{Correlation("  type: value_count\n  condition: {gte: 2, field: [verb]}\n" + kRest),
             "12:30: error: not supported yet: counting over several fields\n"},
        Case{Correlation("  type: value_count\n  condition: {gte: 2, field: sourceIPs}\n" + kRest),
             "12:30: error: cannot count 'sourceIPs': an event may have several values of it\n"},
        Case{Correlation("  type: value_count\n  condition: {gte: 2, field: requestObject}\n" +
                         kRest),
             "12:30: error: cannot count 'requestObject': its values may hold secrets, so hark "
             "does not keep them\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n  rules: base\n"),
             "11:3: error: the correlation has no timespan\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n  rules: base\n  timespan: "
                         "5x\n"),
             "14:13: error: 'timespan' must be a number above 0 and one of s m h d w M y, at most "
             "10y: 5m, not '5x'\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n  timespan: 5m\n"),
             "11:3: error: the correlation names no rules\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n  aliases: {}\n" + kRest),
             "13:12: error: not supported yet: aliases\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n  generate: maybe\n" + kRest),
             "13:13: error: 'generate' must be true or false\n"},
        Case{Correlation("  type: event_count\n  condition: {gte: 2}\n" + kRest +
                         "hark: {group-by: verb}\n"),
             "8:1: error: a correlation groups by 'correlation.group-by', not by "
             "'hark.group-by'\n"},
        Case{"title: t\nid: c\ncorrelation: x\n",
             "3:14: error: 'correlation' must be a map, not text\n"}));

const std::string kCount = "  type: event_count\n  condition: {gte: 2}\n  timespan: 5m\n";

INSTANTIATE_TEST_SUITE_P(
    References, DocumentTest,
    ::testing::Values(
        Case{Correlation(kCount + "  rules: [bas]\n"),
             "14:11: error: there is no rule with the id or name 'bas'; did you mean 'base'?\n"},
        Case{Correlation(kCount + "  rules: [base, base]\n"),
             "14:17: warning: 'base' is named twice\n"},
        Case{Correlation(kCount + "  rules: [c]\n"),
             "14:11: error: the reference to 'c' is "
             "cyclic\n"},
        Case{Correlation(kCount + "  rules: [d]\n---\ntitle: t\nid: d\ncorrelation:\n" + kCount +
                         "  rules: [c]\n"),
             "14:11: error: the reference to 'd' is cyclic\n"
             "22:11: error: the reference to 'c' is cyclic\n"},
        Case{Correlation(kCount + "  rules: [base]\n---\ntitle: t\nid: d\ncorrelation:\n" + kCount +
                         "  rules: [c]\n"),
             "22:11: error: not supported yet: a correlation of the correlation 'c'\n"},
        Case{Correlation(kCount + "  rules: [w]\n---\nid: w\nlogsource: {product: "
                                  "windows}\ndetection: {}\n"),
             "14:11: error: the rule 'w' is not for this stream\n"
             "17:12: warning: not for this stream: only the logsource {product: kubernetes, "
             "service: audit} is\n"},
        Case{"id: broken\ndetection: {s: {verb: get}, condition: s}\n---\ntitle: t\nid: "
             "c\ncorrelation:\n" +
                 kCount + "  rules: [broken]\n",
             "1:1: error: logsource is missing: write {product: kubernetes, service: audit}\n"
             "1:1: error: title is missing\n"},
        Case{RuleText("r", kDetection, "---\n") + RuleText("r", kDetection),
             "9:5: error: another rule has the id or name 'r' already\n"},
        Case{RuleText("r", kDetection, "name: n\n---\n") + RuleText("n", kDetection),
             "7:7: error: another rule has the id or name 'n' already\n"},
        Case{RuleText("r", kDetection, "level: informational\n"),
             "1:1: warning: the rule 'r' has no effect: its level is informational and no "
             "correlation that alerts names it\n"}));

class ListTest : public ::testing::TestWithParam<Case> {};

TEST_P(ListTest, IsDiagnosed) {
  EXPECT_EQ(DiagnosticsOf(GetParam().yaml, "rules/lists/k.yml"), GetParam().diagnostics);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, ListTest,
    ::testing::Values(
        Case{"known_components: {exact: [a], patterns: [{namespace: n, name: m}]}\n", ""},
        Case{"known_components:\n", ""}, Case{"known_components: {exact: , patterns: }\n", ""},
        Case{"x", "1:1: error: a file of lists must be a map, not text\n"},
        Case{"known_component: {}\n",
             "1:1: error: the key 'known_component' is not known here; did you mean "
             "'known_components'?\n"},
        Case{"known_components: [a]\n",
             "1:19: error: 'known_components' must be a map of 'exact' and 'patterns', not a "
             "list\n"},
        Case{"known_components: {exakt: [a]}\n",
             "1:20: error: the key 'exakt' is not known here; did you mean 'exact'?\n"},
        Case{"known_components: {patterns: {}}\n",
             "1:30: error: 'patterns' must be a list, not a map\n"},
        Case{"known_components: {patterns: [x]}\n",
             "1:31: error: a pattern must be a map of 'namespace' and 'name', not text\n"},
        Case{"known_components: {patterns: [{namespace: x}]}\n",
             "1:31: error: a pattern needs a 'namespace' and a 'name'\n"}));

TEST(DocumentPlaceTest, ErrorsOfAllFilesAreCollected) {
  Diagnostics diagnostics;
  EXPECT_EQ(LoadRules({{"a.yml", "x"}, {"b.yml", "["}}, diagnostics), nullptr);
  EXPECT_EQ(diagnostics.all().size(), 2u);
}

TEST(DocumentPlaceTest, AnErrorOutsideTheDetectionHidesNoneInIt) {
  Diagnostics diagnostics;
  const std::string yaml =
      "title: t\nid: r\ndetection:\n  s: {verb|no: x}\n  condition: s and other\n";
  EXPECT_EQ(LoadRules({{"a.yml", yaml}}, diagnostics), nullptr);
  std::vector<int> lines;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    lines.push_back(diagnostic.location.line);
  }
  EXPECT_THAT(lines, ::testing::UnorderedElementsAre(1, 4, 5));  // the logsource is missing
}

TEST(DocumentPlaceTest, FilesOfTestsAreNoRules) {
  EXPECT_THAT(DiagnosticsOf("- {name: x}", "rules/a_test.yml"), IsEmpty());
}

}  // namespace
}  // namespace hark::rules
