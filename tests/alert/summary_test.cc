#include "alert/summary.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleRule;
using ::hark::testing::SampleSparseAlert;
using ::hark::testing::StatusIs;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;

std::string WindowOfAnEpisodeOf(Micros taken) {
  Alert alert = SampleAlert();
  alert.last = alert.first + taken;
  return RenderTemplate("{window}", alert);
}

TEST(SummaryTest, RendersTheTemplateOfTheRule) {
  EXPECT_EQ(RenderSummary(SampleAlert()), "alice read 214 Secrets in 5m");
}

TEST(SummaryTest, WithoutATemplateItIsTheTitle) {
  EXPECT_EQ(RenderSummary(SampleSparseAlert()), "Command run in a container");
}

TEST(SummaryTest, KnowsWhatAnAlertHolds) {
  EXPECT_EQ(RenderTemplate("{actor.type} {source.ip} {verb} {resource} {namespace}/{name} {uri}",
                           SampleAlert()),
            "human 203.0.113.7 get secrets payments/db /api/v1/namespaces/payments/secrets/db");
  EXPECT_EQ(RenderTemplate("{cluster} {count} {total} {namespaces} {first} {last}", SampleAlert()),
            "prod-eu 230 214 2 2026-11-23T18:04:22Z 2026-11-23T18:08:03Z");
}

TEST(SummaryTest, KnowsTheFieldsThatTheRuleGroupsBy) {
  RuleInfo rule = SampleRule();
  rule.group_by = {"userAgent.product", "verb"};
  Alert alert = SampleAlert();
  alert.rule = &rule;
  alert.group = {"curl", std::nullopt};
  EXPECT_EQ(RenderTemplate("{userAgent.product} {verb}", alert), "curl -");
}

TEST(SummaryTest, AnActorWithoutANameIsUnauthenticated) {
  EXPECT_EQ(RenderTemplate("{actor.name} from {source.ip}", SampleSparseAlert()),
            "unauthenticated from 198.51.100.7");
}

TEST(SummaryTest, AMissingValueIsADash) {
  EXPECT_EQ(RenderTemplate("{verb} {resource} {window}", SampleSparseAlert()), "- - -");
}

TEST(SummaryTest, AnUnknownPlaceholderStaysAsItIs) {
  EXPECT_EQ(RenderTemplate("{actor.nam} {} { } {count}", SampleAlert()), "{actor.nam} {} { } 230");
}

TEST(SummaryTest, BracesWithoutAPartnerStayAsTheyAre) {
  EXPECT_EQ(RenderTemplate("} {{count}} {", SampleAlert()), "} {230} {");
  EXPECT_EQ(RenderTemplate("", SampleAlert()), "");
}

TEST(SummaryTest, AValueIsNeverTakenForATemplate) {
  Alert alert = SampleAlert();
  alert.opening.actor_name = "{total} {";
  EXPECT_EQ(RenderTemplate("{actor.name}}", alert), "{total} {}");
}

TEST(SummaryTest, ALongValueIsCutAtACharacter) {
  Alert alert = SampleAlert();
  alert.opening.actor_name.clear();
  for (int i = 0; i < 3'000; ++i) {
    alert.opening.actor_name += "\u20ac";
  }
  EXPECT_THAT(RenderTemplate("{actor.name}", alert), AllOf(SizeIs(198 + 3), EndsWith("\u20ac...")));
}

TEST(SummaryTest, TheWindowIsTheTimespanWhileTheEpisodeFitsIn) {
  EXPECT_EQ(WindowOfAnEpisodeOf(0), "5m");
  EXPECT_EQ(WindowOfAnEpisodeOf(5 * kMinute), "5m");
}

TEST(SummaryTest, TheWindowIsTheLengthOfALongerEpisodeRoundedUp) {
  EXPECT_EQ(WindowOfAnEpisodeOf(5 * kMinute + 1), "6m");
  EXPECT_EQ(WindowOfAnEpisodeOf(130 * kMinute), "2h10m");
}

TEST(SummaryTest, TheWindowOfASingleEventRuleIsTheLengthOfItsEpisode) {
  Alert alert = SampleSparseAlert();
  alert.last = alert.first + 89 * kSecond + 1;
  EXPECT_EQ(RenderTemplate("{window}", alert), "90s");
}

TEST(SummaryTest, CheckAcceptsEveryPlaceholderThatCanBeFilled) {
  RuleInfo rule = SampleRule();
  rule.group_by = {"userAgent.product"};
  rule.summary =
      "{actor.name}{actor.type}{source.ip}{verb}{resource}{namespace}{name}{uri}{cluster}{count}"
      "{total}{namespaces}{window}{first}{last}{userAgent.product}";
  EXPECT_THAT(CheckSummary(rule), IsOk());
}

TEST(SummaryTest, CheckNamesEveryPlaceholderThatNothingFills) {
  RuleInfo rule = SampleRule();
  rule.summary = "{actor.nam} read {total} of {objects}";
  EXPECT_THAT(CheckSummary(rule), StatusIs(absl::StatusCode::kInvalidArgument,
                                           AllOf(HasSubstr("{actor.nam}"), HasSubstr("{objects}"),
                                                 Not(HasSubstr("{total}")))));
}

}  // namespace
}  // namespace hark::alert
