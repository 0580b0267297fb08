#include "pipeline/live_source.h"

#include <utility>

#include "base/status_macros.h"
#include "pipeline/input_stats.h"

namespace hark::pipeline {
namespace {

// Records that may be on their way to the disk.
constexpr std::size_t kMaxInFlight = 16;

}  // namespace

LiveSource::LiveSource(Settings settings, const LiveContext& context)
    : settings_(std::move(settings)),
      name_(settings_.source->name()),
      cluster_(settings_.source->cluster().empty() ? settings_.cluster
                                                   : settings_.source->cluster()),
      context_(context),
      is_declared_(settings_.is_declared),
      is_declared_durably_(settings_.is_declared),
      source_(std::move(settings_.source)),
      generation_(context.fact_log.generation()),
      durable_cursor_(source_->cursor()),
      durable_position_(settings_.position),
      cursor_(durable_cursor_),
      position_(settings_.position),
      progress_(name_, cluster_, settings_.lateness,
                {.position = settings_.position, .highest_time = settings_.highest_time}, context) {
}

void LiveSource::Declare() {
  if (const absl::Status declared = AppendDeclaration(); !declared.ok()) {
    OnLogFailure(declared);
  }
}

absl::Status LiveSource::AppendDeclaration() {
  if (is_declared_) {
    return absl::OkStatus();
  }
  FactRecord record = NewRecord(FactRecord::Kind::kDeclare);
  record.lateness = settings_.lateness;
  RETURN_IF_ERROR(Append(record));
  is_declared_ = true;
  return absl::OkStatus();
}

LiveSource::Outcome LiveSource::Advance(std::size_t max_bytes, BatchJudge& judge,
                                        Scratch& scratch) {
  if (const absl::Status declared = AppendDeclaration(); !declared.ok()) {
    return OnLogFailure(declared);
  }
  if (source_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Source>> opened = settings_.reopen(durable_cursor_);
    if (!opened.ok()) {
      return OnUnreadable(opened.status());
    }
    source_ = *std::move(opened);
  }
  if (const char* const full = WhyLogIsFull(context_)) {
    SetUnreadable(full);
    return Outcome::kLogFailed;
  }
  return ReadBatch(max_bytes, judge, scratch);
}

LiveSource::Outcome LiveSource::ReadBatch(std::size_t max_bytes, BatchJudge& judge,
                                          Scratch& scratch) {
  RecordBatch& batch = scratch.batch;
  const absl::Status read = source_->Read(max_bytes, batch);
  if (!read.ok()) {
    return OnUnreadable(read);
  }
  if (batch.at_end()) {
    return OnNothing();
  }
  FactRecord& record = scratch.record;
  record.source = name_;
  record.position = batch.end_offset();
  record.cursor = source_->cursor();
  const InputStats before = judge.stats();
  judge.SetReceipt({.latest_legal = LatestLegalTime(context_.now()),
                    .highest_time = highest_time(),
                    .lateness = &scratch.lateness});
  judge.Judge(batch, cluster_, record);
  if (const absl::Status appended = Append(record); !appended.ok()) {
    return OnLogFailure(appended);
  }
  CountBatch(before, judge.stats(), record);
  context_.metrics.Lateness(scratch.lateness);
  return Outcome::kRead;
}

LiveSource::Outcome LiveSource::OnNothing() {
  if (const absl::Status settled = Settle(0); !settled.ok()) {
    return OnLogFailure(settled);
  }
  std::optional<Micros> time;
  {
    const MutexLock lock(status_mutex_);
    time = progress_.OnNothing();
  }
  if (time.has_value()) {
    if (const absl::Status appended = AppendIdle(*time); !appended.ok()) {
      return OnLogFailure(appended);
    }
  }
  return Outcome::kNothing;
}

LiveSource::Outcome LiveSource::OnUnreadable(const absl::Status& status) {
  if (absl::IsNotFound(status) && settings_.may_vanish) {
    if (!settings_.keeps_cursor) {
      cursor_.clear();  // nobody can go on with what is gone
    }
    return End();
  }
  if (absl::IsAborted(status)) {
    return Outcome::kNotYet;
  }
  SetUnreadable(std::string(status.message()));
  context_.logger.Write({.level = LogLevel::kWarning,
                         .key = "source_unreadable",
                         .text = "The source cannot be read. It holds the watermark until it can.",
                         .about = name_},
                        {{"source", std::string_view(name_)}, ErrorField(status)});
  return Outcome::kUnreadable;
}

LiveSource::Outcome LiveSource::OnLogFailure(absl::Status status) {
  if (absl::IsFailedPrecondition(status)) {
    return Outcome::kClosed;
  }
  // That a record was refused for an earlier one's sake says nothing; the earlier one knows why.
  for (auto each = in_flight_.begin(); absl::IsAborted(status) && each != in_flight_.end();
       ++each) {
    if (absl::Status earlier = context_.fact_log.WaitDurable(each->appended); !earlier.ok()) {
      status = std::move(earlier);
    }
  }
  is_declared_ = is_declared_durably_;
  in_flight_.clear();
  cursor_ = durable_cursor_;
  position_ = durable_position_;
  // Without a cursor it begins where it began in this run; null if it waits to be opened again.
  if (source_ != nullptr && (!durable_cursor_.empty() || !source_->Rewind())) {
    source_.reset();
  }
  generation_ = context_.fact_log.generation();
  SetUnreadable(std::string(status.message()));
  {
    const MutexLock lock(status_mutex_);
    progress_.OnLogFailure(position_);
  }
  context_.logger.Write(
      {.level = LogLevel::kError,
       .key = "fact_log_failed",
       .text = "The fact log cannot be written. Reading stops, and goes on behind the last record "
               "that is on the disk."},
      {ErrorField(status)});
  return Outcome::kLogFailed;
}

absl::Status LiveSource::AppendIdle(Micros time) {
  FactRecord record = NewRecord(FactRecord::Kind::kIdle);
  record.highest_time = time;
  RETURN_IF_ERROR(Append(record));
  const MutexLock lock(status_mutex_);
  progress_.OnPromised(time);
  return absl::OkStatus();
}

LiveSource::Outcome LiveSource::End() {
  if (const absl::Status ended = AppendEnd(); !ended.ok()) {
    return OnLogFailure(ended);
  }
  const MutexLock lock(status_mutex_);
  progress_.OnEnd();
  return Outcome::kGone;
}

absl::Status LiveSource::AppendEnd() {
  RETURN_IF_ERROR(Settle(0));
  RETURN_IF_ERROR(Append(NewRecord(FactRecord::Kind::kEnd)));
  return Settle(0);
}

FactRecord LiveSource::NewRecord(FactRecord::Kind kind) const {
  FactRecord record;
  record.kind = kind;
  record.source = name_;
  record.position = position_;
  record.cursor = cursor_;
  return record;
}

absl::Status LiveSource::Append(const FactRecord& record) {
  ASSIGN_OR_RETURN(log::Appended appended,
                   context_.fact_log.Append(record, {.generation = generation_}));
  cursor_ = record.cursor;
  position_ = record.position;
  in_flight_.push_back({.appended = std::move(appended),
                        .cursor = record.cursor,
                        .position = record.position,
                        .declares = record.kind == FactRecord::Kind::kDeclare});
  return Settle(kMaxInFlight);
}

absl::Status LiveSource::Settle(std::size_t most) {
  while (in_flight_.size() > most) {
    RETURN_IF_ERROR(context_.fact_log.WaitDurable(in_flight_.front().appended));
    durable_cursor_ = std::move(in_flight_.front().cursor);
    durable_position_ = in_flight_.front().position;
    is_declared_durably_ = is_declared_durably_ || in_flight_.front().declares;
    in_flight_.pop_front();
  }
  return absl::OkStatus();
}

void LiveSource::CountBatch(const InputStats& before, const InputStats& after,
                            const FactRecord& record) {
  if (context_.on_facts) {
    context_.on_facts(record);
  }
  const MutexLock lock(status_mutex_);
  progress_.OnBatch(before, after, record);
}

void LiveSource::SetUnreadable(std::string error) {
  const MutexLock lock(status_mutex_);
  progress_.OnUnreadable(std::move(error));
}

Micros LiveSource::highest_time() const {
  const MutexLock lock(status_mutex_);
  return progress_.highest_time();
}

LiveSourceStatus LiveSource::status() const {
  const MutexLock lock(status_mutex_);
  return progress_.status();
}

}  // namespace hark::pipeline
