#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"

#include "base/status_macros.h"
#include "pipeline/daemon_impl.h"

namespace hark::pipeline {

LiveContext Daemon::Impl::LiveContextOf() {
  return {.fact_log = *store_.fact_log,
          .logger = logger_,
          .metrics = ingest_metrics_,
          .now = [this] { return clock_->Now(); },
          .highest_time = highest_time_,
          .max_fact_log_bytes = static_cast<std::uint64_t>(setup_.config.fact_log.max_bytes),
          .on_facts =
              [this](const FactRecord& record) {
                events_.fetch_add(record.events, std::memory_order_relaxed);
                for (const Fact& fact : record.facts) {
                  for (const FactMatch& match : fact.matches) {
                    rule_metrics_->Matched(match.alert_rule);
                  }
                }
              }};
}

absl::Status Daemon::Impl::StartIngest() {
  const SourceTable past = detector_->sources();
  highest_time_ = past.highest_time();
  // What came late in an earlier run was said then.
  const DetectorStats stats = detector_->status().stats;
  late_seen_ = stats.late + stats.too_late;
  clock_.emplace(Clock::System(), past.highest_time());
  context_.emplace(LiveContextOf());
  ingest_ = std::make_unique<LiveIngest>(
      LiveIngest::Options{
          .threads = options_.threads,
          .quarantine = quarantine_.get(),
          .max_event_bytes = static_cast<std::size_t>(setup_.config.limits.max_record_bytes)},
      *context_, rules_.rules);
  if (detector_->status().rules != rules_.id) {
    RETURN_IF_ERROR(UseRules(rules_, setup_.rule_files));
  }
  CountRules();
  RETURN_IF_ERROR(StartListeners(past));
  ASSIGN_OR_RETURN(kafka_, KafkaSources::Create(setup_.config, past,
                                                {.ingest = *ingest_,
                                                 .fact_log = *store_.fact_log,
                                                 .logger = logger_,
                                                 .metrics = ingest_metrics_}));
  finder_ = std::make_unique<SourceFinder>(
      setup_.config, past,
      SourceFinder::Parts{.ingest = *ingest_,
                          .fact_log = *store_.fact_log,
                          .logger = logger_,
                          .is_others = [this](const std::string& name) { return IsOthers(name); }});
  ingest_started_ = true;
  RETURN_IF_ERROR(FindFirst());
  ingest_->Start();
  if (webhooks_ != nullptr) {
    RETURN_IF_ERROR(webhooks_->Listen());
    WatchFiles();  // a certificate is made anew now and then
  }
  return absl::OkStatus();
}

// A listener has no present end, so nobody listens while the sources are drained; what a listener
// of an earlier run brought has ended.
absl::Status Daemon::Impl::StartListeners(const SourceTable& past) {
  if (setup_.config.sources.webhooks.empty()) {
    return absl::OkStatus();
  }
  if (options_.drain) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "no_listeners",
                   .text = "With --drain the audit webhook is not listened to: it has no end."});
    return absl::OkStatus();
  }
  webhooks_ = std::make_unique<WebhookListeners>(
      setup_.config,
      WebhookListeners::Options{.threads = options_.threads, .quarantine = quarantine_.get()},
      rules_.rules, past,
      WebhookListeners::Parts{
          .context = *context_, .registry = registry_, .self_metrics = self_metrics_});
  return absl::OkStatus();
}

bool Daemon::Impl::IsOthers(const std::string& name) const {
  return (webhooks_ != nullptr && webhooks_->ingest().Owns(name)) || kafka_->Owns(name);
}

absl::Status Daemon::Impl::FindFirst() {
  absl::Status found = finder_->Find();
  found.Update(kafka_->Find());
  if (!options_.drain) {
    return absl::OkStatus();  // it is tried again
  }
  RETURN_IF_ERROR(found);
  // What appears later is not of the present end. Which partitions there are the brokers must say.
  while (!kafka_->WhyNotReady().empty()) {
    if (options_.next_request(kTick) == DaemonRequest::kStop) {
      return absl::CancelledError("stopped before all partitions were assigned");
    }
    RETURN_IF_ERROR(kafka_->Find());
  }
  RETURN_IF_ERROR(kafka_->Find());
  ingest_->EndSources();
  return absl::OkStatus();
}

void Daemon::Impl::TickSources() {
  if (!options_.drain) {
    finder_->Find().IgnoreError();  // it is tried again
    kafka_->Find().IgnoreError();
  }
  if (webhooks_ != nullptr) {
    webhooks_->ingest().Tick();
  }
  std::optional<std::string> oldest = snapshots_->oldest_sources();
  if (oldest.has_value() && oldest != committed_sources_) {
    SourceTable table;
    if (table.Restore(*oldest).ok()) {
      kafka_->Commit(table);
    }
    committed_sources_ = std::move(oldest);
  }
}

void Daemon::Impl::StopSources() {
  if (webhooks_ != nullptr) {
    webhooks_->Stop();
  }
  if (ingest_ != nullptr) {
    ingest_->Stop();
  }
}

void Daemon::Impl::PauseSources(
    const std::function<std::shared_ptr<const rules::RuleSet>()>& action) {
  ingest_->Pause([&] {
    std::shared_ptr<const rules::RuleSet> rules;
    const auto once = [&] { return rules = action(); };
    if (webhooks_ == nullptr) {
      return once();
    }
    webhooks_->ingest().Pause(once);
    return rules;
  });
}

std::vector<LiveSourceStatus> Daemon::Impl::SourceStatus() const {
  std::vector<LiveSourceStatus> all = ingest_->Status();
  if (webhooks_ != nullptr) {
    for (LiveSourceStatus& source : webhooks_->ingest().Status()) {
      all.push_back(std::move(source));
    }
  }
  std::sort(all.begin(), all.end(),
            [](const LiveSourceStatus& a, const LiveSourceStatus& b) { return a.name < b.name; });
  return all;
}

absl::Status Daemon::Impl::KafkaReadiness() const {
  const std::vector<std::string> reasons = kafka_->WhyNotReady();
  return reasons.empty() ? absl::OkStatus() : absl::UnavailableError(absl::StrJoin(reasons, "; "));
}

std::string Daemon::Impl::WebhookPorts() const {
  return webhooks_ == nullptr ? "" : absl::StrJoin(webhooks_->ports(), ",");
}

}  // namespace hark::pipeline
