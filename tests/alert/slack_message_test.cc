#include "alert/slack_message.h"

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
using ::testing::HasSubstr;

std::string Message(const Alert& alert) {
  const absl::StatusOr<std::string> message = SlackMessage(MakeRevision(alert, 0));
  EXPECT_THAT(message, IsOk());
  return message.ok() ? *message : "";
}

// All texts of a document, wherever they stand.
void Collect(const simdjson::dom::element& value, std::vector<std::string>& texts) {
  if (value.is_string()) {
    texts.emplace_back(std::string_view(value));
  } else if (value.is_array()) {
    for (const simdjson::dom::element item : simdjson::dom::array(value)) {
      Collect(item, texts);
    }
  } else if (value.is_object()) {
    for (const simdjson::dom::key_value_pair member : simdjson::dom::object(value)) {
      Collect(member.value, texts);
    }
  }
}

std::vector<std::string> TextsOf(const std::string& json) {
  simdjson::dom::parser parser;
  std::vector<std::string> texts;
  simdjson::dom::element document;
  EXPECT_EQ(parser.parse(json).get(document), simdjson::SUCCESS) << json;
  Collect(document, texts);
  return texts;
}

TEST(SlackMessageTest, SaysWhatWhoAndFromWhere) {
  const std::vector<std::string> texts = TextsOf(Message(SampleAlert()));
  EXPECT_THAT(texts, ::testing::IsSupersetOf(
                         {("HIGH: Many distinct Secrets read by one actor (closed): alice read "
                           "214 Secrets in 5m"),
                          "HIGH: Many distinct Secrets read by one actor (closed)",
                          "alice read 214 Secrets in 5m", "Cluster: prod-eu", "Actor: alice",
                          "From: 203.0.113.7", "Rule: secret_read_burst", "ATT&CK: T1552.007"}));
}

TEST(SlackMessageTest, NoTextOfAnEventIsMarkupOrTooLong) {
  std::vector<std::string> hostile = HostileTexts();
  hostile.emplace_back("<!channel> <@U1> <https://evil.example|click> &lt;");
  hostile.emplace_back(std::string(1 << 20, '<'));
  for (const std::string& text : hostile) {
    Alert alert = SampleAlert();
    alert.opening.actor_name = text;
    alert.opening.source_ip = text;
    alert.cluster = text;
    for (const std::string& shown : TextsOf(Message(alert))) {
      EXPECT_EQ(shown.find_first_of("<>\n\x1b"), std::string::npos) << shown;
      EXPECT_LE(shown.size(), 3'100U);
    }
  }
}

TEST(SlackMessageTest, SlackFetchesNoLinkOfAMessage) {
  const std::string message = Message(SampleAlert());
  EXPECT_THAT(message, HasSubstr(R"("mrkdwn":false)"));
  EXPECT_THAT(message, HasSubstr(R"("unfurl_links":false,"unfurl_media":false)"));
}

TEST(SlackMessageTest, EscapesWhatSlackReads) {
  EXPECT_EQ(EscapeForSlack("a<b>&c\n"), "a&lt;b&gt;&amp;c\\n");
}

}  // namespace
}  // namespace hark::alert
