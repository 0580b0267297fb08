#include "pipeline/retention_keeper.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "metrics/registry.h"
#include "support/captured_file.h"
#include "support/fake_clock.h"
#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::CapturedFile;
using ::hark::testing::FakeClock;
using ::hark::testing::IsOk;
using ::hark::testing::kRevisionStart;
using ::hark::testing::MakeClosedRevision;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;
using ::testing::Not;

class RetentionKeeperTest : public ::testing::Test {
 protected:
  RetentionKeeperTest()
      : store_(*alert::AlertStore::Open(folder_.Path("hark.db"))), reader_(*store_.OpenReader()) {}

  RetentionKeeper Make(const config::AlertsConfig& config) {
    return RetentionKeeper(config, {.alerts = store_,
                                    .logger = logger_,
                                    .store_metrics = store_metrics_,
                                    .delivery_metrics = delivery_metrics_,
                                    .clock = clock_});
  }
  // Closed alerts that a snapshot has seen.
  void CommitAlerts(std::uint64_t first, std::uint64_t last, std::size_t bytes = 100) {
    std::vector<alert::Revision> revisions;
    for (std::uint64_t i = first; i <= last; ++i) {
      revisions.push_back(MakeClosedRevision(i));
      revisions.back().json = std::string(bytes, 'x');
    }
    ASSERT_THAT(store_.Commit({.revisions = revisions, .snapshot = 1}), IsOk());
  }
  void AddLetter(const std::string& output, Micros failed) {
    const std::vector<alert::DeadLetter> letters = {
        {.output = output, .id = "a", .failed = failed, .reason = "", .answer = "", .json = "{}"}};
    ASSERT_THAT(store_.Advance(output, 1'000'000, letters), IsOk());
  }
  std::size_t Alerts() { return reader_.RevisionsAfter(0, 10'000)->size(); }
  std::string Metrics() { return *registry_.Text(); }

  TempDir folder_;
  FakeClock clock_;
  CapturedFile log_;
  Logger logger_{{.format = LogFormat::kJson, .file = log_.file()}};
  metrics::Registry registry_;
  metrics::StoreMetrics store_metrics_{registry_};
  metrics::DeliveryMetrics delivery_metrics_{registry_};
  alert::AlertStore store_;
  alert::AlertReader reader_;
};

constexpr config::AlertsConfig kAMinute = {.max_age = 60 * config::kSecond};

TEST_F(RetentionKeeperTest, AnAlertGoesWhenItIsOldEnough) {
  CommitAlerts(0, 0);
  RetentionKeeper keeper = Make(kAMinute);
  keeper.Tick();
  EXPECT_EQ(Alerts(), 1U);
  clock_.Advance(absl::Seconds(61));
  keeper.Tick();
  EXPECT_EQ(Alerts(), 0U);
  EXPECT_THAT(Metrics(), HasSubstr("hark_alerts_removed_total{reason=\"age\"} 1\n"));
  EXPECT_EQ(log_.text(), "") << "what is expected is not worth a message";
}

TEST_F(RetentionKeeperTest, WhereAllHasGoneItLooksAgainASecondLater) {
  RetentionKeeper keeper = Make(kAMinute);
  clock_.Advance(absl::Hours(1));
  keeper.Tick();
  CommitAlerts(0, 0);
  keeper.Tick();
  EXPECT_EQ(Alerts(), 1U);
  clock_.Advance(absl::Seconds(1));
  keeper.Tick();
  EXPECT_EQ(Alerts(), 0U);
}

TEST_F(RetentionKeeperTest, AReloadCountsAtOnce) {
  CommitAlerts(0, 0);
  RetentionKeeper keeper = Make({});
  clock_.Advance(absl::Hours(1));
  keeper.Tick();
  keeper.Use(kAMinute);
  keeper.Tick();
  EXPECT_EQ(Alerts(), 0U);
}

TEST_F(RetentionKeeperTest, WhatGoesBeforeItsTimeIsCountedAndSaid) {
  constexpr std::uint64_t kAlerts = 500;
  CommitAlerts(0, kAlerts, 4'000);
  RetentionKeeper keeper = Make({.max_bytes = config::kMebibyte});
  while (*reader_.UsedBytes() > config::kMebibyte) {
    keeper.Tick();
  }
  EXPECT_GT(Alerts(), 100U);
  EXPECT_LT(Alerts(), 300U);
  EXPECT_THAT(Metrics(), Not(HasSubstr("hark_alerts_removed_total{reason=\"bytes\"} 0\n")));
  EXPECT_THAT(Metrics(), HasSubstr("hark_alert_store_max_bytes 1048576\n"));
  EXPECT_THAT(log_.text(), HasSubstr("alerts_removed_early"));
}

TEST_F(RetentionKeeperTest, ADeadLetterThatGoesIsCountedAndSaid) {
  AddLetter("soc", kRevisionStart);
  AddLetter("soc", kRevisionStart + 50 * config::kSecond);
  RetentionKeeper keeper = Make({.dead_letters_max_age = 60 * config::kSecond});
  clock_.Advance(absl::Seconds(61));
  keeper.Tick();
  EXPECT_EQ(reader_.DeadLetters("soc", 0, 10)->size(), 1U);
  EXPECT_THAT(Metrics(), HasSubstr("hark_dead_letters_removed_total{output=\"soc\"} 1\n"));
  EXPECT_THAT(log_.text(), HasSubstr("\"output\":\"soc\",\"dead_letters\":1"));
}

TEST_F(RetentionKeeperTest, AStoreThatIsTooBigAndMayNotShrinkIsSaid) {
  CommitAlerts(0, 500, 4'000);
  ASSERT_THAT(store_.Advance("soc", 0), IsOk());
  RetentionKeeper keeper = Make({.max_bytes = config::kMebibyte});
  keeper.Tick();
  EXPECT_EQ(Alerts(), 501U);
  EXPECT_THAT(log_.text(), HasSubstr("alert_store_over"));
}

}  // namespace
}  // namespace hark::pipeline
