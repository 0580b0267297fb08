#include "alert/json_template.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "alert/revision.h"
#include "support/hostile_texts.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::HostileTexts;
using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

std::string Render(std::string_view text, const Alert& alert = SampleAlert()) {
  const absl::StatusOr<JsonTemplate> parsed = JsonTemplate::Parse(text);
  EXPECT_THAT(parsed, IsOk());
  return parsed.ok() ? *parsed->Render(MakeRevision(alert, 1'795'457'062'000'000), "id-1") : "";
}

TEST(JsonTemplateTest, PutsValuesIntoStringsAsText) {
  EXPECT_EQ(Render(R"({"a": "{{title}} [{{ level }}]", "b": "{{actor.name}}: {{window.total}}"})"),
            R"({"a": "Many distinct Secrets read by one actor [high]", "b": "alice: 214"})");
}

TEST(JsonTemplateTest, PutsValuesElsewhereAsJson) {
  EXPECT_EQ(Render(R"([{{window.total}}, {{actor.name}}, {{exact}}, {{rule.attack.tactics}}])"),
            R"([214, "alice", true, ["credential-access"]])");
}

TEST(JsonTemplateTest, JoinsListsOfTextsWithinStrings) {
  EXPECT_EQ(Render(R"("{{objects.namespaces}}")"), R"("data, payments")");
}

TEST(JsonTemplateTest, KnowsFieldsOfTheGroupTheTimeOfDetectionAndTheId) {
  EXPECT_EQ(Render(R"(["{{group.actor.name}}", {{detected}}, "{{webhook_id}}"])"),
            R"(["alice", "2026-11-23T18:04:22.000000Z", "id-1"])");
}

TEST(JsonTemplateTest, TheWholeAlertIsItsCanonicalJson) {
  EXPECT_EQ(Render(R"({"alert": {{alert}}})"),
            R"({"alert": )" + MakeRevision(SampleAlert(), 0).json + "}");
}

TEST(JsonTemplateTest, WhatIsMissingIsEmptyOrNull) {
  EXPECT_EQ(Render(R"(["{{closed}}", {{closed}}])", hark::testing::SampleSparseAlert()),
            R"(["", null])");
}

TEST(JsonTemplateTest, AQuoteThatIsEscapedEndsNoString) {
  EXPECT_EQ(Render(R"(["\"{{level}}\"", {{n}}])"), R"(["\"high\"", 4])");
}

TEST(JsonTemplateTest, NothingOfAnEventLeavesItsPlace) {
  for (const std::string& text : HostileTexts()) {
    Alert alert = SampleAlert();
    alert.opening.actor_name = text;
    simdjson::dom::parser parser;
    const std::string rendered =
        Render(R"({"a": "<{{actor.name}}>", "b": {{actor.name}}, "c": "{{actor}}"})", alert);
    const auto document = parser.parse(rendered);
    ASSERT_EQ(document.error(), simdjson::SUCCESS) << rendered;
    EXPECT_EQ(simdjson::dom::object(document).size(), 3U);
  }
}

TEST(JsonTemplateTest, RefusesWhatIsNoTemplate) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\n\"a\": \"{{levle}}\"}", "line 2: unknown field 'levle'; did you mean 'level'?"},
      {"{\"a\": \"{{level\"}", "line 1: a placeholder has no end"},
      {"{\"a\": {{level}}", "is no JSON document"},
      {"{\"a\": x{{level}}}", "is no JSON document"},
      {"", "is no JSON document"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(JsonTemplate::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)))
        << text;
  }
}

}  // namespace
}  // namespace hark::alert
