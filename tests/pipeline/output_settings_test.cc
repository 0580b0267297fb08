#include "pipeline/output_settings.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";

class OutputSettingsTest : public ::testing::Test {
 protected:
  OutputSettingsTest() { outputs_.to_stdout.enabled = false; }

  config::WebhookConfig& AddWebhook() {
    config::WebhookConfig& webhook = outputs_.webhooks.emplace_back();
    webhook.name = "soc";
    webhook.url = "http://127.0.0.1:1/x";
    return webhook;
  }
  absl::StatusOr<std::vector<alert::OutputSettings>> Make() { return MakeOutputs(outputs_, {}); }

  TempDir directory_;
  config::OutputsConfig outputs_;
};

TEST_F(OutputSettingsTest, EveryOutputHasANameOfItsOwn) {
  outputs_.to_stdout.enabled = true;
  outputs_.files = {{directory_.Path("a.jsonl"), Severity::kLow}};
  AddWebhook();
  config::AlertmanagerConfig& one = outputs_.alertmanagers.emplace_back();
  one.name = "one";
  one.urls = {"http://am:9093"};
  config::AlertmanagerConfig& two = outputs_.alertmanagers.emplace_back();
  two.name = "two";
  two.urls = {"http://am-0:9093/prefix/", "http://am-1:9093"};
  config::SlackConfig& slack = outputs_.slack.emplace_back();
  slack.name = "chat";
  slack.url_file = directory_.Write("url", "https://hooks.slack.example/T/B/x\n");
  const auto made = Make();
  ASSERT_THAT(made, IsOk());
  std::vector<std::string> names;
  for (const alert::OutputSettings& output : *made) {
    names.push_back(output.name);
  }
  EXPECT_THAT(names, ElementsAre("stdout", "file:" + directory_.Path("a.jsonl"), "soc", "one",
                                 "two/am-0:9093", "two/am-1:9093", "chat"));
}

TEST_F(OutputSettingsTest, FiltersAndLimitsAreThoseOfTheConfiguration) {
  config::WebhookConfig& webhook = AddWebhook();
  webhook.min_level = Severity::kHigh;
  webhook.rules = {"r"};
  webhook.tags = {"t"};
  webhook.max_age = 60'000'000;
  webhook.max_bytes = 5'000'000;
  webhook.max_per_minute = 30;
  const auto made = Make();
  ASSERT_THAT(made, IsOk());
  const alert::OutputSettings& output = made->front();
  EXPECT_EQ(output.kind, "webhook");
  EXPECT_EQ(output.filter.min_level, Severity::kHigh);
  EXPECT_THAT(output.filter.rules, ElementsAre("r"));
  EXPECT_THAT(output.filter.tags, ElementsAre("t"));
  EXPECT_EQ(output.max_age, absl::Minutes(1));
  EXPECT_EQ(output.max_bytes, 5'000'000U);
  EXPECT_DOUBLE_EQ(output.max_per_second, 0.5);
}

TEST_F(OutputSettingsTest, NoOutputLetsMoreWaitThanTheStoreHasRoomFor) {
  outputs_.files = {{directory_.Path("a.jsonl"), Severity::kLow}};
  AddWebhook().max_bytes = 5'000'000;
  AddWebhook().max_bytes = 500;
  const auto made = MakeOutputs(outputs_, {.max_waiting_bytes = 1'000});
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->at(0).max_bytes, 1'000U);
  EXPECT_EQ(made->at(1).max_bytes, 1'000U);
  EXPECT_EQ(made->at(2).max_bytes, 500U);
  EXPECT_EQ(Make()->at(0).max_bytes, 0U) << "a file has no limit of its own";
}

TEST_F(OutputSettingsTest, WhatIsWrongWithAFileNamesOutputAndFileAndNoSecret) {
  AddWebhook().secret_files = {directory_.Write("good", kSecret)};
  EXPECT_THAT(Make(), IsOk());
  outputs_.webhooks[0].secret_files = {directory_.Write("bad", "hunter2")};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("output soc: "), Not(HasSubstr("hunter2")))));
  outputs_.webhooks[0].secret_files = {directory_.Path("none")};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none")));
  outputs_.webhooks[0].secret_files = {directory_.Write("empty", "\n")};
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is empty")));
}

TEST_F(OutputSettingsTest, AUrlOfAFileMustBeOne) {
  config::WebhookConfig& webhook = AddWebhook();
  webhook.url.clear();
  webhook.url_file = directory_.Write("url", "ftp://hunter2");
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("must hold a URL"), Not(HasSubstr("hunter2")))));
}

TEST_F(OutputSettingsTest, AHeaderOfAFileHasOneLine) {
  AddWebhook().headers = {{"X", "", directory_.Write("header", "a\r\nEvil: b")}};
  EXPECT_THAT(Make(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than one line")));
}

TEST_F(OutputSettingsTest, ATemplateIsCheckedAtOnce) {
  config::WebhookConfig& webhook = AddWebhook();
  webhook.format = config::BodyFormat::kTemplate;
  webhook.template_file = directory_.Write("t.json", "{\"a\": \"{{levle}}\"}");
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("t.json: line 1: unknown field 'levle'")));
}

TEST_F(OutputSettingsTest, CertificatesMustBeReadable) {
  AddWebhook().tls.ca_file = directory_.Path("none.pem");
  EXPECT_THAT(Make(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.pem")));
}

TEST(MakeSilencesTest, ReadsThoseOfTheConfiguration) {
  const auto made = MakeSilences({{"actor=x", "why", "who", "2026-12-01T00:00:00Z"}});
  ASSERT_THAT(made, IsOk());
  EXPECT_EQ(made->front().until, 1'796'083'200'000'000);
  EXPECT_EQ(made->front().created, INT64_MIN);
}

TEST(MakeSilencesTest, NamesTheOneThatIsWrong) {
  EXPECT_THAT(
      MakeSilences({{"actr=x", "a", "b", "2026-12-01T00:00:00Z"}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("silences[0]: unknown field")));
  EXPECT_THAT(MakeSilences({{"actor=x", "a", "b", "soon"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("until must be a time")));
}

}  // namespace
}  // namespace hark::pipeline
