#include "rules/detection.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/yaml_reader.h"

namespace hark::rules {
namespace {

// The printed AST of a `detection`, or what is wrong with it.
std::string Read(const std::string& yaml) {
  Diagnostics diagnostics;
  const std::vector<YamlNode> nodes = ReadYaml({"r.yml", yaml}, diagnostics);
  if (nodes.empty()) {
    return diagnostics.Format({});
  }
  const std::optional<Expr> expr = ReadDetection(nodes.front(), diagnostics);
  const std::string problems = diagnostics.Format({});
  return problems + (expr.has_value() ? Print(*expr) : "");
}

// The same of a selection of one item.
std::string ReadItem(const std::string& item) {
  return Read("s: {" + item + "}\ncondition: s\n");
}

struct DetectionCase {
  std::string yaml;
  std::string printed;
};

class ItemTest : public ::testing::TestWithParam<DetectionCase> {};

TEST_P(ItemTest, IsReadAsPrinted) {
  EXPECT_EQ(ReadItem(GetParam().yaml), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Values, ItemTest,
    ::testing::Values(DetectionCase{"verb: Get", R"(verb: "get")"},
                      DetectionCase{"verb: [get, list]", R"(verb: ("get" or "list"))"},
                      DetectionCase{"verb: ''", R"(verb: "")"},
                      DetectionCase{"verb: null", "verb: null"},
                      DetectionCase{"verb: ~", "verb: null"}, DetectionCase{"verb: ", "verb: null"},
                      DetectionCase{"verb: []", "verb: null"},
                      DetectionCase{"verb: 'null'", R"(verb: "null")"},
                      DetectionCase{"responseStatus.code: 403", R"(responseStatus.code: "403")"},
                      DetectionCase{"responseStatus.code: '403'", R"(responseStatus.code: "403")"},
                      DetectionCase{"verb: true", R"(verb: "true")"},
                      DetectionCase{R"(userAgent: 'a\*b*')", R"(userAgent: "a\\*b*")"},
                      DetectionCase{R"(userAgent: 'a\b')", R"(userAgent: "a\\\\b")"},
                      DetectionCase{"'annotations.a b': x", R"('annotations.a b': "x")"}));

INSTANTIATE_TEST_SUITE_P(
    Modifiers, ItemTest,
    ::testing::Values(DetectionCase{"verb|contains: et", R"(verb: "*et*")"},
                      DetectionCase{"verb|contains: '*et*'", R"(verb: "*et*")"},
                      DetectionCase{R"(verb|contains: 'a\')", R"(verb: "*a\\\\*")"},
                      DetectionCase{R"(verb|contains: 'a\\')", R"(verb: "*a\\\\*")"},
                      DetectionCase{R"(verb|contains: 'a\*')", R"(verb: "*a\\**")"},
                      DetectionCase{"verb|startswith: ge", R"(verb: "ge*")"},
                      DetectionCase{"verb|endswith: et", R"(verb: "*et")"},
                      DetectionCase{"verb|contains|all: [a, b]", R"(verb: ("*a*" and "*b*"))"},
                      DetectionCase{"verb|all|contains: [a, b]", R"(verb: ("*a*" and "*b*"))"},
                      DetectionCase{"verb|cased: Get", R"(verb: cased "Get")"},
                      DetectionCase{"verb|cased|contains: Get", R"(verb: cased "*Get*")"},
                      DetectionCase{"verb|neq: get", R"(not verb: "get")"},
                      DetectionCase{"verb|neq: [get, list]", R"(not verb: ("get" or "list"))"},
                      DetectionCase{"verb|neq: null", "not verb: null"},
                      DetectionCase{"verb|exists: true", "verb: exists"},
                      DetectionCase{"verb|exists: False", "verb: absent"},
                      DetectionCase{R"(verb|re: '^g\d*')", R"(verb: re "^g\\d*")"},
                      DetectionCase{"verb|re|s|i: a", R"(verb: re "(?is)a")"},
                      DetectionCase{"verb|re|multiline|ignorecase|dotall: a",
                                    R"(verb: re "(?ims)a")"},
                      DetectionCase{"source.ip|cidr: [10.0.0.0/8, 'FD00::/8']",
                                    "source.ip: (cidr 10.0.0.0/8 or cidr fd00::/8)"},
                      DetectionCase{"responseStatus.code|gte: 400", "responseStatus.code: >= 400"},
                      DetectionCase{"responseStatus.code|lt: 0.5", "responseStatus.code: < 0.5"},
                      DetectionCase{"responseStatus.code|lte: -1", "responseStatus.code: <= -1"},
                      DetectionCase{"responseStatus.code|gt: '7'", "responseStatus.code: > 7"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, ItemTest,
    ::testing::Values(
        DetectionCase{"verb|contain: x",
                      "r.yml:1:10: error: there is no modifier 'contain'; did you mean "
                      "'contains'?\n"},
        DetectionCase{"verb|: x", "r.yml:1:10: error: there is no modifier ''\n"},
        DetectionCase{"verb|base64offset|contains: x",
                      "r.yml:1:10: error: not supported yet: the modifier 'base64offset'\n"},
        DetectionCase{"verb|expand: '%x%'",
                      "r.yml:1:10: error: not supported yet: the modifier 'expand'\n"},
        DetectionCase{"verb|windash: x",
                      "r.yml:1:10: error: not supported yet: the modifier 'windash'\n"},
        DetectionCase{"verb|fieldref: x",
                      "r.yml:1:10: error: not supported yet: the modifier 'fieldref'\n"},
        DetectionCase{"verb|all|all: [a, b]",
                      "r.yml:1:14: error: the modifier 'all' is given twice\n"},
        DetectionCase{"verb|i: x", "r.yml:1:10: error: 'i' may only follow 're'\n"},
        DetectionCase{"verb|contains|startswith: x",
                      "r.yml:1:19: error: 'startswith' may not stand beside the modifiers before "
                      "it\n"},
        DetectionCase{"verb|re|cased: x",
                      "r.yml:1:13: error: 'cased' may not stand beside the modifiers before it\n"},
        DetectionCase{"verb|exists|neq: true",
                      "r.yml:1:17: error: 'neq' may not stand beside the modifiers before it\n"},
        DetectionCase{"verb|exists: maybe", "r.yml:1:18: error: 'exists' takes true or false\n"},
        DetectionCase{"verb|contains: null",
                      "r.yml:1:20: error: null may stand without modifiers only, or with 'neq'\n"},
        DetectionCase{"verb: [get, null]",
                      "r.yml:1:17: error: null may not stand in a list: write a selection of its "
                      "own for it\n"},
        DetectionCase{"verb: [[get]]",
                      "r.yml:1:12: error: a value must be text or a number, not a list\n"},
        DetectionCase{"verb: {a: b}",
                      "r.yml:1:11: error: a value must be text, a number or a list of them, not a "
                      "map\n"},
        DetectionCase{"verb|re: '('",
                      "r.yml:1:14: error: the regular expression is not valid: missing ): (\n"},
        DetectionCase{"source.ip|cidr: 10.0.0.1/8",
                      "r.yml:1:21: error: '10.0.0.1/8' is no network: write an address, a slash "
                      "and a length, with no bit set after it\n"},
        DetectionCase{"responseStatus.code|gte: many", "r.yml:1:30: error: 'many' is no number\n"},
        DetectionCase{"'user.groups[0]': x",
                      "r.yml:1:6: error: not supported yet: arrays by index or quantifier, "
                      "field[...]\n"},
        DetectionCase{"'|all': [a, b]",
                      "r.yml:1:6: error: not supported yet: keywords (values without a field)\n"}));

INSTANTIATE_TEST_SUITE_P(
    Warnings, ItemTest,
    ::testing::Values(
        DetectionCase{"objectRef.ressource: pods",
                      "r.yml:1:5: warning: no audit event can have the field "
                      "'objectRef.ressource'; did you mean 'objectRef.resource'?\n"
                      R"(objectRef.ressource: "pods")"},
        DetectionCase{"TargetFilename: x",
                      "r.yml:1:5: warning: no audit event can have the field 'TargetFilename'\n"
                      R"(TargetFilename: "x")"},
        DetectionCase{"verb|contains|all: x",
                      "r.yml:1:24: warning: 'all' changes nothing for a single value\n"
                      R"(verb: "*x*")"}));

class DetectionTest : public ::testing::TestWithParam<DetectionCase> {};

TEST_P(DetectionTest, IsReadAsPrinted) {
  EXPECT_EQ(Read(GetParam().yaml), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, DetectionTest,
    ::testing::Values(
        DetectionCase{"s: {verb: get, stage: Panic}\ncondition: s\n",
                      R"((verb: "get" and stage: "panic"))"},
        DetectionCase{"s:\n  - {verb: get, stage: Panic}\n  - verb: list\ncondition: s\n",
                      R"(((verb: "get" and stage: "panic") or verb: "list"))"},
        DetectionCase{"s: {verb: get}\nt: {verb: list}\ncondition: [s, t]\n",
                      R"((verb: "get" or verb: "list"))"},
        DetectionCase{"s: &s {verb: get}\nt: *s\ncondition: s and t\n",
                      R"((verb: "get" and verb: "get"))"},
        DetectionCase{"s: {verb: get}\nt: {stage: Panic, level: [Request]}\n"
                      "condition: s and not t\n",
                      R"((verb: "get" and not (stage: "panic" and level: "request")))"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, DetectionTest,
    ::testing::Values(
        DetectionCase{"s: {verb: get}\n", "r.yml:1:1: error: the detection has no condition\n"},
        DetectionCase{"s: {}\ncondition: s\n", "r.yml:1:4: error: the selection is empty\n"},
        DetectionCase{"s: []\ncondition: s\n", "r.yml:1:4: error: the selection is empty\n"},
        DetectionCase{"s: [get, list]\ncondition: s\n",
                      "r.yml:1:5: error: not supported yet: keywords (values without a field)\n"},
        DetectionCase{"s: get\ncondition: s\n",
                      "r.yml:1:4: error: not supported yet: keywords (values without a field)\n"},
        DetectionCase{"s: [[verb]]\ncondition: s\n",
                      "r.yml:1:5: error: a selection is a map or a list of maps, not of a list\n"},
        DetectionCase{"s: {verb: get}\ncondition: {a: b}\n",
                      "r.yml:2:12: error: a condition is text or a list of texts, not a map\n"},
        DetectionCase{"s: {verb: get}\ncondition: [s, [s]]\n",
                      "r.yml:2:16: error: a condition is text, not a list\n"},
        DetectionCase{"s: {verb: get}\ncondition: 's and x'\n",
                      "r.yml:2:19: error: there is no selection 'x'\n"},
        DetectionCase{"s: {verb: get}\ncondition: s\ntimeframe: 5m\n",
                      "r.yml:3:1: error: Sigma 2 has no 'timeframe': write a correlation that "
                      "names this rule\n"},
        DetectionCase{"s: {verb|x: 1, verb|y: 2}\ncondition: s and t\n",
                      "r.yml:1:10: error: there is no modifier 'x'\n"
                      "r.yml:1:21: error: there is no modifier 'y'\n"
                      "r.yml:2:18: error: there is no selection 't'\n"}));

INSTANTIATE_TEST_SUITE_P(Warnings, DetectionTest,
                         ::testing::Values(DetectionCase{
                             "s: {verb: get}\nt: {verb: list}\ncondition: s\n",
                             "r.yml:2:1: warning: the condition does not use the selection 't'\n"
                             R"(verb: "get")"}));

TEST(DetectionPlaceTest, TheConditionOfABlockIsPlacedAsAWhole) {
  EXPECT_EQ(Read("s: {verb: get}\ncondition: |\n  s\n  and x\n"),
            "r.yml:2:12: error: there is no selection 'x'\n");
}

}  // namespace
}  // namespace hark::rules
