#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "alert/alert_reader.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "metrics/engine_metrics.h"
#include "metrics/ingest_metrics.h"
#include "metrics/log_metrics.h"
#include "metrics/registry.h"
#include "pipeline/daemon_store.h"
#include "pipeline/detector_loop.h"
#include "pipeline/live_source.h"
#include "pipeline/replay_helper.h"
#include "support/live_text_source.h"
#include "support/status_matchers.h"

namespace hark::pipeline {

// What one process of a daemon does with one source, without the parts that only talk to people:
// opens the store, restores, reads, judges, commits, snapshots. The disk may fail under it; the
// database lies on the real one.
class DaemonHarness {
 public:
  DaemonHarness(FileSystem& disk, std::string data_dir, std::vector<rules::RuleFile> rule_files)
      : disk_(disk), data_dir_(std::move(data_dir)), files_(std::move(rule_files)) {
    Diagnostics diagnostics;
    rules_.rules = rules::LoadRules(files_, diagnostics);
    rules_.id = RuleSetId(*rules_.rules, files_);
  }
  ~DaemonHarness() {
    if (store_.has_value()) {
      store_->fact_log->Close();
    }
  }

  // An error says why the data_dir cannot be used.
  absl::Status Open() {
    absl::StatusOr<DaemonStore> store = OpenDaemonStore(
        disk_, {.data_dir = data_dir_, .fact_log = {.segment_bytes = 4096}, .rules = rules_.rules});
    RETURN_IF_ERROR(store.status());
    store_.emplace(*std::move(store));
    snapshots_.emplace(SnapshotKeeper::Parts{.snapshots = *store_->snapshots,
                                             .fact_log = *store_->fact_log,
                                             .alerts = store_->alerts,
                                             .logger = logger_,
                                             .metrics = log_metrics_,
                                             .clock = Clock::System()});
    loop_.emplace(DetectorLoop::Options{.engine = {},
                                        .snapshot_interval = Micros{3600} * 1'000'000,
                                        .snapshot_bytes = UINT64_MAX},
                  DetectorLoop::Parts{.fact_log = *store_->fact_log,
                                      .alerts = store_->alerts,
                                      .snapshots = *snapshots_,
                                      .logger = logger_,
                                      .ingest_metrics = ingest_metrics_,
                                      .engine_metrics = engine_metrics_,
                                      .quarantine = nullptr,
                                      .clock = Clock::System(),
                                      .rules = [this](const std::string& id) -> RulesOr {
                                        return id == rules_.id ? RulesOr(rules_.rules)
                                                               : store_->archive.Load(id);
                                      },
                                      .on_committed = [] {}});
    RETURN_IF_ERROR(loop_->Start(store_->snapshot.has_value() ? &*store_->snapshot : nullptr));
    if (!loop_->WaitFor(store_->fact_log->stats().durable_position, kPatience)) {
      return loop_->failure();
    }
    return UseRules();
  }

  // Reads the text to its end, with a snapshot after every `snapshot_every` batches. False if the
  // disk has failed.
  bool Read(const testing::LiveText& text, int snapshot_every) {
    const std::optional<SourceTable::Entry> past = Past();
    LiveSource::Settings settings;
    settings.source = std::make_unique<testing::LiveTextSource>(
        kSource, text, past.has_value() ? std::stoul(past->cursor) : 0);
    settings.lateness = 5'000'000;
    settings.is_declared = past.has_value() && !past->ended;
    LiveContext context{.fact_log = *store_->fact_log,
                        .logger = logger_,
                        .metrics = ingest_metrics_,
                        .now = [] { return testing::kStart + Micros{86'400} * 1'000'000; },
                        .highest_time = highest_time_,
                        .max_fact_log_bytes = UINT64_MAX,
                        .on_facts = {}};
    settings.reopen = [](const std::string&) -> absl::StatusOr<std::unique_ptr<Source>> {
      return absl::UnavailableError("the test begins again with the next process");
    };
    LiveSource source(std::move(settings), context);
    source.Declare();
    BatchJudge judge(rules_.rules, JudgedTimes{});
    LiveSource::Scratch scratch(context);
    LiveSource::Outcome outcome = LiveSource::Outcome::kRead;
    for (int batches = 1; outcome == LiveSource::Outcome::kRead; ++batches) {
      outcome = source.Advance(2000, judge, scratch);
      if (batches % snapshot_every == 0) {
        loop_->RequestSnapshot();
        loop_->WaitFor(store_->fact_log->stats().durable_position, kPatience);
        AwaitSnapshot();
      }
    }
    return outcome == LiveSource::Outcome::kNothing &&
           (!is_last_ || source.End() == LiveSource::Outcome::kGone);
  }

  // Read waits until each snapshot is written. REQUIRES: the disk does not fail.
  void SetPatient() { is_patient_ = true; }

  // The next Read ends the source, and Stop judges all that waits.
  void SetLast() { is_last_ = true; }

  absl::Status Stop() {
    store_->fact_log->Close();
    absl::Status stopped = is_last_ ? loop_->Finish([] { return true; })
                                    : loop_->Stop(std::chrono::steady_clock::time_point::max());
    snapshots_->Stop();
    return stopped;
  }

  // Every revision of every alert, as JSON, sorted.
  std::vector<std::string> Alerts() {
    absl::StatusOr<alert::AlertReader> reader = store_->alerts.OpenReader();
    EXPECT_TRUE(reader.ok());
    const auto revisions = reader->RevisionsAfter(0, 100'000);
    EXPECT_TRUE(revisions.ok());
    std::vector<std::string> alerts;
    for (const alert::StoredRevision& stored : *revisions) {
      alerts.push_back(stored.revision.json);
    }
    std::sort(alerts.begin(), alerts.end());
    return alerts;
  }

  DaemonStore& store() { return *store_; }
  DetectorLoop& loop() { return *loop_; }

 private:
  using RulesOr = absl::StatusOr<std::shared_ptr<const rules::RuleSet>>;
  static constexpr const char* kSource = "audit.log";
  static constexpr std::chrono::milliseconds kPatience{60'000};

  absl::Status UseRules() {
    if (loop_->status().rules == rules_.id) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(store_->archive.Keep(rules_.id, files_));
    FactRecord barrier;
    barrier.kind = FactRecord::Kind::kReload;
    barrier.rules = rules_.id;
    ASSIGN_OR_RETURN(const log::Appended appended, store_->fact_log->Append(barrier));
    return store_->fact_log->WaitDurable(appended);
  }

  void AwaitSnapshot() {
    while (is_patient_ && snapshots_->position() < loop_->status().position) {
      loop_->RequestSnapshot();
      std::this_thread::yield();
    }
  }

  std::optional<SourceTable::Entry> Past() {
    const SourceTable table = loop_->sources();
    const SourceTable::Entry* const entry = table.Find(kSource);
    return entry == nullptr ? std::nullopt : std::optional(*entry);
  }

  FileSystem& disk_;
  const std::string data_dir_;
  const std::vector<rules::RuleFile> files_;
  NamedRules rules_;
  Logger logger_{{.level = LogLevel::kError, .file = std::fopen("/dev/null", "w")}};
  metrics::Registry registry_;
  metrics::IngestMetrics ingest_metrics_{registry_};
  metrics::EngineMetrics engine_metrics_{registry_};
  metrics::LogMetrics log_metrics_{registry_};
  std::optional<DaemonStore> store_;
  std::optional<SnapshotKeeper> snapshots_;
  std::optional<DetectorLoop> loop_;
  std::atomic<Micros> highest_time_ = kBeginningOfTime;
  bool is_last_ = false;
  bool is_patient_ = false;
};

}  // namespace hark::pipeline
