#include "alert/report.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/hostile_texts.h"
#include "support/sample_alert.h"

namespace hark::alert {
namespace {

using ::hark::testing::HostileTexts;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleRule;
using ::hark::testing::SampleSparseAlert;
using ::testing::HasSubstr;

TEST(ReportTest, IsEmptyWithoutAlerts) {
  EXPECT_EQ(Report().Render({}), "");
}

TEST(ReportTest, CountsAlertsAndEventsByRule) {
  Report report;
  report.Add(SampleSparseAlert());
  report.Add(SampleAlert());
  report.Add(SampleAlert());
  EXPECT_EQ(report.Render({}),
            "Level     Alerts      Events  Rule\n"
            "high           2         460  Many distinct Secrets read by one actor\n"
            "low            1           1  Command run in a container\n");
}

TEST(ReportTest, TheHighestLevelComesFirstThenTheMostAlerts) {
  Report report;
  Alert alert = SampleAlert();
  const auto add = [&](std::string_view title, Severity level, int times) {
    RuleInfo rule = SampleRule();
    rule.id = title;
    rule.title = title;
    alert.rule = &rule;
    alert.level = level;
    for (int i = 0; i < times; ++i) {
      report.Add(alert);
    }
  };
  add("a", Severity::kLow, 3);
  add("b", Severity::kHigh, 1);
  add("c", Severity::kHigh, 2);
  add("b", Severity::kLow, 1);
  EXPECT_EQ(report.Render({}),
            "Level     Alerts      Events  Rule\n"
            "high           2         460  c\n"
            "high           1         230  b\n"
            "low            3         690  a\n"
            "low            1         230  b\n");
}

TEST(ReportTest, ColorsTheLevelOnlyIfAsked) {
  Report report;
  report.Add(SampleAlert());
  EXPECT_THAT(report.Render({.color = true}), HasSubstr("\x1b[31mhigh\x1b[0m"));
}

TEST(ReportTest, EscapesTitles) {
  for (const std::string& text : HostileTexts()) {
    RuleInfo rule = SampleRule();
    rule.title = text;
    Alert alert = SampleAlert();
    alert.rule = &rule;
    Report report;
    report.Add(alert);
    EXPECT_EQ(report.Render({}).find_first_of("\x1b\r\t"), std::string::npos);
  }
}

}  // namespace
}  // namespace hark::alert
