// All families together, as the daemon has them.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hark/clock.h"

#include "metrics/delivery_metrics.h"
#include "metrics/engine_metrics.h"
#include "metrics/ingest_metrics.h"
#include "metrics/log_metrics.h"
#include "metrics/receiver_metrics.h"
#include "metrics/self_metrics.h"
#include "metrics/store_metrics.h"
#include "support/hostile_texts.h"
#include "support/status_matchers.h"

namespace hark::metrics {
namespace {

using ::hark::testing::IsOk;
using ::testing::HasSubstr;

class FamiliesTest : public ::testing::Test {
 protected:
  std::string Text() {
    const auto text = registry_.Text();
    EXPECT_THAT(text, IsOk());
    return text.ok() ? *text : "";
  }

  Registry registry_;
  IngestMetrics ingest_{registry_};
  EngineMetrics engine_{registry_};
  LogMetrics log_{registry_};
  DeliveryMetrics delivery_{registry_};
  ReceiverMetrics receiver_{registry_};
  StoreMetrics store_{registry_};
  SelfMetrics self_{registry_, "1.2.3", "abc"};
};

TEST_F(FamiliesTest, BeginAtZeroForEveryReasonOfASource) {
  ingest_.ForSource("s");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_events_total{source=\"s\"} 0\n"));
  for (std::size_t i = 0; i < kRejectReasons; ++i) {
    EXPECT_THAT(text, HasSubstr("hark_records_rejected_total{reason=\"" +
                                std::string(RejectReasonName(static_cast<RejectReason>(i))) +
                                "\",source=\"s\"} 0\n"));
  }
  for (std::size_t i = 0; i < kSkipReasons; ++i) {
    EXPECT_THAT(text, HasSubstr("hark_records_skipped_total{reason=\"" +
                                std::string(SkipReasonName(static_cast<SkipReason>(i))) +
                                "\",source=\"s\"} 0\n"));
  }
}

TEST_F(FamiliesTest, CountWhatReceiversAnswer) {
  receiver_.Expect({});
  receiver_.Expect("prod");
  receiver_.Answered("prod", 200);
  receiver_.Answered("", 401);
  receiver_.Answered("prod", ReceiverMetrics::kNoAnswer);
  receiver_.Acknowledged(20'000);
  const std::string text = Text();
  for (const char* const line :
       {"{cluster=\"prod\",code=\"200\"} 1\n", "{cluster=\"prod\",code=\"429\"} 0\n",
        "{cluster=\"prod\",code=\"401\"} 0\n", "{cluster=\"prod\",code=\"403\"} 0\n",
        "{cluster=\"other\",code=\"403\"} 0\n", "{cluster=\"prod\",code=\"none\"} 1\n",
        "{cluster=\"other\",code=\"401\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr("hark_receiver_requests_total" + std::string(line)));
  }
  EXPECT_THAT(text, HasSubstr("hark_receiver_ack_seconds_bucket{le=\"0.025\"} 1\n"));
}

TEST_F(FamiliesTest, ClustersOverTheBoundShareASeries) {
  for (std::size_t i = 0; i < ReceiverMetrics::kMaxClusters + 2; ++i) {
    receiver_.Answered("c" + std::to_string(i), 200);
  }
  EXPECT_THAT(Text(),
              HasSubstr("hark_receiver_requests_total{cluster=\"other\",code=\"200\"} 2\n"));
}

TEST_F(FamiliesTest, CountWhatASourceBrings) {
  const SourceMetrics& source = ingest_.ForSource("s");
  source.EventsRead(5);
  source.BytesRead(1000);
  source.RecordRejected(RejectReason::kBomb);
  source.RecordSkipped(SkipReason::kOtherCategory, 2);
  source.EventTime(1'764'083'020'000'000, 1'764'083'023'500'000);
  source.State(SourceState::kSilent);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_events_total{source=\"s\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("hark_ingest_bytes_total{source=\"s\"} 1000\n"));
  EXPECT_THAT(text, HasSubstr("{reason=\"bomb\",source=\"s\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{reason=\"other_category\",source=\"s\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("hark_ingest_lag_seconds{source=\"s\"} 3.5\n"));
  EXPECT_THAT(text, HasSubstr("hark_last_event_timestamp_seconds{source=\"s\"} 1764083020\n"));
  EXPECT_THAT(text, HasSubstr("hark_source_silent{source=\"s\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_source_unreadable{source=\"s\"} 0\n"));
}

TEST_F(FamiliesTest, BoundTheSources) {
  for (std::size_t i = 0; i < IngestMetrics::kMaxSources; ++i) {
    ingest_.ForSource("s" + std::to_string(i));
  }
  const SourceMetrics& one = ingest_.ForSource("one more");
  EXPECT_EQ(&one, &ingest_.ForSource("another"));
  EXPECT_NE(&one, &ingest_.ForSource("s0"));
  one.EventsRead(3);
  EXPECT_THAT(Text(), HasSubstr("hark_events_total{source=\"other\"} 3\n"));
}

TEST_F(FamiliesTest, GiveNoWatermarkOutsideTime) {
  ingest_.Watermark(1'764'083'020'000'000);
  ingest_.Watermark(kEndOfTime);
  ingest_.Watermark(kBeginningOfTime);
  EXPECT_THAT(Text(), HasSubstr("hark_watermark_timestamp_seconds 1764083020\n"));
}

TEST_F(FamiliesTest, BeginAtZeroForEveryRule) {
  const std::vector<RuleLabel> rules = {{.id = "id-1", .name = "reads", .level = Severity::kHigh},
                                        {.id = "id-2", .name = "", .level = Severity::kLow}};
  const auto metrics = engine_.LoadRules(rules);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_rules_loaded 2\n"));
  EXPECT_THAT(text, HasSubstr("hark_rule_matches_total{level=\"high\",rule=\"reads\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hark_rule_matches_total{level=\"low\",rule=\"id-2\"} 0\n"));
  for (const char* const state : {"closed", "escalated", "opened"}) {
    EXPECT_THAT(text,
                HasSubstr("hark_alert_revisions_total{level=\"high\",rule=\"reads\",state=\"" +
                          std::string(state) + "\"} 0\n"));
  }
  EXPECT_THAT(text, HasSubstr("hark_state_evictions_total{rule=\"reads\"} 0\n"));
}

TEST_F(FamiliesTest, KeepCountsOverAReload) {
  const std::vector<RuleLabel> before = {{.id = "a", .name = ""}, {.id = "b", .name = ""}};
  const auto old_rules = engine_.LoadRules(before);
  old_rules->Matched(1, 5);
  old_rules->StateGroups(0, 7);
  const std::vector<RuleLabel> after = {{.id = "b", .name = ""}};
  const auto new_rules = engine_.LoadRules(after);
  new_rules->Matched(0);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_rule_matches_total{level=\"medium\",rule=\"b\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("hark_state_groups{rule=\"a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hark_rules_loaded 1\n"));
}

TEST_F(FamiliesTest, CountRevisionsAtTheAlertsOwnLevel) {
  const std::vector<RuleLabel> rules = {{.id = "r", .name = "", .level = Severity::kHigh}};
  const auto metrics = engine_.LoadRules(rules);
  metrics->Revision(0, Severity::kLow, AlertState::kOpened);
  EXPECT_THAT(
      Text(),
      HasSubstr("hark_alert_revisions_total{level=\"low\",rule=\"r\",state=\"opened\"} 1\n"));
}

TEST_F(FamiliesTest, PutWhatARecordAddedDownToItsSource) {
  DetectorTotals totals;
  totals.StartFrom({.duplicate = 100, .late = 10});
  totals.Applied({.duplicate = 103, .late = 10, .too_late = 2}, ingest_.ForSource("a"), ingest_);
  totals.Applied({.duplicate = 103, .late = 11, .too_late = 2}, ingest_.ForSource("b"), ingest_);
  // A detector made anew.
  totals.Applied({.duplicate = 1}, ingest_.ForSource("b"), ingest_);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_events_duplicate_total 4\n"));
  EXPECT_THAT(text, HasSubstr("hark_events_late_total{source=\"a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hark_events_late_total{source=\"b\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_events_too_late_total{source=\"a\"} 2\n"));
}

TEST_F(FamiliesTest, TellOfTheStateAndItsCommits) {
  engine_.StateBudget(1 << 20);
  engine_.StateBytes(1000);
  engine_.CommitFailed();
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_state_max_bytes 1048576\n"));
  EXPECT_THAT(text, HasSubstr("hark_state_bytes 1000\n"));
  EXPECT_THAT(text, HasSubstr("hark_commit_failures_total 1\n"));
}

TEST_F(FamiliesTest, TellOfTheLogAndTheSnapshots) {
  log_.FactLogBound(1 << 20);
  log_.FactLogBytes(4096);
  log_.FactLogOldestAge(90'000'000);
  log_.TornTailCut();
  log_.SnapshotWritten(250'000, 1'764'083'020'000'000);
  log_.SnapshotFailed();
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_fact_log_max_bytes 1048576\n"));
  EXPECT_THAT(text, HasSubstr("hark_fact_log_bytes 4096\n"));
  EXPECT_THAT(text, HasSubstr("hark_fact_log_oldest_age_seconds 90\n"));
  EXPECT_THAT(text, HasSubstr("hark_fact_log_torn_tails_total 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_snapshot_seconds_sum 0.25\n"));
  EXPECT_THAT(text, HasSubstr("hark_snapshot_last_success_timestamp_seconds 1764083020\n"));
  EXPECT_THAT(text, HasSubstr("hark_snapshot_failures_total 1\n"));
}

TEST_F(FamiliesTest, TellOfTheOutputs) {
  const OutputMetrics output = delivery_.ForOutput("soc");
  const std::string before = Text();
  for (const char* const result :
       {"delivered", "retried", "rejected", "expired", "silenced", "filtered"}) {
    EXPECT_THAT(before, HasSubstr("hark_deliveries_total{output=\"soc\",result=\"" +
                                  std::string(result) + "\"} 0\n"));
  }
  EXPECT_THAT(before, HasSubstr("hark_dead_letters_removed_total{output=\"soc\"} 0\n"));
  delivery_.LettersRemoved("soc", 4);
  output.Count(DeliveryResult::kExpired);
  output.Attempt(20'000);
  output.Queue(7, 90'000'000);
  output.DeadLetters(3);
  output.Stopped(true);
  delivery_.Silenced("reads");
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_deliveries_total{output=\"soc\",result=\"expired\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_delivery_seconds_sum{output=\"soc\"} 0.02\n"));
  EXPECT_THAT(text, HasSubstr("hark_output_queue_length{output=\"soc\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("hark_output_oldest_age_seconds{output=\"soc\"} 90\n"));
  EXPECT_THAT(text, HasSubstr("hark_dead_letters{output=\"soc\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("hark_dead_letters_removed_total{output=\"soc\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("hark_output_stopped{output=\"soc\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_silenced_total{rule=\"reads\"} 1\n"));
}

TEST_F(FamiliesTest, BeginAtZeroForWhatSilencesKeepBack) {
  delivery_.AddRule("reads");
  EXPECT_THAT(Text(), HasSubstr("hark_silenced_total{rule=\"reads\"} 0\n"));
  delivery_.Silenced("reads");
  delivery_.AddRule("reads");  // a reload
  EXPECT_THAT(Text(), HasSubstr("hark_silenced_total{rule=\"reads\"} 1\n"));
}

TEST_F(FamiliesTest, SayNothingOfAnOutputThatIsGone) {
  const OutputMetrics kept = delivery_.ForOutput("soc");
  kept.Count(DeliveryResult::kRetried);
  const std::string before = Text();
  const OutputMetrics gone = delivery_.ForOutput("old");
  gone.Count(DeliveryResult::kRetried);
  gone.Attempt(20'000);
  gone.Queue(7, 90'000'000);
  gone.DeadLetters(3);
  gone.Stopped(true);
  delivery_.LettersRemoved("old", 1);
  delivery_.LettersRemoved("older", 1);
  delivery_.KeepOnly({"soc"});
  EXPECT_EQ(Text(), before);
}

TEST_F(FamiliesTest, BeginAnewForAnOutputThatComesBack) {
  delivery_.ForOutput("soc").Stopped(true);
  delivery_.KeepOnly({});
  delivery_.ForOutput("soc").Attempt(20'000);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_output_stopped{output=\"soc\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hark_delivery_seconds_count{output=\"soc\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_delivery_seconds_bucket{output=\"soc\",le=\"0.025\"} 1\n"));
}

TEST_F(FamiliesTest, TellOfTheStore) {
  store_.Bytes(1'000, 5'000);
  store_.AlertsRemoved(2, false);
  store_.AlertsRemoved(3, true);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_alert_store_bytes 1000\n"));
  EXPECT_THAT(text, HasSubstr("hark_alert_store_max_bytes 5000\n"));
  EXPECT_THAT(text, HasSubstr("hark_alerts_removed_total{reason=\"age\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("hark_alerts_removed_total{reason=\"bytes\"} 3\n"));
}

TEST_F(FamiliesTest, TellOfTheBuildAndTheConfiguration) {
  self_.Ready(true);
  self_.ReloadSucceeded(1'764'083'020'000'000);
  self_.ReloadFailed();
  self_.CertificateExpiry("admin", 1'800'000'000'000'000);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("hark_build_info{commit=\"abc\",version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_ready 1\n"));
  EXPECT_THAT(text, HasSubstr("hark_config_last_reload_successful 0\n"));
  EXPECT_THAT(text, HasSubstr("hark_config_last_reload_success_timestamp_seconds 1764083020\n"));
  EXPECT_THAT(
      text,
      HasSubstr("hark_certificate_expiry_timestamp_seconds{listener=\"admin\"} 1800000000\n"));
}

// The number of the series of that name; -1 without one.
double ValueOf(const std::string& name, const std::string& text) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST_F(FamiliesTest, TellOfTheProcess) {
  AddProcessMetrics(registry_);
  const std::string text = Text();
  const double now = static_cast<double>(absl::ToUnixSeconds(Clock::System().Now()));
  EXPECT_GT(ValueOf("process_start_time_seconds", text), now - 3600);
  EXPECT_LT(ValueOf("process_start_time_seconds", text), now + 2);
  EXPECT_GT(ValueOf("process_resident_memory_bytes", text), 1e6);
  EXPECT_GT(ValueOf("process_open_fds", text), 2);
  EXPECT_GE(ValueOf("process_cpu_seconds_total", text), 0);
}

TEST_F(FamiliesTest, MayBeCountedFromManyThreads) {
  const std::vector<RuleLabel> rules = {{.id = "r", .name = ""}};
  const auto metrics = engine_.LoadRules(rules);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const SourceMetrics& source = ingest_.ForSource("s");
      for (int n = 0; n < 1000; ++n) {
        source.EventsRead(1);
        metrics->Matched(0);
        metrics->Revision(0, Severity::kLow, AlertState::kOpened);
      }
      Text();
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(Text(), HasSubstr("hark_events_total{source=\"s\"} 4000\n"));
  EXPECT_THAT(Text(), HasSubstr("hark_rule_matches_total{level=\"medium\",rule=\"r\"} 4000\n"));
}

// Debian's package prometheus has promtool; scripts/setup installs it.
TEST_F(FamiliesTest, SatisfyPromtool) {
  if (std::system("promtool --version >/dev/null 2>&1") != 0) {  // NOLINT(cert-env33-c)
    GTEST_SKIP() << "no promtool";
  }
  std::vector<RuleLabel> rules;
  for (const std::string& text : testing::HostileTexts()) {
    ingest_.ForSource(text).EventsRead(1);
    rules.push_back({.id = text, .name = ""});
  }
  const auto metrics = engine_.LoadRules(rules);
  HistogramBatch lateness = ingest_.NewLatenessBatch();
  lateness.Observe(3);
  ingest_.Lateness(lateness);
  self_.CertificateExpiry("admin", 1);
  AddProcessMetrics(registry_);
  std::FILE* const promtool = popen("promtool check metrics", "w");  // NOLINT(cert-env33-c)
  ASSERT_NE(promtool, nullptr);
  const std::string text = Text();
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), promtool), text.size());
  EXPECT_EQ(pclose(promtool), 0) << text.substr(0, 5000);
}

}  // namespace
}  // namespace hark::metrics
