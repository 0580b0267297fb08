#include "pipeline/replay.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <thread>
#include <utility>

#include "log/memory_fact_log.h"
#include "pipeline/batch_judge.h"
#include "pipeline/batch_scheduler.h"
#include "pipeline/selecting_sink.h"
#include "pipeline/source_peek.h"

namespace hark::pipeline {
namespace {

// Records that are under way at a time. It is the same for any number of threads, because the order
// in which sources are read depends on it.
constexpr std::size_t kRecordsUnderWay = 64;

Micros SaturatingSubtract(Micros time, Micros duration) {
  return time < kBeginningOfTime + duration ? kBeginningOfTime : time - duration;
}

JudgedTimes TimesOf(const ReplayOptions& options) {
  return {.from = SaturatingSubtract(options.from, options.rules->LongestWindow()),
          .to = options.to,
          .latest_legal = LatestLegalTime(options.now)};
}

// When the sources begin. One source alone need not be looked at: nobody waits for it.
std::vector<Micros> FirstTimesOf(const ReplayOptions& options,
                                 const std::vector<std::unique_ptr<Source>>& sources) {
  if (sources.size() < 2) {
    return std::vector<Micros>(sources.size(), kBeginningOfTime);
  }
  std::vector<Micros> times =
      FirstEventTimes(sources, {.parts = options.rules->index_parts,
                                .latest_legal = LatestLegalTime(options.now),
                                .stop = options.stop});
  for (Micros& time : times) {
    time = std::min(time, options.to);  // as for the events that are read
  }
  return times;
}

// What one thread of the stateless half owns. Aligned so that two workers never write to one cache
// line.
struct alignas(64) Worker {
  Worker(const ReplayOptions& options, std::size_t sources)
      : rejects(sources),
        judge(options.rules, TimesOf(options), options.quarantine, options.max_event_bytes) {}

  RejectTally rejects;
  BatchJudge judge;
  RecordBatch batch;
  FactRecord record;
  std::thread thread;
};

// Tells the quarantine of what came too late, and the observer of the replay everything.
class RunObserver final : public detect::EpisodeObserver {
 public:
  explicit RunObserver(const ReplayOptions& options) : options_(options) {}

  bool is_needed() const { return options_.observer != nullptr || options_.quarantine != nullptr; }

  void OnEpisodeEvent(const std::string& alert_id, const Hash128& key) override {
    if (options_.observer != nullptr) {
      options_.observer->OnEpisodeEvent(alert_id, key);
    }
  }
  void OnTooLate(const std::string& source, const Fact& fact) override {
    if (options_.quarantine != nullptr) {
      options_.quarantine->AddTooLate(source, fact);
    }
  }

 private:
  const ReplayOptions& options_;
};

class ReplayRun {
 public:
  ReplayRun(const ReplayOptions& options, std::vector<std::unique_ptr<Source>> sources,
            RevisionSink& sink)
      : options_(options),
        sink_({.min_level = options.min_level, .from = options.from}, sink),
        observer_(options),
        detector_(detect::MakeEngine(options.rules, options.engine,
                                     observer_.is_needed() ? &observer_ : nullptr)),
        log_(kRecordsUnderWay),
        first_times_(FirstTimesOf(options, sources)),
        scheduler_(std::move(sources), first_times_, options.batch_bytes, log_) {}

  ReplayResult Run() {
    Declare();
    StartWorkers();
    FactRecord record;
    while (!Stopped() && log_.Next(record)) {
      Apply(std::move(record));
    }
    log_.Cancel();
    ReplayResult result = JoinWorkers();
    detector_->Finish(sink_);
    result.detector = detector_->stats();
    return result;
  }

 private:
  bool Stopped() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }

  // The source that begins first is declared first: the watermark, which never goes back, must not
  // pass its beginning before it is known.
  void Declare() {
    std::vector<std::size_t> order(first_times_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return first_times_[a] < first_times_[b];
    });
    for (const std::size_t i : order) {
      FactRecord record;
      record.kind = FactRecord::Kind::kDeclare;
      record.source = scheduler_.sources()[i]->name();
      record.lateness = options_.lateness;
      record.highest_time = first_times_[i];
      Apply(std::move(record));
    }
  }

  void StartWorkers() {
    for (int i = 0; i < std::max(options_.threads, 1); ++i) {
      workers_.push_back(std::make_unique<Worker>(options_, scheduler_.sources().size()));
      Worker& worker = *workers_.back();
      worker.thread = std::thread([this, &worker] { Work(worker); });
    }
  }

  void Work(Worker& worker) {
    while (const auto ticket = scheduler_.Next(worker.batch)) {
      const Source& source = *scheduler_.sources()[ticket->source];
      worker.record.source = source.name();
      worker.record.position = ticket->position;
      if (ticket->source_ended) {
        MakeEnd(worker.record);
      } else {
        const std::string& own_cluster = source.cluster();
        const InputStats before = worker.judge.stats();
        worker.judge.Judge(worker.batch, own_cluster.empty() ? options_.cluster : own_cluster,
                           worker.record);
        worker.rejects.Add(ticket->source, before, worker.judge.stats());
      }
      worker.batch.ReleaseLarge();
      scheduler_.Report(*ticket, worker.record.highest_time);
      log_.Put(ticket->place, worker.record);
    }
  }

  static void MakeEnd(FactRecord& record) {
    record.kind = FactRecord::Kind::kEnd;
    record.events = 0;
    record.highest_time = kBeginningOfTime;
    record.facts.clear();
  }

  void Apply(FactRecord record) {
    if (options_.on_record) {
      options_.on_record(record);
    }
    if (options_.on_progress && record.kind == FactRecord::Kind::kBatch) {
      ReportProgress(record);
    }
    if (record.kind == FactRecord::Kind::kEnd) {
      positions_.erase(record.source);
    }
    detector_->Apply(std::move(record), sink_);
  }

  void ReportProgress(const FactRecord& record) {
    std::uint64_t& position = positions_[record.source];
    progress_.bytes += record.position - position;
    progress_.events += record.events;
    position = record.position;
    options_.on_progress(progress_);
  }

  ReplayResult JoinWorkers() {
    ReplayResult result;
    RejectTally rejects(scheduler_.sources().size());
    for (const std::unique_ptr<Worker>& worker : workers_) {
      worker->thread.join();
      result.input.Merge(worker->judge.stats());
      rejects.Merge(worker->rejects);
    }
    result.damaged_logs = rejects.DamagedLogs(scheduler_.sources());
    result.source_errors = scheduler_.TakeErrors();
    result.stopped = Stopped();
    return result;
  }

  const ReplayOptions& options_;
  SelectingSink sink_;
  RunObserver observer_;
  const std::unique_ptr<Detector> detector_;
  log::MemoryFactLog log_;
  const std::vector<Micros> first_times_;  // by source
  BatchScheduler scheduler_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<std::string, std::uint64_t> positions_;
  ReplayProgress progress_;
};

}  // namespace

ReplayResult Replay(const ReplayOptions& options, std::vector<std::unique_ptr<Source>> sources,
                    RevisionSink& sink) {
  return ReplayRun(options, std::move(sources), sink).Run();
}

}  // namespace hark::pipeline
