#include "config/kafka_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "config/config_helper.h"
#include "config/kafka_flag.h"
#include "support/status_matchers.h"

namespace hark::config {
namespace {

using ::hark::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KafkaChecksTest, AnEntryIsReadWithItsDefaults) {
  const Config config = Load(OneFile(R"(
sources:
  kafka:
    - brokers: [kafka-0:9092, kafka-1:9092]
      topics: [audit]
    - name: east
      brokers: [east:9093]
      topics: [audit, audit.dmz]
      group: soc
      instance: hark-0
      cluster: east
      lateness: 2m
      from_start: false
      sasl: {mechanism: SCRAM-SHA-512, username: hark, password_file: /p}
      tls: {enabled: true, ca_file: /ca, cert_file: /c, key_file: /k, key_password_file: /p}
      properties:
        - {name: client.rack, value: a}
        - {name: fetch.wait.max.ms, value: 100}
)",
                                     Fake({}, {{"/p", "x"}, {"/k", "x"}})))
                            .config;
  ASSERT_EQ(config.sources.kafka.size(), 2);
  const KafkaSourceConfig& first = config.sources.kafka[0];
  EXPECT_THAT(first.brokers, ElementsAre("kafka-0:9092", "kafka-1:9092"));
  EXPECT_EQ(first.group, "hark");
  EXPECT_EQ(first.lateness, 60 * kSecond);
  EXPECT_TRUE(first.from_start);
  EXPECT_EQ(first.sasl, KafkaSaslConfig());
  EXPECT_EQ(first.tls, KafkaTlsConfig());
  const KafkaSourceConfig& second = config.sources.kafka[1];
  EXPECT_EQ(second.sasl, (KafkaSaslConfig{KafkaMechanism::kScramSha512, "hark", "/p"}));
  EXPECT_EQ(second.tls, (KafkaTlsConfig{true, "/ca", "/c", "/k", "/p"}));
  EXPECT_THAT(second.properties, ElementsAre(KafkaPropertyConfig{"client.rack", "a"},
                                             KafkaPropertyConfig{"fetch.wait.max.ms", "100"}));
}

TEST(KafkaChecksTest, ReportsWhatNoSettingShowsAlone) {
  const std::string a = "brokers: [a], topics: [t]";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{topics: [t]}", "'sources.kafka[0].brokers' must not be empty"},
      {"{brokers: [a]}", "'sources.kafka[0].topics' must not be empty"},
      {"{brokers: ['a:1,b:1'], topics: [t]}", "'sources.kafka[0].brokers[0]' must be a broker"},
      {"{brokers: [a], topics: ['^audit.*']}",
       "'sources.kafka[0].topics[0]' is no name of a topic"},
      {"{brokers: [a], topics: [t, t]}",
       "'sources.kafka[0].topics[1]' is the topic of sources.kafka[0].topics[0], too"},
      {"{" + a + "}, {brokers: [b], topics: [t]}",
       "'sources.kafka[1].topics[0]' is the topic of sources.kafka[0].topics[0], too"},
      {"{" + a + "}, {brokers: [a], topics: [u]}",
       "'sources.kafka[1].instance' is that of sources.kafka[0], too, in the same group"},
      {"{" + a + ", name: 'a b'}", "'sources.kafka[0].name' may hold letters"},
      {"{" + a + ", instance: 'a/b'}", "'sources.kafka[0].instance' may hold letters"},
      {"{" + a + ", sasl: {mechanism: PLAIN}}", "needs username and password_file"},
      {"{" + a + ", sasl: {username: u, password_file: /f}}",
       "'sources.kafka[0].sasl' needs a mechanism"},
      {"{" + a + ", tls: {enabled: true, cert_file: /f}}", "needs both cert_file and key_file"},
      {"{" + a + ", tls: {enabled: true, key_password_file: /f}}", "needs key_file"},
      {"{" + a + ", tls: {ca_file: /f}}", "'sources.kafka[0].tls' has files, but is not enabled"},
      {"{" + a + ", properties: [{name: group.id, value: g}]}",
       "'sources.kafka[0].properties[0].name': for group.id there is the setting group"},
      {"{" + a + ", properties: [{name: enable.auto.commit, value: 'true'}]}",
       "hark relies on what it sets enable.auto.commit to"},
      {"{" + a + ", properties: [{name: sasl.password, value: x}]}",
       "for sasl.password there is the setting sasl"},
      {"{" + a + ", properties: [{name: ssl.key.pem, value: x}]}",
       "for ssl.key.pem there is the setting tls"},
      {"{" + a + ", properties: [{name: fetch.min, value: 1}]}",
       "librdkafka knows no property fetch.min"},
      {"{" + a + ", properties: [{name: fetch.min.bytes, value: many}]}",
       "'sources.kafka[0].properties[0].value': "},
      {"{" + a + ", properties: [{name: client.rack, value: a}, {name: client.rack, value: b}]}",
       "'sources.kafka[0].properties[1].name' is set twice"},
      {"{" + a + ", sasl: {mechanism: GSSAPI}}", "SCRAM-SHA-512"},
  };
  for (const auto& [yaml, message] : cases) {
    EXPECT_THAT(
        DiagnosticsOf(OneFile("sources:\n  kafka: [" + yaml + "]\n", Fake({}, {{"/f", "x"}}))),
        HasSubstr(message))
        << yaml;
  }
}

TEST(KafkaChecksTest, WhatIsDistinctIsAccepted) {
  for (const std::string yaml :
       {"{brokers: [a], topics: [t]}, {brokers: [b], topics: [t], cluster: east}",
        "{brokers: [a], topics: [t]}, {brokers: [b], topics: [t], name: east}",
        "{brokers: [a], topics: [t]}, {brokers: [a], topics: [u], name: u}",
        "{brokers: [a], topics: [t]}, {brokers: [a], topics: [u], group: u}",
        "{brokers: [a], topics: [t], instance: x}, {brokers: [a], topics: [u], instance: y}",
        "{brokers: [a], topics: [t], properties: [{name: ssl.cipher.suites, value: x}]}"}) {
    EXPECT_EQ(DiagnosticsOf(OneFile("sources:\n  kafka: [" + yaml + "]\n")), "") << yaml;
  }
}

TEST(KafkaChecksTest, TheMessageStandsWhereTheEntryDoes) {
  EXPECT_THAT(DiagnosticsOf(OneFile("sources:\n  kafka:\n    - topics: [t]\n")),
              HasSubstr("h.yaml:3:"));
  EXPECT_THAT(DiagnosticsOf(OneFile("sources:\n  kafka:\n    - brokers: [a]\n      topics: [t]\n"
                                    "      properties:\n        - {name: x, value: y}\n")),
              HasSubstr("h.yaml:6:18: error: 'sources.kafka[0].properties[0].name'"));
}

TEST(KafkaFlagTest, NamesBrokersAndTopics) {
  const absl::StatusOr<KafkaSourceConfig> entry = ParseKafkaFlag("prod=a:9092,b:9092/t,u");
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->cluster, "prod");
  EXPECT_THAT(entry->brokers, ElementsAre("a:9092", "b:9092"));
  EXPECT_THAT(entry->topics, ElementsAre("t", "u"));
}

TEST(KafkaFlagTest, SaysWhatIsWrong) {
  for (const std::string text : {"", "a:9092", "a:9092/", "/t", "a:9092,/t", "a:9092/t/u"}) {
    EXPECT_THAT(ParseKafkaFlag(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("kafka-0:9092/audit")))
        << text;
  }
}

}  // namespace
}  // namespace hark::config
