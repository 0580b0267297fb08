#include "pipeline/webhook_source.h"

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::pipeline {
namespace {

constexpr std::string_view kScheme = "webhook:";

SourceProgress::Start StartOf(const SourceTable::Entry* past) {
  return past == nullptr ? SourceProgress::Start()
                         : SourceProgress::Start{.position = past->position,
                                                 .highest_time = past->highest_time};
}

std::string SuffixOf(std::string_view listener) {
  return absl::StrFormat("=%s%s", kScheme, listener);
}

}  // namespace

std::string WebhookSource::NameOf(std::string_view listener, std::string_view cluster) {
  return std::string(cluster) + SuffixOf(listener);
}

bool WebhookSource::IsOf(std::string_view name, std::string_view listener) {
  const std::string suffix = SuffixOf(listener);
  return name.size() > suffix.size() && name.ends_with(suffix);
}

std::string WebhookSource::ClusterIn(std::string_view name, std::string_view listener) {
  return std::string(name.substr(0, name.size() - SuffixOf(listener).size()));
}

WebhookSource::WebhookSource(const Settings& settings, const LiveContext& context)
    : name_(NameOf(settings.listener, settings.cluster)),
      cluster_(settings.cluster),
      lateness_(settings.lateness),
      context_(context),
      is_declared_(settings.past != nullptr && !settings.past->ended &&
                   settings.past->lateness == settings.lateness),
      position_(settings.past == nullptr ? 0 : settings.past->position),
      generation_(context.fact_log.generation()),
      progress_(name_, cluster_, lateness_, StartOf(settings.past), context) {}

void WebhookSource::Open() {
  const MutexLock lock(mutex_);
  ++open_;
}

void WebhookSource::Close() {
  const MutexLock lock(mutex_);
  --open_;
  progress_.OnSignOfLife();  // refused or not: more may come of it
}

absl::Status WebhookSource::Declare() {
  const MutexLock declaring(declare_mutex_);
  FactRecord record;
  {
    const MutexLock lock(mutex_);
    if (is_declared_) {
      return absl::OkStatus();
    }
    record = NewRecord(FactRecord::Kind::kDeclare);
  }
  record.lateness = lateness_;
  ASSIGN_OR_RETURN(const log::Appended appended,
                   context_.fact_log.Append(record, {.when_full = log::WhenFull::kFail}));
  RETURN_IF_ERROR(context_.fact_log.WaitDurable(appended));
  const MutexLock lock(mutex_);
  is_declared_ = true;
  return absl::OkStatus();
}

std::uint64_t WebhookSource::Advance(std::size_t bytes) {
  const MutexLock lock(mutex_);
  const std::uint64_t position = position_;
  position_ += bytes;
  return position;
}

void WebhookSource::OnBatch(const InputStats& before, const InputStats& after,
                            const FactRecord& record) {
  if (context_.on_facts) {
    context_.on_facts(record);
  }
  const MutexLock lock(mutex_);
  progress_.OnBatch(before, after, record);
}

void WebhookSource::OnUnstorable(const absl::Status& status) {
  const MutexLock lock(mutex_);
  progress_.OnUnreadable(std::string(status.message()));
}

void WebhookSource::Tick() {
  const MutexLock lock(mutex_);
  if (!is_declared_ || open_ > 0) {
    return;
  }
  const std::uint64_t generation = context_.fact_log.generation();
  if (generation != generation_) {
    generation_ = generation;  // the last idle record may be lost
    progress_.OnLogFailure(position_);
  }
  const std::optional<Micros> time = progress_.OnNothing();
  if (!time.has_value()) {
    return;
  }
  FactRecord record = NewRecord(FactRecord::Kind::kIdle);
  record.highest_time = *time;
  if (context_.fact_log
          .Append(record, {.generation = generation, .when_full = log::WhenFull::kFail})
          .ok()) {
    progress_.OnPromised(*time);
  }
}

FactRecord WebhookSource::NewRecord(FactRecord::Kind kind) const {
  FactRecord record;
  record.kind = kind;
  record.source = name_;
  record.position = position_;
  record.cursor = kCursor;
  return record;
}

Micros WebhookSource::highest_time() const {
  const MutexLock lock(mutex_);
  return progress_.highest_time();
}

LiveSourceStatus WebhookSource::status() const {
  const MutexLock lock(mutex_);
  return progress_.status();
}

}  // namespace hark::pipeline
