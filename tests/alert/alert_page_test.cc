#include "alert/alert_page.h"

#include <cstddef>
#include <string>
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

constexpr Micros kTime = 1'795'457'063'000'000;

TEST(AlertPageTest, APageReadsAsTheInterfaceSays) {
  EXPECT_EQ(ToJson(AlertPage{}), R"({"alerts":[]})");
  EXPECT_EQ(
      ToJson(AlertPage{
          .alerts = {{kTime, R"({"n":1})"}, {kTime, R"({"n":2})"}}, .next = "v1-17", .total = 214}),
      R"({"alerts":[{"detected":"2026-11-23T18:04:23.000000Z","alert":{"n":1}},)"
      R"({"detected":"2026-11-23T18:04:23.000000Z","alert":{"n":2}}],)"
      R"("next":"v1-17","total":214})");
}

TEST(AlertPageTest, AlertsComeBackByteForByte) {
  AlertPage page = {.next = "v1-1", .total = 0};
  page.alerts = {{kTime, ToJson(SampleAlert())}, {kTime + 1, ToJson(SampleSparseAlert())}};
  for (const std::string& text : HostileTexts()) {
    Alert alert = SampleAlert();
    alert.opening.actor_name = alert.opening.uri = text;
    page.alerts.push_back({kTime, ToJson(alert)});
  }
  absl::StatusOr<AlertPage> read = ParseAlertPage(ToJson(page));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, page);
  EXPECT_EQ(*ParseAlertPage(ToJson(AlertPage{})), AlertPage{});
}

TEST(AlertPageTest, UnknownKeysAreOfANewerServer) {
  absl::StatusOr<AlertPage> page = ParseAlertPage(
      R"({"v":[{}],"alerts":[{"x":{"y":[1]},"detected":"2026-11-23T18:04:23Z","alert":{}}]})");
  ASSERT_THAT(page, IsOk());
  EXPECT_EQ(page->alerts, (std::vector<AlertEntry>{{kTime, "{}"}}));
}

TEST(AlertPageTest, WhatIsNoPageIsRefused) {
  for (const char* const text :
       {"", "x", "[]", "{}", R"({"alerts":{}})", R"({"alerts":[1]})", R"({"alerts":[{}]})",
        R"({"alerts":[{"alert":1}]})", R"({"alerts":[{"detected":"now","alert":{}}]})",
        R"({"alerts":[],"next":1})", R"({"alerts":[],"total":-1})", R"({"alerts":[]} x)",
        R"({"alerts":[)"}) {
    EXPECT_THAT(ParseAlertPage(text), StatusIs(absl::StatusCode::kInvalidArgument, _)) << text;
  }
}

TEST(AlertPageTest, EveryBeginningOfAPageIsRefused) {
  const std::string text = ToJson(AlertPage{.alerts = {{kTime, R"({"a":["b",{}]})"}}, .total = 1});
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ParseAlertPage(text.substr(0, size)),
                StatusIs(absl::StatusCode::kInvalidArgument, _))
        << size;
  }
}

}  // namespace
}  // namespace hark::alert
