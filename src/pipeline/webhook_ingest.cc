#include "pipeline/webhook_ingest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/hash128.h"
#include "pipeline/event_reader.h"

namespace hark::pipeline {
namespace {

using server::AuditOutcome;

// simdjson's index, and the buffers for unescaped texts and for what was read: of an event that is
// longer than what the judges' own parsers hold.
constexpr std::size_t kParserBytesPerByte = 6;

// The bytes of a view have kPadding readable ones after them, since the body's have.
std::string_view TextOf(const server::AuditBody& body) {
  return {body.bytes.get(), body.size};
}

}  // namespace

struct WebhookIngest::Scratch {
  explicit Scratch(const LiveContext& context) : lateness(context.metrics.NewLatenessBatch()) {}
  std::shared_ptr<const rules::RuleSet> rules;
  std::optional<BatchJudge> judge;
  parse::EventList list;
  RecordBatch batch;
  FactRecord record;
  metrics::HistogramBatch lateness;
};

WebhookIngest::WebhookIngest(Options options, const LiveContext& context,
                             std::shared_ptr<const rules::RuleSet> rules, const SourceTable& past)
    : options_(std::move(options)), context_(context), rules_(std::move(rules)) {
  const MutexLock lock(mutex_);
  for (const Listener& listener : options_.listeners) {
    for (const auto& [name, entry] : past.entries()) {
      if (!entry.ended && WebhookSource::IsOf(name, listener.name)) {
        sources_[name] = std::make_unique<WebhookSource>(
            WebhookSource::Settings{.listener = listener.name,
                                    .cluster = WebhookSource::ClusterIn(name, listener.name),
                                    .lateness = listener.lateness,
                                    .past = &entry},
            context_);
      }
    }
  }
}

WebhookIngest::~WebhookIngest() {
  Stop();
}

bool WebhookIngest::Owns(std::string_view name) const {
  return std::any_of(
      options_.listeners.begin(), options_.listeners.end(),
      [name](const Listener& listener) { return WebhookSource::IsOf(name, listener.name); });
}

void WebhookIngest::Start() {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    threads_.emplace_back([this] { Work(); });
  }
  acknowledger_ = std::thread([this] { Acknowledge(); });
}

void WebhookIngest::Stop() {
  std::deque<Job> left;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    left.swap(jobs_);
    changed_.NotifyAll();
  }
  for (const Job& job : left) {
    Finish(job.done, AuditOutcome::kUnavailable);
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
  {
    const MutexLock lock(mutex_);
    judged_all_ = true;
    changed_.NotifyAll();
  }
  if (acknowledger_.joinable()) {
    acknowledger_.join();
  }
}

void WebhookIngest::Pause(const std::function<std::shared_ptr<const rules::RuleSet>()>& action) {
  MutexLock lock(mutex_);
  paused_ = true;
  while (under_way_ > 0) {
    changed_.Wait(lock);
  }
  if (std::shared_ptr<const rules::RuleSet> rules = action()) {
    rules_ = std::move(rules);
  }
  paused_ = false;
  changed_.NotifyAll();
}

void WebhookIngest::Tick() {
  std::vector<WebhookSource*> sources;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, source] : sources_) {
      sources.push_back(source.get());
    }
  }
  for (WebhookSource* const source : sources) {
    source->Tick();
  }
}

std::vector<LiveSourceStatus> WebhookIngest::Status() const {
  std::vector<LiveSourceStatus> all;
  const MutexLock lock(mutex_);
  for (const auto& [name, source] : sources_) {
    all.push_back(source->status());
  }
  return all;
}

WebhookSource* WebhookIngest::SourceOf(std::string_view listener, std::string_view cluster) {
  const std::string name = WebhookSource::NameOf(listener, cluster);
  const MutexLock lock(mutex_);
  if (const auto found = sources_.find(name); found != sources_.end()) {
    return found->second.get();
  }
  const auto configured =
      std::find_if(options_.listeners.begin(), options_.listeners.end(),
                   [listener](const Listener& each) { return each.name == listener; });
  if (configured == options_.listeners.end() || sources_.size() >= kMaxSources) {
    context_.logger.Write({.level = LogLevel::kWarning,
                           .key = "too_many_clusters",
                           .text = "Events of one more cluster were posted than hark keeps apart. "
                                   "They are refused.",
                           .about = std::string(cluster)},
                          {{"cluster", cluster}});
    return nullptr;
  }
  auto source =
      std::make_unique<WebhookSource>(WebhookSource::Settings{.listener = std::string(listener),
                                                              .cluster = std::string(cluster),
                                                              .lateness = configured->lateness},
                                      context_);
  return sources_.emplace(name, std::move(source)).first->second.get();
}

void WebhookIngest::OnOpen(std::string_view listener, std::string_view cluster) {
  if (WebhookSource* const source = SourceOf(listener, cluster)) {
    source->Open();
  }
}

void WebhookIngest::OnClose(std::string_view listener, std::string_view cluster) {
  if (WebhookSource* const source = SourceOf(listener, cluster)) {
    source->Close();
  }
}

void WebhookIngest::Take(server::AuditBody body, Done done) {
  bool is_stopped = false;
  {
    const MutexLock lock(mutex_);
    is_stopped = stopped_;
    if (!stopped_ && waiting_ < options_.max_waiting) {
      ++waiting_;
      jobs_.push_back({.body = std::move(body), .done = std::move(done)});
      changed_.NotifyAll();
      return;
    }
  }
  done(is_stopped ? AuditOutcome::kUnavailable : AuditOutcome::kBusy);
}

bool WebhookIngest::Next(Job& job) {
  MutexLock lock(mutex_);
  while (!stopped_ && (paused_ || jobs_.empty())) {
    changed_.Wait(lock);
  }
  if (stopped_) {
    return false;
  }
  job = std::move(jobs_.front());
  jobs_.pop_front();
  ++under_way_;
  return true;
}

void WebhookIngest::Finish(const Done& done, AuditOutcome outcome) {
  {
    const MutexLock lock(mutex_);
    --waiting_;
  }
  done(outcome);
}

void WebhookIngest::Work() {
  Scratch scratch(context_);
  Job job;
  while (Next(job)) {
    {
      const MutexLock lock(mutex_);
      if (scratch.rules != rules_) {
        scratch.rules = rules_;
        scratch.judge.emplace(rules_, JudgedTimes{}, options_.quarantine,
                              options_.max_record_bytes);
      }
    }
    WebhookSource* const source = SourceOf(job.body.listener, job.body.cluster);
    std::vector<log::Appended> appended;
    const AuditOutcome outcome = source == nullptr ? AuditOutcome::kUnavailable
                                                   : Judge(job.body, *source, scratch, appended);
    job.body = {};
    const bool waits = outcome == AuditOutcome::kStored;
    {
      const MutexLock lock(mutex_);
      --under_way_;
      if (waits) {
        acks_.push_back({.appended = std::move(appended), .source = source, .done = job.done});
      }
      changed_.NotifyAll();
    }
    if (!waits) {
      Finish(job.done, outcome);
    }
    job.done = nullptr;
  }
}

void WebhookIngest::Acknowledge() {
  while (true) {
    Ack ack;
    {
      MutexLock lock(mutex_);
      while (acks_.empty() && !judged_all_) {
        changed_.Wait(lock);
      }
      if (acks_.empty()) {
        return;
      }
      ack = std::move(acks_.front());
      acks_.pop_front();
    }
    absl::Status status;
    for (const log::Appended& appended : ack.appended) {
      status.Update(context_.fact_log.WaitDurable(appended));
    }
    Finish(ack.done, status.ok() ? AuditOutcome::kStored : OnAppendFailure(status, *ack.source));
  }
}

AuditOutcome WebhookIngest::Judge(server::AuditBody& body, WebhookSource& source, Scratch& scratch,
                                  std::vector<log::Appended>& appended) {
  if (WhyLogIsFull(context_) != nullptr) {
    return AuditOutcome::kBusy;
  }
  if (const absl::Status declared = source.Declare(); !declared.ok()) {
    return OnAppendFailure(declared, source);
  }
  switch (parse::OpenEventList(TextOf(body), options_.max_record_bytes, scratch.list)) {
    case parse::EventListOutcome::kMalformed:
      return Refuse(body, RejectReason::kMalformed, source);
    case parse::EventListOutcome::kOther:
      return Refuse(body, std::nullopt, source);
    case parse::EventListOutcome::kOpened:
      break;
  }
  if (scratch.list.longest > LargeTurn::kLarge &&
      !body.memory.Grow(kParserBytesPerByte * scratch.list.longest)) {
    return AuditOutcome::kBusy;
  }
  return AppendRuns(scratch.list, source, source.Advance(body.size), scratch, appended);
}

AuditOutcome WebhookIngest::AppendRuns(const parse::EventList& list, WebhookSource& source,
                                       std::uint64_t offset, Scratch& scratch,
                                       std::vector<log::Appended>& appended) {
  RecordBatch& batch = scratch.batch;
  batch.context = list.head;
  batch.damages = list.damages;
  for (Damage& damage : batch.damages) {
    const std::string_view bytes(list.head.data() + damage.offset, damage.length);
    damage.sha256 = Sha256Hex(bytes);
    damage.start = bytes.substr(0, Quarantine::kMaxRawBytes);
    damage.offset += offset;
  }
  for (std::size_t i = 0; i < list.runs.size() || (i == 0 && !batch.damages.empty()); ++i) {
    batch.data = i < list.runs.size() ? list.runs[i] : std::string_view();
    const bool is_empty = batch.data.empty();
    batch.offset =
        offset + (is_empty ? 0 : static_cast<std::size_t>(batch.data.data() - list.head.data()));
    scratch.record.source = source.name();
    scratch.record.position = batch.end_offset();
    scratch.record.cursor = WebhookSource::kCursor;
    const InputStats before = scratch.judge->stats();
    scratch.judge->SetReceipt({.latest_legal = LatestLegalTime(context_.now()),
                               .highest_time = source.highest_time(),
                               .lateness = &scratch.lateness});
    scratch.judge->Judge(batch, source.cluster(), scratch.record);
    batch.damages.clear();
    absl::StatusOr<log::Appended> record =
        context_.fact_log.Append(scratch.record, {.when_full = log::WhenFull::kFail});
    if (!record.ok()) {
      return OnAppendFailure(record.status(), source);
    }
    appended.push_back(*std::move(record));
    source.OnBatch(before, scratch.judge->stats(), scratch.record);
    context_.metrics.Lateness(scratch.lateness);
  }
  return AuditOutcome::kStored;
}

AuditOutcome WebhookIngest::Refuse(const server::AuditBody& body,
                                   std::optional<RejectReason> reason, WebhookSource& source) {
  const metrics::SourceMetrics& metrics = context_.metrics.ForSource(source.name());
  const std::uint64_t offset = source.Advance(body.size);
  if (reason.has_value()) {
    metrics.RecordRejected(*reason);
  } else {
    metrics.RecordSkipped(SkipReason::kNoAuditEvent);
  }
  if (reason.has_value() && options_.quarantine != nullptr) {
    options_.quarantine->Add(*reason, source.name(),
                             {.offset = offset, .length = body.size, .text = TextOf(body)});
  }
  context_.logger.Write(
      {.level = LogLevel::kWarning,
       .key = "no_event_list",
       .text = "A body that is no EventList of audit.k8s.io was posted. It is "
               "refused with 400.",
       .about = source.name()},
      {{"source", std::string_view(source.name())}, {"bytes", std::uint64_t{body.size}}});
  return AuditOutcome::kNotEvents;
}

AuditOutcome WebhookIngest::OnAppendFailure(const absl::Status& status, WebhookSource& source) {
  if (absl::IsUnavailable(status)) {
    return AuditOutcome::kBusy;  // the log is behind
  }
  if (!absl::IsFailedPrecondition(status)) {  // it is not closed for a stop
    source.OnUnstorable(status);
    context_.logger.Write({.level = LogLevel::kError,
                           .key = "fact_log_failed",
                           .text = "The fact log cannot be written. API servers are told to send "
                                   "their events again."},
                          {ErrorField(status)});
  }
  return AuditOutcome::kUnavailable;
}

}  // namespace hark::pipeline
