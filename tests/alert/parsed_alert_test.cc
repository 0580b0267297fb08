#include "alert/parsed_alert.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "support/hostile_texts.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::HostileTexts;
using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::hark::testing::StatusIs;
using ::testing::_;

// The JSON of the alert that was read. Its sentence stands in the place of the template, so it must
// hold nothing that looks like a placeholder.
std::string Rewritten(const std::string& json) {
  absl::StatusOr<ParsedAlert> parsed = ParseAlert(json);
  EXPECT_THAT(parsed, IsOk());
  if (!parsed.ok()) {
    return "";
  }
  const ParsedAlert moved = *std::move(parsed);
  moved.rule->summary = moved.summary;
  return ToJson(moved.alert);
}

TEST(ParsedAlertTest, NothingOfAnAlertIsLost) {
  Alert ended = SampleAlert();
  ended.close_reason = CloseReason::kRuleChanged;
  for (const Alert& alert : {SampleAlert(), SampleSparseAlert(), ended}) {
    EXPECT_EQ(Rewritten(ToJson(alert)), ToJson(alert));
  }
}

TEST(ParsedAlertTest, HostileTextsComeBackAsTheyWereWritten) {
  for (const std::string& text : HostileTexts()) {
    Alert alert = SampleAlert();
    RuleInfo rule = *alert.rule;
    rule.summary = "summary";
    alert.rule = &rule;
    alert.opening.actor_name = alert.opening.uri = alert.opening.user_agent = text;
    alert.group = {text};
    alert.matched = {{text, text}};
    alert.names = {text};
    EXPECT_EQ(Rewritten(ToJson(alert)), ToJson(alert));
  }
}

TEST(ParsedAlertTest, TheSentenceIsTheOneThatWasMade) {
  const absl::StatusOr<ParsedAlert> parsed = ParseAlert(ToJson(SampleAlert()));
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->summary, "alice read 214 Secrets in 5m");
  EXPECT_EQ(parsed->rule->summary, "");
}

TEST(ParsedAlertTest, UnknownKeysAndOtherTypesAreNoError) {
  const absl::StatusOr<ParsedAlert> parsed = ParseAlert(
      R"({"schema":"hark.alert/v1","id":"a","n":1,"state":"opened","level":"low","new":{"x":1},)"
      R"("actor":7,"group":[],"matched":[3],"evidence":{"stages":[]},"first":"soon"})");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->alert.opening.actor_name, "");
}

TEST(ParsedAlertTest, WhatIsNoAlertIsRefused) {
  for (const char* const json :
       {"", "{", "[]", "{}", R"({"schema":"hark.alert/v2","id":"a","n":1})",
        R"({"schema":"hark.alert/v1","id":"","n":1,"state":"opened","level":"low"})",
        R"({"schema":"hark.alert/v1","id":"a","n":0,"state":"opened","level":"low"})",
        R"({"schema":"hark.alert/v1","id":"a","n":1,"state":"lost","level":"low"})",
        R"({"schema":"hark.alert/v1","id":"a","n":1,"state":"opened","level":"loud"})"}) {
    EXPECT_THAT(ParseAlert(json), StatusIs(absl::StatusCode::kInvalidArgument, _)) << json;
  }
}

}  // namespace
}  // namespace hark::alert
