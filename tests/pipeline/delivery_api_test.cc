#include "pipeline/delivery_api.h"

#include <map>
#include <string>
#include <utility>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/target.h"
#include "support/fake_clock.h"
#include "support/hostile_texts.h"
#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::FakeClock;
using ::hark::testing::IsOk;
using ::hark::testing::TempDir;
using server::Method;
using server::Response;
using ::testing::HasSubstr;
using ::testing::Not;

class DeliveryApiTest : public ::testing::Test {
 protected:
  DeliveryApiTest() : store_(*alert::AlertStore::Open(directory_.Path("hark.db"))) {
    AddDeliveryRoutes({.store = &store_,
                       .clock = &clock_,
                       .changed =
                           [this] {
                             ++changes_;
                             return absl::OkStatus();
                           }},
                      router_);
  }

  Response Call(Method method, const std::string& target, const std::string& body = "") {
    const server::Target parsed = *server::ParseTarget(target);
    const server::Router::Result result = router_.Find(method, parsed.segments);
    const auto* const found = std::get_if<server::Router::Found>(&result);
    if (found == nullptr) {
      return {.status = 404};
    }
    EXPECT_EQ(found->route->access, server::Access::kAuthorized);
    return found->route->handler({.method = method,
                                  .path_parameters = found->parameters,
                                  .query = parsed.query,
                                  .headers = {},
                                  .body = body});
  }
  void AddLetters(int number) {
    std::vector<alert::DeadLetter> letters;
    for (int i = 1; i <= number; ++i) {
      letters.push_back({.output = i % 2 == 0 ? "b" : "a",
                         .id = hark::testing::AlertId(static_cast<std::uint64_t>(i)),
                         .n = 1,
                         .failed = 1'795'457'062'000'000,
                         .attempts = 3,
                         .status = 422,
                         .reason = "HTTP 422",
                         .answer = "no",
                         .detected = 1'795'457'000'000'000,
                         .json = "{\"x\":1}"});
    }
    ASSERT_THAT(store_.Advance("a", 1, letters), IsOk());
  }

  TempDir directory_;
  FakeClock clock_;
  alert::AlertStore store_;
  server::Router router_;
  int changes_ = 0;
};

constexpr char kSilence[] =
    R"({"matchers":"actor=alice","reason":"maintenance","author":"bob","until":"2h"})";

TEST_F(DeliveryApiTest, ASilenceIsAddedListedAndEnded) {
  EXPECT_EQ(Call(Method::kPost, "/api/v1/silences", kSilence).body, R"({"number":1})");
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(Call(Method::kGet, "/api/v1/silences").body,
            R"({"silences":[{"number":1,"matchers":"actor=alice","reason":"maintenance",)"
            R"("author":"bob","created":"2026-11-23T18:04:22.000000Z",)"
            R"("until":"2026-11-23T20:04:22.000000Z"}]})");
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/silences/1").status, 200);
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(Call(Method::kGet, "/api/v1/silences").body, R"({"silences":[]})");
  EXPECT_THAT(Call(Method::kGet, "/api/v1/silences?all=true").body,
              HasSubstr(R"("until":"2026-11-23T18:05:22.000000Z")"));
}

TEST_F(DeliveryApiTest, WhatIsNoSilenceIsRefused) {
  const std::map<std::string, std::string> cases = {
      {"[]", "JSON object"},
      {R"({"matchers":1})", "matchers"},
      {R"({"x":"y"})", "\\\"x\\\""},
      {R"({"matchers":"actor=~\".*\"","reason":"a","author":"b","until":"2h"})", "every alert"},
      {R"({"matchers":"actor=x","reason":"","author":"b","until":"2h"})", "needs a reason"},
      {R"({"matchers":"actor=x","reason":"a","author":"","until":"2h"})", "needs a author"},
      {R"({"matchers":"actor=x","reason":"a","author":"b","until":"soon"})", "until must be"},
      {R"({"matchers":"actor=x","reason":"a","author":"b","until":"-1h"})", "until must be"},
      {R"({"matchers":"actor=x","reason":"a","author":"b","until":"2020-01-01T00:00:00Z"})",
       "until must be"}};
  for (const auto& [body, message] : cases) {
    const Response response = Call(Method::kPost, "/api/v1/silences", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(response.body, HasSubstr(message)) << body;
  }
  EXPECT_EQ(changes_, 0);
}

TEST_F(DeliveryApiTest, ASilenceThatDoesNotExistIsNotFound) {
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/silences/7").status, 404);
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/silences/x").status, 400);
}

TEST_F(DeliveryApiTest, DeadLettersAreListedByPagesAndByOutput) {
  AddLetters(3);
  const std::string first = Call(Method::kGet, "/api/v1/dead-letters?limit=2").body;
  EXPECT_THAT(first, HasSubstr(R"("number":1,"output":"a")"));
  EXPECT_THAT(first, HasSubstr(R"("status":422,"reason":"HTTP 422","answer":"no")"));
  EXPECT_THAT(first, HasSubstr(R"("next":2)"));
  EXPECT_THAT(first, Not(HasSubstr("alert")));
  const std::string rest = Call(Method::kGet, "/api/v1/dead-letters?limit=2&after=2").body;
  EXPECT_THAT(rest, HasSubstr(R"("number":3)"));
  EXPECT_THAT(rest, Not(HasSubstr("next")));
  EXPECT_THAT(Call(Method::kGet, "/api/v1/dead-letters?output=b").body,
              Not(HasSubstr(R"("output":"a")")));
}

TEST_F(DeliveryApiTest, ADeadLetterIsShownWithItsAlert) {
  AddLetters(2);
  EXPECT_THAT(Call(Method::kGet, "/api/v1/dead-letters/2").body, HasSubstr(R"("alert":{"x":1}})"));
  EXPECT_EQ(Call(Method::kGet, "/api/v1/dead-letters/3").status, 404);
}

TEST_F(DeliveryApiTest, DeadLettersAreReplayed) {
  AddLetters(3);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/dead-letters/replay?output=a").body,
            R"({"dead_letters":2})");
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(store_.OpenReader()->LettersToReplay("a", 10)->size(), 2U);
  EXPECT_EQ(Call(Method::kPost, "/api/v1/dead-letters/replay?number=2").body,
            R"({"dead_letters":1})");
  EXPECT_EQ(Call(Method::kPost, "/api/v1/dead-letters/replay?number=9").status, 404);
}

TEST_F(DeliveryApiTest, DeadLettersArePurged) {
  AddLetters(3);
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters?output=a&up_to=1").body,
            R"({"dead_letters":1})");
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters").body, R"({"dead_letters":2})");
}

TEST_F(DeliveryApiTest, OneDeadLetterIsPurgedAndNoOther) {
  AddLetters(3);
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters?output=&number=2").body,
            R"({"dead_letters":1})");
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters?number=2").status, 404);
  const std::string left = Call(Method::kGet, "/api/v1/dead-letters").body;
  EXPECT_THAT(left, HasSubstr(R"("number":1)"));
  EXPECT_THAT(left, HasSubstr(R"("number":3)"));
}

TEST_F(DeliveryApiTest, AMisspeltParameterPurgesNothing) {
  AddLetters(1);
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters?outptu=a").status, 400);
  EXPECT_EQ(Call(Method::kDelete, "/api/v1/dead-letters?up_to=x").status, 400);
  EXPECT_EQ(Call(Method::kGet, "/api/v1/dead-letters?limit=0").status, 400);
  EXPECT_THAT(Call(Method::kGet, "/api/v1/dead-letters").body, HasSubstr(R"("number":1)"));
}

}  // namespace
}  // namespace hark::pipeline
