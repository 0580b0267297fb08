#include "pipeline/detector_loop.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "base/status_macros.h"

namespace hark::pipeline {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Revisions that wait for their commit while records come in.
constexpr std::size_t kMaxWaiting = 1000;
constexpr std::chrono::milliseconds kPatience(200);
constexpr std::chrono::milliseconds kRetry(500);
constexpr std::chrono::seconds kGaugeInterval(1);
constexpr std::chrono::seconds kFullInterval(5);

// The sections of a snapshot file, for the detector.
class FileSections final : public SectionReader {
 public:
  explicit FileSections(const log::Snapshot& snapshot) : snapshot_(snapshot) {}

  absl::StatusOr<std::string> Section(std::string_view name) override {
    return snapshot_.ReadSection(name);
  }

 private:
  const log::Snapshot& snapshot_;
};

// Tells the quarantine of what came too late.
class TooLate final : public detect::EpisodeObserver {
 public:
  explicit TooLate(Quarantine* quarantine) : quarantine_(quarantine) {}

  void OnEpisodeEvent(const std::string& /*alert_id*/, const Hash128& /*key*/) override {}
  void OnTooLate(const std::string& source, const Fact& fact) override {
    if (quarantine_ != nullptr) {
      quarantine_->AddTooLate(source, fact);
    }
  }

 private:
  Quarantine* const quarantine_;
};

}  // namespace

std::vector<metrics::RuleLabel> LabelsOf(const rules::RuleSet& rules) {
  std::vector<metrics::RuleLabel> labels;
  for (const rules::AlertRule& rule : rules.alert_rules) {
    metrics::RuleLabel& label = labels.emplace_back();
    label.id = rule.info.id;
    label.name = rule.info.name;
    label.level = rule.level;
    if (rule.downgrade.has_value()) {
      label.downgraded = rule.downgrade->level;
    }
  }
  return labels;
}

// Keeps the revisions that wait for their commit, and counts them.
class DetectorLoop::Collector final : public RevisionSink {
 public:
  Collector(metrics::EngineMetrics& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  void SetRules(const rules::RuleSet& rules) {
    index_.clear();
    for (const rules::AlertRule& rule : rules.alert_rules) {
      index_.emplace(rule.info.id, index_.size());
    }
    metrics_ = engine_.LoadRules(LabelsOf(rules));
  }

  void OnRevision(const Alert& alert) override {
    waiting_.push_back(alert::MakeRevision(alert, absl::ToUnixMicros(clock_.Now())));
    if (const auto rule = index_.find(alert.rule->id); rule != index_.end()) {
      metrics_->Revision(rule->second, alert.level, alert.state);
    }
  }

  std::vector<alert::Revision>& waiting() { return waiting_; }
  const std::shared_ptr<const metrics::RuleMetrics>& metrics() const { return metrics_; }

 private:
  metrics::EngineMetrics& engine_;
  const Clock& clock_;
  std::map<std::string, std::size_t> index_;  // of alert rules, by id
  std::shared_ptr<const metrics::RuleMetrics> metrics_;
  std::vector<alert::Revision> waiting_;
};

DetectorLoop::DetectorLoop(const Options& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      observer_(std::make_unique<TooLate>(parts.quarantine)),
      collector_(std::make_unique<Collector>(parts.engine_metrics, parts.clock)),
      deadline_(INT64_MAX) {}

DetectorLoop::~DetectorLoop() {
  if (thread_.joinable()) {
    deadline_ = 0;
    thread_.join();
  }
}

absl::Status DetectorLoop::Start(const log::Snapshot* snapshot) {
  if (snapshot != nullptr) {
    RETURN_IF_ERROR(Restore(*snapshot));
  }
  ASSIGN_OR_RETURN(log::FactLogReader reader, parts_.fact_log.Read(position_ + 1));
  reader_ = std::make_unique<log::FactLogReader>(std::move(reader));
  restored_position_ = position_;
  last_snapshot_ = SteadyClock::now();
  next_gauges_ = last_snapshot_;
  Publish();
  thread_ = std::thread([this] { Work(); });
  return absl::OkStatus();
}

absl::Status DetectorLoop::Restore(const log::Snapshot& snapshot) {
  ASSIGN_OR_RETURN(std::shared_ptr<const rules::RuleSet> rules, parts_.rules(snapshot.rules()));
  detector_ = detect::MakeEngine(rules, options_.engine, observer_.get());
  FileSections sections(snapshot);
  RETURN_IF_ERROR(detector_->Restore(sections));
  ASSIGN_OR_RETURN(const std::string table, snapshot.ReadSection(SourceTable::kSection));
  position_ = snapshot.position();
  totals_.StartFrom(detector_->stats());
  UseRules({.id = snapshot.rules(), .rules = std::move(rules)});
  const MutexLock lock(mutex_);
  rules_since_[position_] = snapshot.rules();
  return sources_.Restore(table);
}

void DetectorLoop::UseRules(NamedRules rules) {
  rules_ = std::move(rules);
  collector_->SetRules(*rules_.rules);
  // What was evicted before is not counted in this process.
  detector_->ReadGauges(gauges_);
  evictions_.clear();
  for (const DetectorGauges::Rule& rule : gauges_.rules) {
    evictions_.push_back(rule.evictions);
  }
}

bool DetectorLoop::WaitFor(std::uint64_t position, std::chrono::milliseconds at_most) {
  const auto deadline = SteadyClock::now() + at_most;
  MutexLock lock(mutex_);
  while (shown_.position < position && !ended_ && SteadyClock::now() < deadline) {
    published_.WaitUntil(lock, deadline);
  }
  return shown_.position >= position;
}

bool DetectorLoop::PastDeadline() const {
  return SteadyClock::now().time_since_epoch().count() >= deadline_;
}

void DetectorLoop::Work() {
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && !PastDeadline()) {
    more = Step();
  }
  if (!more.ok()) {
    parts_.logger.Write({.level = LogLevel::kError,
                         .key = "detector_failed",
                         .text = "The fact log cannot be read or judged: hark has to stop."},
                        {ErrorField(more.status())});
  }
  const MutexLock lock(mutex_);
  failure_ = more.status();
  ended_ = true;
  published_.NotifyAll();
}

absl::StatusOr<bool> DetectorLoop::Step() {
  if (!reader_->WaitUntil(SteadyClock::now() + kPatience)) {
    SnapshotIfDue();
    Publish();
    return true;
  }
  FactRecord record;
  ASSIGN_OR_RETURN(const bool found, reader_->Next(record));
  if (!found) {
    return false;
  }
  RETURN_IF_ERROR(Apply(std::move(record)));
  const bool has_more = reader_->WaitUntil(SteadyClock::now());
  if (!collector_->waiting().empty() && (!has_more || collector_->waiting().size() > kMaxWaiting) &&
      !Commit()) {
    return false;
  }
  SnapshotIfDue();
  Publish();
  return true;
}

absl::Status DetectorLoop::Apply(FactRecord record) {
  if (record.kind == FactRecord::Kind::kReload) {
    RETURN_IF_ERROR(Reload(record.rules));
  } else if (detector_ == nullptr) {
    return absl::DataLossError("the fact log does not begin with the rules that it was made with");
  } else {
    const std::string source = record.source;
    {
      const MutexLock lock(mutex_);
      sources_.Apply(record);
    }
    detector_->Apply(std::move(record), *collector_);
    if (!SourceTable::IsMarker(source)) {
      CountApplied(source);
    }
  }
  position_ = reader_->position() - 1;
  return absl::OkStatus();
}

absl::Status DetectorLoop::Reload(const std::string& id) {
  ASSIGN_OR_RETURN(std::shared_ptr<const rules::RuleSet> rules, parts_.rules(id));
  if (detector_ == nullptr) {
    detector_ = detect::MakeEngine(rules, options_.engine, observer_.get());
  } else {
    detector_ = detect::ReloadEngine(std::move(detector_), rules, options_.engine, *collector_,
                                     observer_.get());
  }
  UseRules({.id = id, .rules = std::move(rules)});
  snapshot_requested_ = true;
  const MutexLock lock(mutex_);
  rules_since_[reader_->position() - 1] = id;
  return absl::OkStatus();
}

void DetectorLoop::CountApplied(const std::string& source) {
  totals_.Applied(detector_->stats(), parts_.ingest_metrics.ForSource(source),
                  parts_.ingest_metrics);
  parts_.ingest_metrics.Watermark(detector_->watermark());
}

bool DetectorLoop::Commit(const std::function<bool()>& give_up) {
  std::vector<alert::Revision>& waiting = collector_->waiting();
  while (!waiting.empty()) {
    absl::Status committed =
        parts_.alerts.Commit({.revisions = waiting, .position = position_, .snapshot = {}});
    const bool ok = committed.ok();
    {
      const MutexLock lock(mutex_);
      shown_.revisions += ok ? waiting.size() : 0;
      shown_.commit = std::move(committed);
    }
    if (ok) {
      waiting.clear();
      parts_.on_committed();
      return true;
    }
    parts_.engine_metrics.CommitFailed();
    const std::string error(status().commit.message());
    parts_.logger.Write({.level = LogLevel::kError,
                         .key = "commit_failed",
                         .text = "Alerts cannot be written to the database. Judging waits until "
                                 "they can; nothing is lost."},
                        {{"error", std::string_view(error)}});
    if (give_up()) {
      return false;
    }
    std::this_thread::sleep_for(kRetry);
  }
  return true;
}

bool DetectorLoop::IsSnapshotDue() const {
  const auto since = SteadyClock::now() - last_snapshot_;
  // While the fact log is full nothing is read: only a snapshot, be it of the same records, lets
  // its oldest part go.
  if (since >= kFullInterval && parts_.fact_log.stats().bytes >= options_.max_fact_log_bytes) {
    return true;
  }
  if (position_ == std::max(parts_.snapshots.position(), restored_position_)) {
    return false;
  }
  return snapshot_requested_ || since >= std::chrono::microseconds(options_.snapshot_interval) ||
         reader_->bytes_read() - bytes_at_snapshot_ >= options_.snapshot_bytes;
}

void DetectorLoop::SnapshotIfDue() {
  if (detector_ != nullptr && !parts_.snapshots.is_busy() && IsSnapshotDue() && Commit()) {
    Snapshot();
  }
}

void DetectorLoop::Snapshot() {
  snapshot_requested_ = false;
  last_snapshot_ = SteadyClock::now();
  bytes_at_snapshot_ = reader_->bytes_read();
  parts_.snapshots.Write({.detector = detector_->Freeze(),
                          .sources = sources().Save(),
                          .position = position_,
                          .rules = rules_.id});
}

absl::Status DetectorLoop::SnapshotNow() {
  parts_.snapshots.Wait().IgnoreError();  // an older one
  if (position_ == std::max(parts_.snapshots.position(), restored_position_)) {
    return absl::OkStatus();
  }
  Snapshot();
  return parts_.snapshots.Wait();
}

std::set<std::string> DetectorLoop::RulesSince(std::uint64_t position) const {
  std::set<std::string> ids;
  const MutexLock lock(mutex_);
  auto first = rules_since_.upper_bound(position);
  if (first != rules_since_.begin()) {
    --first;
  }
  for (; first != rules_since_.end(); ++first) {
    ids.insert(first->second);
  }
  return ids;
}

void DetectorLoop::Publish() {
  if (detector_ == nullptr) {
    return;
  }
  if (SteadyClock::now() >= next_gauges_) {
    next_gauges_ = SteadyClock::now() + kGaugeInterval;
    PublishGauges();
  }
  const MutexLock lock(mutex_);
  shown_.position = position_;
  shown_.watermark = detector_->watermark();
  shown_.rules = rules_.id;
  shown_.stats = detector_->stats();
  published_.NotifyAll();
}

void DetectorLoop::PublishGauges() {
  detector_->ReadGauges(gauges_);
  std::uint64_t bytes = gauges_.pending_bytes + gauges_.key_bytes;
  std::array<std::uint64_t, kSeverityCount> open_alerts{};
  evictions_.resize(gauges_.rules.size());
  for (std::size_t i = 0; i < gauges_.rules.size(); ++i) {
    const DetectorGauges::Rule& rule = gauges_.rules[i];
    collector_->metrics()->StateGroups(i, rule.groups);
    collector_->metrics()->StateEvicted(i, rule.evictions - evictions_[i]);
    evictions_[i] = rule.evictions;
    bytes += rule.bytes;
    for (std::size_t level = 0; level < kSeverityCount; ++level) {
      open_alerts[level] += rule.open_alerts[level];
    }
  }
  parts_.engine_metrics.StateBytes(bytes);
  for (std::size_t level = 0; level < kSeverityCount; ++level) {
    parts_.engine_metrics.AlertsOpen(static_cast<Severity>(level), open_alerts[level]);
  }
}

absl::Status DetectorLoop::Stop(std::chrono::steady_clock::time_point deadline) {
  deadline_ = deadline.time_since_epoch().count();
  if (thread_.joinable()) {
    thread_.join();
  }
  RETURN_IF_ERROR(failure());
  if (reader_ == nullptr || detector_ == nullptr) {
    return absl::OkStatus();  // it has not begun: Start has said why
  }
  return Commit() ? SnapshotNow() : status().commit;
}

absl::Status DetectorLoop::Finish(const std::function<bool()>& give_up) {
  if (thread_.joinable()) {
    thread_.join();
  }
  RETURN_IF_ERROR(failure());
  if (reader_ != nullptr && detector_ != nullptr) {
    parts_.snapshots.Wait().IgnoreError();
    detector_->Finish(*collector_);
    Commit(give_up);
  }
  return status().commit;
}

absl::Status DetectorLoop::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

DetectorLoop::Status DetectorLoop::status() const {
  const MutexLock lock(mutex_);
  return shown_;
}

SourceTable DetectorLoop::sources() const {
  const MutexLock lock(mutex_);
  return sources_;
}

}  // namespace hark::pipeline
