#include "alert/alert_json.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/alert_lines.h"
#include "support/hostile_texts.h"
#include "support/sample_alert.h"

namespace hark::alert {
namespace {

using ::hark::testing::HostileTexts;
using ::hark::testing::RenderAlertLine;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(AlertJsonTest, AFullAlertHasEveryKeyInOrder) {
  EXPECT_EQ(
      RenderAlertLine(SampleAlert()),
      R"({"schema":"hark.alert/v1","id":"3f2a9c01d4e5f60718293a4b5c6d7e8f","n":4,"state":"closed",)"
      R"("level":"high","title":"Many distinct Secrets read by one actor",)"
      R"("summary":"alice read 214 Secrets in 5m",)"
      R"("rule":{"id":"7acf5cb5-3710-4a3f-9ff2-e9c69ced1641","name":"secret_read_burst",)"
      R"("version":"0123456789abcdef0123456789abcdef",)"
      R"("title":"Many distinct Secrets read by one actor","author":"hark authors",)"
      R"("attack":{"tactics":["credential-access"],"techniques":["T1552.007"]},)"
      R"("references":["https://kubernetes.io/docs/concepts/security/secrets-good-practices/"],)"
      R"("falsepositives":["Backup tools"]},"cluster":"prod-eu",)"
      R"("actor":{"name":"alice","type":"human","known":"none",)"
      R"("groups":["dev","system:authenticated"],"uid":"u-17",)"
      R"("credential":"X509SHA256=5e8848","impersonator":"bob"},)"
      R"("source":{"ip":"203.0.113.7","ips":["10.0.0.1","203.0.113.7"],)"
      R"("userAgent":"kubectl/v1.31.0"},)"
      R"("request":{"verb":"get","resource":"secrets","namespace":"payments","name":"db",)"
      R"("uri":"/api/v1/namespaces/payments/secrets/db","code":200,"outcome":"success",)"
      R"("reason":"NotFound"},"group":{"actor.name":"alice"},)"
      R"("window":{"type":"value_count","timespan":"5m","threshold":"gte 10","count":230,)"
      R"("total":214},"matched":[{"field":"verb","value":"get"},)"
      R"({"field":"resource","value":"secrets"}],)"
      R"("objects":{"total":214,"namespaces":["data","payments"],)"
      R"("names":["payments/db","data/etl"]},)"
      R"("evidence":{"auditIDs":["a1","a2"],"events":230,)"
      R"("stages":{"ResponseStarted":2,"ResponseComplete":228}},)"
      R"("first":"2026-11-23T18:04:22.921545Z","last":"2026-11-23T18:08:03.000000Z",)"
      R"("closed":"2026-11-23T18:13:03.000000Z","exact":true,"late":false})");
}

TEST(AlertJsonTest, WhatIsMissingIsAbsentButANullOfTheGroup) {
  EXPECT_EQ(RenderAlertLine(SampleSparseAlert()),
            R"({"schema":"hark.alert/v1","id":"00000000000000000000000000000001","n":1,)"
            R"("state":"opened","level":"low","title":"Command run in a container",)"
            R"("summary":"Command run in a container",)"
            R"("rule":{"id":"5c2a1a52-8f0b-4c4e-8c0e-6f5d3c2b1a00",)"
            R"("version":"fedcba9876543210fedcba9876543210","title":"Command run in a container"},)"
            R"("cluster":"default","actor":{"type":"unauthenticated"},"source":{},"request":{},)"
            R"("group":{"actor.name":null,"source.ip":"198.51.100.7"},)"
            R"("window":{"type":"event","count":1},"matched":[],"objects":{"total":0},)"
            R"("evidence":{"auditIDs":["a1"],"events":1,"stages":{"ResponseStarted":1}},)"
            R"("first":"1970-01-01T00:00:00.000000Z","last":"1970-01-01T00:00:00.000000Z",)"
            R"("exact":false,"late":true})");
}

TEST(AlertJsonTest, OnlyAClosedAlertSaysWhenItWasClosed) {
  Alert alert = SampleAlert();
  alert.state = AlertState::kEscalated;
  EXPECT_THAT(RenderAlertLine(alert), Not(HasSubstr("\"closed\"")));
}

TEST(AlertJsonTest, AnAlertThatIsClosedAsItsRuleChangedSaysSo) {
  Alert alert = SampleAlert();
  alert.close_reason = CloseReason::kRuleChanged;
  EXPECT_THAT(RenderAlertLine(alert),
              HasSubstr(R"(Z","reason":"rule changed","exact":true,"late":false})"));
}

TEST(AlertJsonTest, EqualAlertsGiveEqualBytes) {
  EXPECT_EQ(ToJson(SampleAlert()), ToJson(SampleAlert()));
}

// The lines go to the test alert_schema, which parses them.
TEST(AlertJsonTest, HostileTextsStayInOneLineAndInTheirStrings) {
  for (const std::string& text : HostileTexts()) {
    Alert alert = SampleAlert();
    alert.cluster = "c" + text;
    alert.opening.actor_name = text;
    alert.opening.actor_groups = {"g" + text};
    alert.opening.user_agent = text;
    alert.opening.uri = text;
    alert.opening.name = text;
    alert.opening.reason = text;
    alert.matched = {{"userAgent", text}};
    alert.group = {text};
    alert.names = {"n/" + text};
    alert.audit_ids = {"a" + text};
    const std::string line = RenderAlertLine(alert);
    EXPECT_EQ(line.find_first_of("\n\r\x1b<>&"), std::string::npos) << line;
    EXPECT_THAT(line, HasSubstr(R"(,"level":"high","title":)"));
    EXPECT_THAT(line, Not(HasSubstr("\u202e")));
  }
}

}  // namespace
}  // namespace hark::alert
