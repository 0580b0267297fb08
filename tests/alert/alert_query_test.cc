#include "alert/alert_query.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;

constexpr Micros kNow = 1'795'457'062'000'000;  // 2026-11-23T18:04:22Z

TEST(AlertQueryTest, NoParametersAskForAllAlerts) {
  EXPECT_EQ(*ParseAlertQuery({}, kNow), AlertQuery{});
  EXPECT_EQ(ToQueryString({}), "");
}

TEST(AlertQueryTest, EveryParameterIsUnderstood) {
  const absl::StatusOr<AlertQuery> query = ParseAlertQuery({{"rule", "secret_read_burst"},
                                                            {"level", "high"},
                                                            {"actor", "system:anonymous"},
                                                            {"cluster", "prod"},
                                                            {"from", "2026-11-23T18:04:21Z"},
                                                            {"to", "-1m"},
                                                            {"state", "open"},
                                                            {"id", "3f2a9c"},
                                                            {"cursor", "v1-7"},
                                                            {"limit", "1000"},
                                                            {"count", "true"}},
                                                           kNow);
  ASSERT_THAT(query, IsOk());
  EXPECT_EQ(*query, (AlertQuery{.rule = "secret_read_burst",
                                .min_level = Severity::kHigh,
                                .actor = "system:anonymous",
                                .cluster = "prod",
                                .from = kNow - 1'000'000,
                                .to = kNow - 60'000'000,
                                .state = StateFilter::kOpen,
                                .id_prefix = "3f2a9c",
                                .cursor = "v1-7",
                                .limit = 1000,
                                .count = true}));
  EXPECT_EQ(ToQueryString(*query),
            "rule=secret_read_burst&level=high&actor=system%3Aanonymous&cluster=prod"
            "&from=2026-11-23T18%3A04%3A21.000000Z&to=2026-11-23T18%3A03%3A22.000000Z&state=open"
            "&id=3f2a9c&cursor=v1-7&limit=1000&count=true");
}

TEST(AlertQueryTest, AnEmptyActorIsNoMissingOne) {
  EXPECT_EQ(ParseAlertQuery({{"actor", ""}}, kNow)->actor, "");
  EXPECT_EQ(ToQueryString({.actor = ""}), "actor=");
}

TEST(AlertQueryTest, WhatAUrlCannotHoldIsEncoded) {
  EXPECT_EQ(ToQueryString({.actor = std::string("a&b=c d/\xff\0%", 11)}),
            "actor=a%26b%3Dc%20d%2F%FF%00%25");
}

TEST(AlertQueryTest, AMistakeIsNamedWithWhatWasExpected) {
  const std::vector<std::pair<Parameters, std::string>> mistakes = {
      {{{"level", "High"}}, "level: \"High\" is none of informational"},
      {{{"state", "gone"}}, "state: \"gone\" is none of open, opened, escalated, closed"},
      {{{"from", "yesterday"}}, "from: \"yesterday\" is no time"},
      {{{"to", "-"}}, "to: \"-\" is no time"},
      {{{"to", "--1h"}}, "to: \"--1h\" is no time"},
      {{{"id", "XYZ"}}, "id: \"XYZ\" is no alert id"},
      {{{"id", ""}}, "id: \"\" is no alert id"},
      {{{"id", std::string(33, 'a')}}, "is no alert id"},
      {{{"limit", "0"}}, "limit: \"0\" is no number from 1 to 1000"},
      {{{"limit", "1001"}}, "limit"},
      {{{"limit", "5x"}}, "limit"},
      {{{"limit", "-5"}}, "limit"},
      {{{"count", "yes"}}, "count: \"yes\" is none of true, false"},
      {{{"levle", "high"}}, "unknown parameter \"levle\""},
      {{{"actor", "a"}, {"actor", "b"}}, "actor: given twice"},
  };
  for (const auto& [parameters, message] : mistakes) {
    EXPECT_THAT(ParseAlertQuery(parameters, kNow),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

}  // namespace
}  // namespace hark::alert
