#include "cli/alerts_format.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_json.h"
#include "alert/table_output.h"
#include "support/captured_file.h"
#include "support/hostile_texts.h"
#include "support/sample_alert.h"
#include "support/status_matchers.h"

namespace hark::cli {
namespace {

using ::hark::testing::CapturedFile;
using ::hark::testing::HostileTexts;
using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::SampleSparseAlert;
using ::hark::testing::StatusIs;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Micros kDetected = 1'795'457'063'000'000;  // 2026-11-23T18:04:23Z

std::vector<alert::AlertEntry> Entries(const std::vector<Alert>& alerts) {
  std::vector<alert::AlertEntry> entries;
  entries.reserve(alerts.size());
  for (const Alert& alert : alerts) {
    entries.push_back({kDetected, alert::ToJson(alert)});
  }
  return entries;
}

std::string Shown(const std::vector<Alert>& revisions, const alert::TableOptions& options = {}) {
  absl::StatusOr<std::string> text = FormatAlert(Entries(revisions), options);
  EXPECT_THAT(text, IsOk());
  return *std::move(text);
}

TEST(AlertsFormatTest, AListReadsAsTheTableOfAReplay) {
  for (const int width : {80, 120, 200}) {
    CapturedFile captured;
    alert::TableOutput output(captured.file(), {.width = width});
    ASSERT_THAT(output.Write(SampleAlert()), IsOk());
    ASSERT_THAT(output.Write(SampleSparseAlert()), IsOk());
    EXPECT_EQ(*FormatAlertList(Entries({SampleAlert(), SampleSparseAlert()}), {.width = width}),
              captured.text());
  }
}

TEST(AlertsFormatTest, AnEmptyListSaysSo) {
  EXPECT_EQ(*FormatAlertList({}, {}), "no alerts\n");
}

TEST(AlertsFormatTest, AnExportIsTheLinesOfAReplay) {
  EXPECT_EQ(FormatAlertLines(Entries({SampleAlert(), SampleSparseAlert()})),
            alert::ToJson(SampleAlert()) + "\n" + alert::ToJson(SampleSparseAlert()) + "\n");
}

TEST(AlertsFormatTest, AllOfAnAlertIsShown) {
  EXPECT_EQ(Shown({SampleAlert()}),
            "alice read 214 Secrets in 5m\n"
            "\n"
            "Alert       3f2a9c01d4e5f60718293a4b5c6d7e8f\n"
            "State       closed\n"
            "Level       high\n"
            "Rule        Many distinct Secrets read by one actor (secret_read_burst)\n"
            "            7acf5cb5-3710-4a3f-9ff2-e9c69ced1641 "
            "(version 0123456789abcdef0123456789abcdef, by hark authors)\n"
            "ATT&CK      credential-access, T1552.007\n"
            "Cluster     prod-eu\n"
            "Who         alice (human)\n"
            "            impersonated by bob\n"
            "            groups dev, system:authenticated\n"
            "            uid u-17\n"
            "            credential X509SHA256=5e8848\n"
            "From        203.0.113.7 (chain 10.0.0.1, 203.0.113.7)\n"
            "            user agent kubectl/v1.31.0\n"
            "Request     get secrets in payments named db (200, success)\n"
            "            /api/v1/namespaces/payments/secrets/db\n"
            "            NotFound\n"
            "Why         value_count gte 10 in 5m: 230 events, 214 distinct values\n"
            "Group       actor.name = alice\n"
            "Matched     verb = get\n"
            "            resource = secrets\n"
            "Objects     214\n"
            "            namespaces data, payments\n"
            "            payments/db, data/etl\n"
            "Evidence    230 events (ResponseStarted 2, ResponseComplete 228)\n"
            "            hark replay --events-of 3f2a9c01d4e5f60718293a4b5c6d7e8f LOG...\n"
            "Audit ids   a1, a2\n"
            "First       2026-11-23T18:04:22.921545Z\n"
            "Last        2026-11-23T18:08:03.000000Z\n"
            "Closed      2026-11-23T18:13:03.000000Z\n"
            "Benign if   Backup tools\n"
            "Read more   https://kubernetes.io/docs/concepts/security/secrets-good-practices/\n"
            "\n"
            "Revision 4  closed, high, 230 events, detected 2026-11-23T18:04:23.000000Z\n");
}

TEST(AlertsFormatTest, WhatAnAlertDoesNotHaveIsNotShown) {
  const std::string text = Shown({SampleSparseAlert()});
  EXPECT_THAT(text, AllOf(HasSubstr("Who         unauthenticated (unauthenticated)\n"),
                          HasSubstr("Why         event: 1 events\n"),
                          HasSubstr("Group       actor.name = (absent)\n"), HasSubstr("Not exact"),
                          HasSubstr("Late"), Not(HasSubstr("Closed")), Not(HasSubstr("ATT&CK")),
                          Not(HasSubstr("From"))));
}

TEST(AlertsFormatTest, EachRevisionHasALineAndTheNewestIsTheOneShown) {
  Alert opened = SampleAlert();
  opened.n = 1;
  opened.state = AlertState::kOpened;
  opened.count = 10;
  const std::string text = Shown({opened, SampleAlert()});
  EXPECT_THAT(text, AllOf(HasSubstr("State       closed\n"),
                          HasSubstr("Revision 1  opened, high, 10 events, detected 2026"),
                          HasSubstr("Revision 4  closed, high, 230 events, detected 2026")));
}

TEST(AlertsFormatTest, NothingIsCut) {
  Alert alert = SampleAlert();
  alert.audit_ids.clear();
  for (int i = 0; i < 200; ++i) {
    alert.audit_ids.push_back(absl::StrFormat("audit-%d-end", i));
  }
  const std::string text = Shown({alert}, {.width = 60});
  for (const std::string& id : alert.audit_ids) {
    EXPECT_THAT(text, HasSubstr(id));
  }
}

TEST(AlertsFormatTest, HostileTextsAreInertOnATerminal) {
  for (const std::string& hostile : HostileTexts()) {
    Alert alert = SampleAlert();
    Evidence& opening = alert.opening;
    opening.actor_name = opening.impersonator = opening.actor_uid = opening.user_agent = hostile;
    opening.resource = opening.name = opening.uri = opening.reason = opening.source_ip = hostile;
    opening.actor_groups = opening.source_ips = alert.names = alert.namespaces = {hostile, hostile};
    alert.matched = {{hostile, hostile}};
    alert.group = {hostile};
    alert.audit_ids = {hostile};
    alert.cluster = hostile;
    const std::string text = Shown({alert}) + *FormatAlertList(Entries({alert}), {});
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(c == '\n' || (byte >= 0x20 && byte != 0x7f)) << text;
    }
    for (const std::string_view bad : {"\u202e", "\u009b", "\u200b", "\u2066"}) {
      EXPECT_THAT(text, Not(HasSubstr(bad)));
    }
    EXPECT_THAT(text, Not(HasSubstr("\n2026-11-23 18:04:22  critical")));
  }
}

TEST(AlertsFormatTest, ColourIsOnlyUsedWhereItIsAskedFor) {
  EXPECT_THAT(Shown({SampleAlert()}, {.color = true}), HasSubstr("\x1b[31mhigh\x1b[0m"));
  EXPECT_THAT(Shown({SampleAlert()}), Not(HasSubstr("\x1b")));
}

TEST(AlertsFormatTest, WhatIsNoAlertIsAnError) {
  EXPECT_THAT(FormatAlertList({{kDetected, "{}"}}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
  EXPECT_THAT(FormatAlert({{kDetected, "{}"}}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
}

}  // namespace
}  // namespace hark::cli
