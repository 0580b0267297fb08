#include "alert/webhook.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "alert/alert_store.h"
#include "alert/body_format.h"
#include "alert/dispatcher.h"
#include "support/fake_clock.h"
#include "support/revision_builder.h"
#include "support/sample_alert.h"
#include "support/scripted_receiver.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::FakeClock;
using ::hark::testing::HttpText;
using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::ReceivedRequest;
using ::hark::testing::SampleAlert;
using ::hark::testing::ScriptedAnswer;
using ::hark::testing::ScriptedReceiver;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// A dispatcher with one webhook, from the store to a receiver on this machine.
class WebhookTest : public ::testing::Test {
 protected:
  WebhookTest() : store_(*AlertStore::Open(directory_.Path("hark.db"))) {}

  void Start(WebhookFormat format = WebhookFormat::kNative) {
    WebhookOptions options = {.destination = {.url = receiver_.url() + "/hook",
                                              .http = {.timeout = absl::Seconds(2)},
                                              .headers = {{"Authorization", "Bearer x"}},
                                              .concurrency = 8,
                                              .clock = &clock_},
                              .format = format,
                              .body_template = std::nullopt,
                              .signer = *WebhookSigner::Create({kSecret})};
    if (format == WebhookFormat::kTemplate) {
      options.body_template = *JsonTemplate::Parse(R"({"who": {{actor.name}}})");
    }
    absl::StatusOr<std::unique_ptr<Destination>> webhook = CreateWebhook(std::move(options));
    ASSERT_THAT(webhook, IsOk());
    std::vector<OutputSettings> outputs;
    outputs.push_back({.name = "hook", .kind = "webhook", .destination = *std::move(webhook)});
    dispatcher_ = *Dispatcher::Start(store_, std::move(outputs),
                                     {.clock = &clock_, .steady = &clock_, .seed = 1});
  }
  void Commit(const std::vector<Revision>& revisions) {
    ASSERT_THAT(store_.Commit({.revisions = revisions}), IsOk());
    dispatcher_->Notify();
  }
  // Until the output has taken note of a failure.
  void WaitForRetried() {
    while (dispatcher_->Status()[0].counts.retried == 0) {
      std::this_thread::yield();
    }
  }
  // Moves the clock on until all is done with.
  void DrainOverTime(absl::Duration step) {
    for (int i = 0; i < 100'000; ++i) {
      if (dispatcher_->Drain(absl::Milliseconds(5), Dispatcher::Patience::kToTheEnd).ok()) {
        return;
      }
      clock_.Advance(step);
    }
    FAIL() << "it does not end";
  }

  TempDir directory_;
  FakeClock clock_;
  ScriptedReceiver receiver_;
  AlertStore store_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(WebhookTest, ANativeBodyHoldsTheAlertByteForByteAndWhenItWasDetected) {
  Start();
  const Revision revision = MakeRevision(SampleAlert(), 1'795'457'062'000'000);
  Commit({revision});
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const ReceivedRequest request = receiver_.requests()[0];
  EXPECT_EQ(request.target, "/hook");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer x");
  EXPECT_EQ(request.headers.at("webhook-id"), WebhookId(revision));
  EXPECT_EQ(request.body,
            R"({"type":"alert.closed","timestamp":"2026-11-23T18:04:22.000000Z","data":)" +
                revision.json + "}");
}

TEST_F(WebhookTest, ACloudEventHasItsRequiredAttributes) {
  Start(WebhookFormat::kCloudEvents);
  Revision revision = MakeRevision(SampleAlert(), 1'795'457'062'000'000);
  revision.cluster = "a b/\u00e9";
  Commit({revision});
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  const ReceivedRequest request = receiver_.requests()[0];
  EXPECT_THAT(request.headers.at("content-type"), HasSubstr("application/cloudevents+json"));
  EXPECT_THAT(request.body, HasSubstr(R"({"specversion":"1.0","id":")" + WebhookId(revision) +
                                      R"(","source":"/clusters/a%20b%2F%C3%A9/hark",)"
                                      R"("type":"io.hark.alert.closed.v1","subject":")" +
                                      revision.id + R"(","time":"2026-11-23T18:04:22.000000Z")"));
}

TEST_F(WebhookTest, ATemplateIsTheWholeBody) {
  Start(WebhookFormat::kTemplate);
  Commit({MakeRevision(SampleAlert(), 1'795'457'062'000'000)});
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_EQ(receiver_.requests()[0].body, R"({"who": "alice"})");
}

TEST_F(WebhookTest, EveryAttemptIsSignedAnewUnderTheSameId) {
  receiver_.SetAnswer([](const auto&) { return HttpText(503); });
  Start();
  Commit({MakeTestRevision(1)});
  WaitForRetried();
  receiver_.SetAnswer([](const auto&) { return HttpText(200); });
  clock_.Advance(absl::Minutes(10));
  DrainOverTime(absl::Minutes(1));
  const std::vector<ReceivedRequest> requests = receiver_.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].headers.at("webhook-id"), requests[1].headers.at("webhook-id"));
  EXPECT_NE(requests[0].headers.at("webhook-timestamp"),
            requests[1].headers.at("webhook-timestamp"));
  for (const ReceivedRequest& request : requests) {
    const std::string& timestamp = request.headers.at("webhook-timestamp");
    const absl::Time time = absl::FromUnixSeconds(std::stoll(timestamp));
    EXPECT_EQ(request.headers.at("webhook-signature"),
              WebhookSigner::Create({kSecret})
                  ->Headers(request.headers.at("webhook-id"), time, request.body)[2]
                  .second);
  }
}

TEST_F(WebhookTest, RetryAfterIsObeyed) {
  receiver_.SetAnswer([](const auto&) { return HttpText(429, "", "Retry-After: 3600\r\n"); });
  Start();
  Commit({MakeTestRevision(1)});
  WaitForRetried();
  receiver_.SetAnswer([](const auto&) { return HttpText(200); });
  clock_.Advance(absl::Minutes(59));
  EXPECT_FALSE(dispatcher_->Drain(absl::Milliseconds(50), Dispatcher::Patience::kToTheEnd).ok());
  EXPECT_THAT(receiver_.requests(), SizeIs(1));
  clock_.Advance(absl::Minutes(2));
  DrainOverTime(absl::Seconds(1));
  EXPECT_THAT(receiver_.requests(), SizeIs(2));
}

TEST_F(WebhookTest, AfterA410NothingIsSentAnyMore) {
  receiver_.SetAnswer([](const auto&) { return HttpText(410); });
  Start();
  Commit({MakeTestRevision(1)});
  DrainOverTime(absl::Seconds(1));
  EXPECT_EQ(dispatcher_->Status()[0].state, OutputState::kStopped);
  Commit({MakeTestRevision(2)});
  clock_.Advance(absl::Hours(2));
  DrainOverTime(absl::Seconds(1));
  EXPECT_THAT(receiver_.requests(), SizeIs(1));
}

TEST_F(WebhookTest, WhatIsRefusedForGoodIsADeadLetterWithItsAnswer) {
  receiver_.SetAnswer([](const auto&) { return HttpText(422, "no such field"); });
  Start();
  Commit({MakeTestRevision(1)});
  DrainOverTime(absl::Seconds(1));
  const std::vector<DeadLetter> letters = *store_.OpenReader()->DeadLetters("hook", 0, 10);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].status, 422);
  EXPECT_EQ(letters[0].answer, "no such field");
}

TEST_F(WebhookTest, OverADayOfEveryKindOfFailureEachRevisionArrivesInTheOrderOfItsAlert) {
  const absl::Time begin = clock_.Now();
  std::mutex mutex;
  std::vector<std::string> accepted;  // bodies
  receiver_.SetAnswer([&, count = 0](const ReceivedRequest& request) mutable -> ScriptedAnswer {
    const std::lock_guard lock(mutex);
    if (clock_.Now() - begin < absl::Hours(24)) {
      return {.text = "", .then = ScriptedAnswer::Then::kReset};
    }
    switch (++count % 7) {
      case 1:
        return HttpText(500);
      case 2:
        return HttpText(429, "", "Retry-After: 1\r\n");
      case 3:
        return {.text = "HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf",
                .then = ScriptedAnswer::Then::kClose};
      case 4:
        return {.text = "garbage\r\n\r\n", .then = ScriptedAnswer::Then::kClose};
      default:
        accepted.push_back(request.body);
        return HttpText(204);
    }
  });
  Start();
  std::vector<Revision> revisions;
  for (std::uint32_t n = 1; n <= 3; ++n) {
    for (std::uint64_t alert = 0; alert < 30; ++alert) {
      revisions.push_back(MakeTestRevision(alert, n));
    }
  }
  Commit(revisions);
  DrainOverTime(absl::Minutes(1));
  EXPECT_GE(clock_.Now() - begin, absl::Hours(24));
  EXPECT_THAT(*store_.OpenReader()->DeadLetters("", 0, 10), IsEmpty());
  const std::lock_guard lock(mutex);
  std::map<std::string, std::uint32_t> last;  // n by alert
  for (const std::string& body : accepted) {
    simdjson::dom::parser parser;
    const simdjson::dom::element data = parser.parse(body)["data"];
    const std::string id{data["id"].get_string().value()};
    const auto n = static_cast<std::uint32_t>(data["n"].get_uint64().value());
    EXPECT_EQ(n, last[id] + 1);
    last[id] = n;
  }
  EXPECT_THAT(last, SizeIs(30));
  EXPECT_THAT(accepted, SizeIs(90));
}

TEST_F(WebhookTest, ASlackHookGetsOneMessageForEachRevision) {
  std::vector<OutputSettings> outputs;
  outputs.push_back({.name = "slack",
                     .kind = "slack",
                     .destination = *CreateSlack({.url = receiver_.url(), .clock = &clock_})});
  dispatcher_ = *Dispatcher::Start(store_, std::move(outputs),
                                   {.clock = &clock_, .steady = &clock_, .seed = 1});
  Commit({MakeRevision(SampleAlert(), 1'795'457'062'000'000)});
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_THAT(receiver_.requests()[0].body, HasSubstr("HIGH: Many distinct Secrets"));
}

}  // namespace
}  // namespace hark::alert
