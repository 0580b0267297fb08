#include "alert/http_sender.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/scripted_receiver.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::HttpText;
using ::hark::testing::IsOk;
using ::hark::testing::ScriptedAnswer;
using ::hark::testing::ScriptedReceiver;
using ::hark::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

HttpAnswer PostTo(const std::string& url, const HttpOptions& options = {},
                  const HttpRequest& request = {}) {
  absl::StatusOr<std::unique_ptr<HttpSender>> sender = HttpSender::Create(options);
  EXPECT_THAT(sender, IsOk());
  std::optional<HttpAnswer> got;
  HttpRequest sent = request;
  sent.url = url;
  (*sender)->Post(std::move(sent), [&got](const HttpAnswer& answer) { got = answer; });
  while (!got.has_value()) {
    (*sender)->Wait(absl::Seconds(1));
  }
  return *got;
}

TEST(HttpSenderTest, PostsBodyAndHeadersAndGivesTheAnswer) {
  ScriptedReceiver receiver([](const auto&) { return HttpText(202, "thanks"); });
  const HttpAnswer answer =
      PostTo(receiver.url() + "/x?y=1", {},
             {.url = "", .headers = {{"X-One", "1"}, {"X-Empty", ""}}, .body = "hello"});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "thanks");
  EXPECT_EQ(answer.error, "");
  ASSERT_THAT(receiver.requests(), SizeIs(1));
  const auto request = receiver.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/x?y=1");
  EXPECT_EQ(request.body, "hello");
  EXPECT_EQ(request.headers.at("x-one"), "1");
  EXPECT_EQ(request.headers.at("x-empty"), "");
}

TEST(HttpSenderTest, ALargeBodyDoesNotWaitForAnInvitation) {
  ScriptedReceiver receiver;
  EXPECT_EQ(PostTo(receiver.url(), {}, {.url = "", .body = std::string(3 << 20, 'x')}).status, 200);
  EXPECT_THAT(receiver.requests()[0].body, SizeIs(3 << 20));
}

TEST(HttpSenderTest, KeepsOnlyTheBeginningOfAnAnswer) {
  ScriptedReceiver receiver([](const auto&) { return HttpText(400, std::string(100'000, 'x')); });
  const HttpAnswer answer = PostTo(receiver.url());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, std::string(1'024, 'x'));
}

TEST(HttpSenderTest, AnAnswerWithoutEndIsCutOffAndItsStatusCounts) {
  ScriptedReceiver receiver([](const auto&) {
    return ScriptedAnswer{.text = "HTTP/1.1 200 X\r\n\r\n" + std::string(4 << 20, 'x'),
                          .then = ScriptedAnswer::Then::kHang};
  });
  const HttpAnswer answer = PostTo(receiver.url());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.error, "");
}

TEST(HttpSenderTest, ReportsResetsHalfAnswersAndTimeouts) {
  ScriptedReceiver receiver(
      [](const auto&) { return ScriptedAnswer{.text = "", .then = ScriptedAnswer::Then::kReset}; });
  EXPECT_NE(PostTo(receiver.url()).error, "");
  receiver.SetAnswer([](const auto&) {
    return ScriptedAnswer{.text = "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhalf",
                          .then = ScriptedAnswer::Then::kClose};
  });
  EXPECT_NE(PostTo(receiver.url()).error, "");
  receiver.SetAnswer(
      [](const auto&) { return ScriptedAnswer{.text = "", .then = ScriptedAnswer::Then::kHang}; });
  EXPECT_THAT(PostTo(receiver.url(), {.timeout = absl::Milliseconds(50)}).error,
              HasSubstr("timed out"));
}

TEST(HttpSenderTest, ReportsThatNobodyListens) {
  std::string url;
  {
    const ScriptedReceiver receiver;
    url = receiver.url();
  }
  const HttpAnswer answer = PostTo(url);
  EXPECT_EQ(answer.status, 0);
  EXPECT_THAT(answer.error, HasSubstr("connect"));
}

TEST(HttpSenderTest, DoesNotFollowRedirects) {
  ScriptedReceiver target;
  ScriptedReceiver receiver(
      [&](const auto&) { return HttpText(307, "", "Location: " + target.url() + "\r\n"); });
  EXPECT_EQ(PostTo(receiver.url()).status, 307);
  EXPECT_THAT(target.requests(), SizeIs(0));
}

TEST(HttpSenderTest, GivesRetryAfter) {
  ScriptedReceiver receiver([](const auto&) { return HttpText(429, "", "Retry-After: 17\r\n"); });
  EXPECT_EQ(PostTo(receiver.url()).retry_after, absl::Seconds(17));
}

TEST(HttpSenderTest, ConnectsToNoForbiddenAddress) {
  for (const char* const url :
       {"http://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/",
        "http://[::ffff:169.254.169.254]/", "http://[fe80::1]/", "http://100.100.100.200/"}) {
    EXPECT_THAT(PostTo(url, {.timeout = absl::Seconds(2)}).error, HasSubstr("link-local")) << url;
  }
}

TEST(HttpSenderTest, TakesNoProxyFromTheEnvironment) {
  ScriptedReceiver receiver;
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(PostTo(receiver.url()).status, 200);
  unsetenv("http_proxy");
}

TEST(HttpSenderTest, SendsThroughAProxy) {
  ScriptedReceiver proxy;
  EXPECT_EQ(PostTo("http://receiver.invalid/x", {.proxy = proxy.url()}).status, 200);
  EXPECT_EQ(proxy.requests()[0].target, "http://receiver.invalid/x");
}

TEST(HttpSenderTest, NoExceptionOfTheEnvironmentLeadsAroundTheProxy) {
  ScriptedReceiver proxy;
  setenv("no_proxy", "*", 1);
  EXPECT_EQ(PostTo("http://receiver.invalid/x", {.proxy = proxy.url()}).status, 200);
  unsetenv("no_proxy");
}

TEST(HttpSenderTest, RefusesFilesThatCannotBeRead) {
  EXPECT_THAT(HttpSender::Create({.ca_file = "/no/such/file"}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/file")));
}

TEST(HttpSenderTest, WhatIsBrokenOffCallsNobody) {
  ScriptedReceiver receiver(
      [](const auto&) { return ScriptedAnswer{.text = "", .then = ScriptedAnswer::Then::kHang}; });
  std::unique_ptr<HttpSender> sender = *HttpSender::Create({});
  sender->Post({.url = receiver.url()}, [](const HttpAnswer&) { FAIL(); });
  sender->Wait(absl::Milliseconds(10));
  sender.reset();
}

TEST(HttpSenderTest, AnswersMeanWhatTheHeaderSays) {
  const auto outcome = [](int status) { return ToAttempt({.status = status}).outcome; };
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(outcome(status), Outcome::kDelivered) << status;
  }
  for (const int status : {301, 307, 401, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504}) {
    EXPECT_EQ(outcome(status), Outcome::kRetry) << status;
  }
  for (const int status : {400, 405, 409, 413, 415, 422, 451}) {
    EXPECT_EQ(outcome(status), Outcome::kRejected) << status;
  }
  EXPECT_EQ(outcome(410), Outcome::kStop);
  EXPECT_EQ(ToAttempt({.status = 200, .error = "half"}).outcome, Outcome::kRetry);
  EXPECT_EQ(ToAttempt({.error = "reset"}).reason, "reset");
  EXPECT_EQ(ToAttempt({.status = 503}).reason, "HTTP 503");
}

}  // namespace
}  // namespace hark::alert
