#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "alert/alert_store.h"
#include "alert/alertmanager_alerts.h"
#include "alert/alertmanager_destination.h"
#include "alert/dispatcher.h"
#include "base/rfc3339.h"
#include "support/fake_clock.h"
#include "support/hostile_texts.h"
#include "support/revision_builder.h"
#include "support/sample_alert.h"
#include "support/scripted_receiver.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::FakeClock;
using ::hark::testing::HostileTexts;
using ::hark::testing::HttpText;
using ::hark::testing::IsOk;
using ::hark::testing::SampleAlert;
using ::hark::testing::ScriptedReceiver;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
constexpr absl::Duration kResend = absl::Minutes(1);

struct Sent {
  std::map<std::string, std::string> labels;
  absl::Time ends;
};

std::vector<Sent> Parse(const std::string& json) {
  std::vector<Sent> alerts;
  simdjson::dom::parser parser;
  for (const simdjson::dom::element element : simdjson::dom::array(parser.parse(json))) {
    Sent sent;
    for (const auto member : simdjson::dom::object(element["labels"])) {
      sent.labels[std::string(member.key)] = std::string(std::string_view(member.value));
    }
    sent.ends = absl::FromUnixMicros(ParseRfc3339(std::string_view(element["endsAt"])).value_or(0));
    alerts.push_back(std::move(sent));
  }
  return alerts;
}

Revision RevisionOf(std::uint32_t n, AlertState state, Severity level = Severity::kHigh) {
  Alert alert = SampleAlert();
  alert.n = n;
  alert.state = state;
  alert.level = level;
  return MakeRevision(alert, testing::kRevisionStart);
}

class AlertmanagerAlertsTest : public ::testing::Test {
 protected:
  void Apply(std::uint32_t n, AlertState state, Severity level = Severity::kHigh) {
    ASSERT_THAT(alerts_.Apply(RevisionOf(n, state, level), now_), IsOk());
  }
  // What is sent now, and accepted.
  std::vector<Sent> Tell() {
    JsonWriter json;
    json.BeginArray();
    alerts_.Write(id_, {.now = now_, .wall = now_}, json);
    json.EndArray();
    alerts_.Told(id_, now_);
    return Parse(json.text());
  }
  absl::Duration UntilDue() { return *alerts_.NextDue() - now_; }

  const std::string id_ = SampleAlert().id;
  absl::Time now_ = kStart;
  AlertmanagerAlerts alerts_{kResend};
};

TEST_F(AlertmanagerAlertsTest, LabelsAreTheRuleItsLevelTheClusterAndTheGroup) {
  Apply(1, AlertState::kOpened);
  const std::vector<Sent> sent = Tell();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_THAT(sent[0].labels,
              ElementsAre(Pair("actor_name", "alice"),
                          Pair("alertname", "Many distinct Secrets read by one actor"),
                          Pair("cluster", "prod-eu"), Pair("level", "high"),
                          Pair("rule", "secret_read_burst")));
}

TEST_F(AlertmanagerAlertsTest, AnOpenAlertIsSentAgainAndItsEndMovesOn) {
  Apply(1, AlertState::kOpened);
  EXPECT_EQ(UntilDue(), absl::ZeroDuration());
  EXPECT_EQ(Tell()[0].ends, now_ + 4 * kResend);
  EXPECT_EQ(UntilDue(), kResend);
  now_ += kResend;
  EXPECT_THAT(alerts_.Due(now_, 10), ElementsAre(id_));
  EXPECT_EQ(Tell()[0].ends, now_ + 4 * kResend);
}

TEST_F(AlertmanagerAlertsTest, AnEscalationKeepsTheLabels) {
  Apply(1, AlertState::kOpened);
  const auto labels = Tell()[0].labels;
  Apply(2, AlertState::kEscalated);
  const std::vector<Sent> sent = Tell();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].labels, labels);
}

TEST_F(AlertmanagerAlertsTest, ARaisedLevelEndsTheOldLabelsAndBeginsNewOnes) {
  Apply(1, AlertState::kOpened, Severity::kLow);
  Tell();
  now_ += absl::Seconds(30);
  Apply(2, AlertState::kEscalated, Severity::kHigh);
  const std::vector<Sent> sent = Tell();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].labels.at("level"), "low");
  EXPECT_EQ(sent[0].ends, now_);
  EXPECT_EQ(sent[1].labels.at("level"), "high");
  EXPECT_GT(sent[1].ends, now_);
  now_ += absl::Minutes(6);
  Tell();
  EXPECT_THAT(Tell(), SizeIs(1)) << "the old one is no longer repeated";
}

TEST_F(AlertmanagerAlertsTest, WhatClosedBeforeItWasToldFiresFirstAndForFiveMinutes) {
  Apply(1, AlertState::kOpened);
  Apply(2, AlertState::kClosed);
  EXPECT_EQ(Tell()[0].ends, kStart + absl::Minutes(5));
  EXPECT_EQ(UntilDue(), kResend);
  now_ = kStart + absl::Minutes(4) + absl::Seconds(30);
  Tell();
  EXPECT_EQ(UntilDue(), absl::Seconds(30));
  now_ = kStart + absl::Minutes(5);
  EXPECT_EQ(Tell()[0].ends, now_);
}

TEST_F(AlertmanagerAlertsTest, WhatHasFiredForLongEndsAtOnce) {
  Apply(1, AlertState::kOpened);
  Tell();
  now_ += absl::Minutes(10);
  Apply(2, AlertState::kClosed);
  EXPECT_EQ(Tell()[0].ends, now_);
}

TEST_F(AlertmanagerAlertsTest, TheEndIsRepeatedForFiveMinutesAndThenForgotten) {
  Apply(1, AlertState::kOpened);
  Tell();
  now_ += absl::Minutes(10);
  Apply(2, AlertState::kClosed);
  int times = 0;
  while (alerts_.size() > 0) {
    now_ = std::max(now_, *alerts_.NextDue());
    EXPECT_LE(Tell()[0].ends, now_);
    ++times;
  }
  EXPECT_EQ(times, 6);
  EXPECT_EQ(alerts_.NextDue(), std::nullopt);
}

TEST_F(AlertmanagerAlertsTest, AnOldRevisionChangesNothing) {
  Apply(1, AlertState::kOpened);
  Tell();
  now_ += absl::Minutes(10);
  Apply(3, AlertState::kClosed);
  Apply(2, AlertState::kEscalated);
  EXPECT_EQ(Tell()[0].ends, now_);
}

TEST_F(AlertmanagerAlertsTest, OnlySoManyEndedOnesAreRemembered) {
  for (std::size_t i = 0; i < AlertmanagerAlerts::kMaxEnded + 100; ++i) {
    Revision revision = RevisionOf(1, AlertState::kClosed);
    revision.id = testing::AlertId(i);
    ASSERT_THAT(alerts_.Apply(revision, now_), IsOk());
    alerts_.Told(revision.id, now_);
  }
  EXPECT_EQ(alerts_.size(), AlertmanagerAlerts::kMaxEnded);
}

TEST_F(AlertmanagerAlertsTest, NoTextOfAnEventBreaksLabels) {
  for (const std::string& text : HostileTexts()) {
    AlertmanagerAlerts alerts(kResend);
    Alert alert = SampleAlert();
    alert.group = {text};
    alert.cluster = text;
    ASSERT_THAT(alerts.Apply(MakeRevision(alert, 0), now_), IsOk());
    JsonWriter json;
    json.BeginArray();
    alerts.Write(id_, {.now = now_, .wall = now_}, json);
    json.EndArray();
    const std::vector<Sent> sent = Parse(json.text());
    ASSERT_THAT(sent, SizeIs(1));
    for (const auto& [name, value] : sent[0].labels) {
      EXPECT_EQ(value.find_first_of("\n\x1b"), std::string::npos);
      EXPECT_LE(value.size(), 6'000U);
    }
  }
}

// From the store to a receiver that answers as an Alertmanager does.
class AlertmanagerDestinationTest : public ::testing::Test {
 protected:
  AlertmanagerDestinationTest() : store_(*AlertStore::Open(directory_.Path("hark.db"))) {}

  void Start() {
    dispatcher_.reset();
    std::vector<OutputSettings> outputs;
    outputs.push_back({.name = "am",
                       .kind = "alertmanager",
                       .destination = *AlertmanagerDestination::Create(
                           {.url = receiver_.url(), .clock = &clock_, .steady = &clock_})});
    dispatcher_ = *Dispatcher::Start(store_, std::move(outputs),
                                     {.clock = &clock_, .steady = &clock_, .seed = 1});
  }
  void Commit(const std::vector<Revision>& revisions) {
    ASSERT_THAT(store_.Commit({.revisions = revisions}), IsOk());
    dispatcher_->Notify();
  }
  void Advance(absl::Duration by) {
    clock_.Advance(by);
    dispatcher_->Notify();
  }

  TempDir directory_;
  FakeClock clock_;
  ScriptedReceiver receiver_;
  AlertStore store_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(AlertmanagerDestinationTest, PostsAlertsAndSendsThemAgain) {
  Start();
  Commit({RevisionOf(1, AlertState::kOpened)});
  ASSERT_TRUE(receiver_.WaitForRequests(1));
  EXPECT_EQ(receiver_.requests()[0].target, "/api/v2/alerts");
  EXPECT_THAT(Parse(receiver_.requests()[0].body), SizeIs(1));
  ASSERT_THAT(dispatcher_->Drain(absl::Seconds(20), Dispatcher::Patience::kToTheEnd), IsOk());
  Advance(kResend);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
}

TEST_F(AlertmanagerDestinationTest, AfterARestartOpenAlertsAreSentAgain) {
  Start();
  Commit({RevisionOf(1, AlertState::kOpened)});
  ASSERT_THAT(dispatcher_->Drain(absl::Seconds(20), Dispatcher::Patience::kToTheEnd), IsOk());
  dispatcher_->Stop();
  const std::size_t before = receiver_.requests().size();
  Start();
  ASSERT_TRUE(receiver_.WaitForRequests(before + 1));
  EXPECT_GT(Parse(receiver_.requests().back().body)[0].ends, clock_.Now());
}

TEST_F(AlertmanagerDestinationTest, OfAPartlyRefusedBatchTheBadOneIsADeadLetter) {
  receiver_.SetAnswer([](const auto& request) {
    return HttpText(request.body.find("\"poison\"") == std::string::npos ? 200 : 400, "bad label");
  });
  Start();
  Alert bad = SampleAlert();
  bad.id = "00000000000000000000000000000bad";
  bad.cluster = "poison";
  Commit({RevisionOf(1, AlertState::kOpened), MakeRevision(bad, testing::kRevisionStart)});
  ASSERT_THAT(dispatcher_->Drain(absl::Seconds(20), Dispatcher::Patience::kToTheEnd), IsOk());
  const std::vector<DeadLetter> letters = *store_.OpenReader()->DeadLetters("am", 0, 10);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].id, bad.id);
  EXPECT_EQ(letters[0].answer, "bad label");
}

TEST_F(AlertmanagerDestinationTest, WhatIsRefusedWhenItIsSentAgainIsSentOnceMore) {
  Start();
  Commit({RevisionOf(1, AlertState::kOpened)});
  ASSERT_THAT(dispatcher_->Drain(absl::Seconds(20), Dispatcher::Patience::kToTheEnd), IsOk());
  receiver_.SetAnswer([](const auto&) { return HttpText(400, "a proxy without sense"); });
  Advance(kResend);
  ASSERT_TRUE(receiver_.WaitForRequests(2));
  while (receiver_.requests().size() < 4) {
    Advance(kResend);
    std::this_thread::yield();
  }
  EXPECT_THAT(Parse(receiver_.requests().back().body), SizeIs(1));
}

TEST_F(AlertmanagerDestinationTest, AnEpisodeThatClosedDuringAnOutageStillFires) {
  receiver_.SetAnswer([](const auto&) { return HttpText(503); });
  Start();
  Commit({RevisionOf(1, AlertState::kOpened)});
  while (dispatcher_->Status()[0].counts.retried == 0) {
    std::this_thread::yield();
  }
  Commit({RevisionOf(2, AlertState::kClosed)});
  receiver_.SetAnswer([](const auto&) { return HttpText(200); });
  while (!dispatcher_->Drain(absl::Milliseconds(5), Dispatcher::Patience::kToTheEnd).ok()) {
    Advance(absl::Seconds(10));
  }
  EXPECT_GT(Parse(receiver_.requests().back().body)[0].ends, clock_.Now());
}

}  // namespace
}  // namespace hark::alert
