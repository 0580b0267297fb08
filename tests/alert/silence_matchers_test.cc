#include "alert/silence_matchers.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/revision.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

bool Matches(std::string_view text, const Alert& alert = SampleAlert()) {
  const absl::StatusOr<SilenceMatchers> matchers = SilenceMatchers::Parse(text);
  EXPECT_THAT(matchers, IsOk()) << text;
  simdjson::dom::parser parser;
  const std::string json = MakeRevision(alert, 0).json;
  return matchers.ok() && matchers->Match(parser.parse(json));
}

TEST(SilenceMatchersTest, EveryMatcherMustHold) {
  EXPECT_TRUE(Matches("rule=secret_read_burst"));
  EXPECT_TRUE(Matches("rule=secret_read_burst, actor=alice,cluster = \"prod-eu\""));
  EXPECT_FALSE(Matches("rule=secret_read_burst,actor=bob"));
}

TEST(SilenceMatchersTest, ARuleIsMeantByItsNameOrItsId) {
  EXPECT_TRUE(Matches("rule=" + testing::SampleRule().id));
  EXPECT_FALSE(Matches("rule=other"));
  EXPECT_FALSE(Matches("rule!=secret_read_burst,actor=alice"));
}

TEST(SilenceMatchersTest, APatternMustMatchTheWholeValue) {
  EXPECT_TRUE(Matches("actor.name=~\"al.*\""));
  EXPECT_FALSE(Matches("actor.name=~li"));
  EXPECT_TRUE(Matches("actor.name!~li,level=high"));
  EXPECT_FALSE(Matches("actor!~\"a.*\",level=high"));
}

TEST(SilenceMatchersTest, OfAListOneValueMustMatchOrNoneMay) {
  EXPECT_TRUE(Matches("objects.namespaces=payments"));
  EXPECT_FALSE(Matches("objects.namespaces!=payments,level=high"));
  EXPECT_TRUE(Matches("objects.namespaces!=other,level=high"));
}

TEST(SilenceMatchersTest, WhatIsMissingIsEmpty) {
  EXPECT_TRUE(Matches("actor=\"\",level=low", testing::SampleSparseAlert()));
  EXPECT_TRUE(Matches("ip!=\"x\",level=low", testing::SampleSparseAlert()));
}

TEST(SilenceMatchersTest, KnowsNumbersAndFieldsOfTheGroup) {
  EXPECT_TRUE(Matches("window.total=214"));
  EXPECT_TRUE(Matches("group.actor.name=alice"));
}

TEST(SilenceMatchersTest, QuotedValuesMayHoldAnything) {
  Alert alert = SampleAlert();
  alert.opening.actor_name = "a\"b,\nc";
  EXPECT_TRUE(Matches(R"(actor="a\"b,\nc")", alert));
}

TEST(SilenceMatchersTest, RefusesWhatIsNone) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "unknown field ''"},          {"actr.name=x", "did you mean 'actor.name'?"},
      {"actor", "must be followed by"},  {"actor=x y", "separated by commas"},
      {"actor=\"x", "has no end"},       {"actor=~\"(\"", "is no regular expression"},
      {"actor=x,", "unknown field ''"},  {"actor=~\".*\"", "match every alert"},
      {"actor!=x", "match every alert"}, {"ip=~\".*\",actor!~bob", "match every alert"}};
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(SilenceMatchers::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)))
        << text;
  }
}

}  // namespace
}  // namespace hark::alert
