#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "pipeline/daemon_impl.h"
#include "pipeline/output_settings.h"

namespace hark::pipeline {
namespace {

// The settings that a reload does not change, as far as they differ.
std::string SettingsForNextStart(const config::Config& old_config,
                                 const config::Config& new_config) {
  std::string names;
  const auto note = [&names](std::string_view name, bool differs) {
    if (differs) {
      absl::StrAppendFormat(&names, "%s%s", names.empty() ? "" : ", ", name);
    }
  };
  note("data_dir", old_config.data_dir != new_config.data_dir);
  note("cluster", old_config.cluster != new_config.cluster);
  note("sources", old_config.sources != new_config.sources);
  note("state", old_config.state != new_config.state);
  note("fact_log", old_config.fact_log != new_config.fact_log);
  note("snapshot", old_config.snapshot != new_config.snapshot);
  note("admin", old_config.admin != new_config.admin);
  note("log.format", old_config.log.format != new_config.log.format);
  note("quarantine", old_config.quarantine != new_config.quarantine);
  note("limits", old_config.limits != new_config.limits);
  return names;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const rules::RuleSet>> Daemon::Impl::RulesOf(const std::string& id) {
  {
    const MutexLock lock(mutex_);
    if (const auto found = compiled_.find(id); found != compiled_.end()) {
      return found->second;
    }
  }
  return store_.archive.Load(id);
}

std::vector<std::string> Daemon::Impl::Reload() {
  notifier_.Reloading().IgnoreError();
  std::vector<std::string> errors;
  std::optional<DaemonSetup> loaded = options_.load(errors);
  if (loaded.has_value()) {
    if (const absl::Status used = UseSetup(*loaded); !used.ok()) {
      errors.emplace_back(used.message());
    }
  }
  if (errors.empty() && loaded.has_value()) {
    UseConfig(loaded->config);
    self_metrics_.ReloadSucceeded(WallNow());
    logger_.Write({.key = "reloaded", .text = "Configuration and rules were reloaded."},
                  {{"rules", std::string_view(rules_.id)}});
  } else {
    self_metrics_.ReloadFailed();
    for (const std::string& error : errors) {
      logger_.Write({.level = LogLevel::kError,
                     .key = "reload_failed",
                     .text = "The reload has failed; all is as it was.",
                     .about = error},
                    {{"error", std::string_view(error)}});
    }
  }
  notifier_.Ready().IgnoreError();
  return errors;
}

absl::Status Daemon::Impl::UseSetup(const DaemonSetup& setup) {
  if (webhooks_ != nullptr) {
    RETURN_IF_ERROR(webhooks_->Reload());
  }
  // Whatever has changed: files with secrets may have, and an output that was stopped begins anew.
  absl::Status status = StartOutputs(setup.config);
  const NamedRules rules = {.id = RuleSetId(*setup.rules, setup.rule_files), .rules = setup.rules};
  if (status.ok() && rules.id != rules_.id) {
    status = UseRules(rules, setup.rule_files);
  }
  if (!status.ok()) {
    // What stood before can be opened, or waits as it did.
    status.Update(StartOutputs(setup_.config));
  }
  return status;
}

absl::Status Daemon::Impl::UseRules(const NamedRules& rules,
                                    const std::vector<rules::RuleFile>& files) {
  RETURN_IF_ERROR(store_.archive.Keep(rules.id, files));
  {
    const MutexLock lock(mutex_);
    compiled_[rules.id] = rules.rules;
  }
  absl::Status status;
  PauseSources([&]() -> std::shared_ptr<const rules::RuleSet> {
    FactRecord barrier;
    barrier.kind = FactRecord::Kind::kReload;
    barrier.rules = rules.id;
    absl::StatusOr<log::Appended> appended = store_.fact_log->Append(barrier);
    status = appended.ok() ? store_.fact_log->WaitDurable(*appended) : appended.status();
    if (!status.ok()) {
      return nullptr;
    }
    rules_ = rules;
    CountRules();
    return rules.rules;
  });
  return status;
}

absl::Status Daemon::Impl::StartOutputs(const config::Config& config) {
  ASSIGN_OR_RETURN(
      std::vector<alert::OutputSettings> outputs,
      MakeOutputs(config.outputs,
                  {.table = options_.table, .max_waiting_bytes = MaxWaitingBytes(config.alerts)}));
  ASSIGN_OR_RETURN(std::vector<alert::Silence> silences, MakeSilences(config.silences));
  if (const auto old = dispatcher()) {
    old->Stop();  // two must not write to one file
    outputs_stand_ = false;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<alert::Dispatcher> started,
                   alert::Dispatcher::Start(store_.alerts, std::move(outputs),
                                            {.steady = &steady_,
                                             .log = &logger_,
                                             .metrics = &delivery_metrics_,
                                             .silences = std::move(silences)}));
  const MutexLock lock(mutex_);
  dispatcher_ = std::move(started);
  outputs_stand_ = true;
  dispatcher_->Notify();  // of what came while the old one was still told
  return absl::OkStatus();
}

void Daemon::Impl::UseConfig(const config::Config& config) {
  const std::string later = SettingsForNextStart(setup_.config, config);
  if (!later.empty()) {
    logger_.Write({.level = LogLevel::kWarning,
                   .key = "reload_incomplete",
                   .text = "Some settings were changed that a reload does not change. They count "
                           "from the next start on."},
                  {{"settings", std::string_view(later)}});
  }
  logger_.SetLevel(static_cast<LogLevel>(config.log.level));
  if (const absl::Status token = server_->ReloadToken(); !token.ok()) {
    logger_.Write({.level = LogLevel::kError,
                   .key = "token_failed",
                   .text = "The token file cannot be read. The old token stays valid."},
                  {ErrorField(token)});
  }
  // What counts now; the rest stays, so that the next reload says so again.
  setup_.config.outputs = config.outputs;
  setup_.config.silences = config.silences;
  setup_.config.alerts = config.alerts;
  retention_.Use(config.alerts);
  setup_.config.log.level = config.log.level;
  setup_.config.shutdown = config.shutdown;
  setup_.config.rules = config.rules;
  WatchFiles();
}

void Daemon::Impl::AnswerReload() {
  {
    const MutexLock lock(mutex_);
    if (!reload_.has_value()) {
      return;
    }
  }
  std::vector<std::string> errors = Reload();
  const MutexLock lock(mutex_);
  reload_->set_value(std::move(errors));
  reload_.reset();
}

void Daemon::Impl::RefuseReloads() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  if (reload_.has_value()) {
    reload_->set_value({"hark is stopping"});
    reload_.reset();
  }
}

void Daemon::Impl::RemoveOldRules() {
  const std::uint64_t keep_from = snapshots_->keep_from();
  if (keep_from <= 1 || detector_->status().rules != rules_.id) {
    return;  // not all that may be needed is known
  }
  std::set<std::string> needed = detector_->RulesSince(keep_from);
  needed.insert(rules_.id);
  store_.archive.RemoveAllBut(needed);
  const MutexLock lock(mutex_);
  std::erase_if(compiled_, [&needed](const auto& entry) { return !needed.contains(entry.first); });
}

}  // namespace hark::pipeline
