#include "pipeline/live_ingest.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "pipeline/batch_judge.h"

namespace hark::pipeline {
namespace {

// Each look costs a wake-up and, with something new, a sync of the fact log: five a second are soon
// enough for an alert.
constexpr Micros kPollInterval = 200'000;
constexpr Micros kRetryInterval = 1'000'000;
constexpr Micros kSoon = 10'000;
// A source that is to be read to its end is given up when it could not be read so often.
constexpr int kMaxFailures = 5;
// So many sources are polled in one poll interval without costing more than some percent of a core.
constexpr Micros kSourcesPerInterval = 500;
// Nobody sleeps longer: a source may have been added.
constexpr Micros kLongestSleep = kPollInterval;
// One that waits only for another thread's sake looks so often whether that one still reads.
constexpr Micros kRelief = 1'000'000;

// All that wait are looked at in the same moments, five a second: each moment wakes the threads,
// however many sources wait for it.
Micros NextMoment(Micros time) {
  return (time / kPollInterval + 1) * kPollInterval;
}

}  // namespace

LiveIngest::LiveIngest(const Options& options, const LiveContext& context,
                       std::shared_ptr<const rules::RuleSet> rules)
    : options_(options), context_(context), rules_(std::move(rules)) {}

LiveIngest::~LiveIngest() {
  Stop();
}

void LiveIngest::Add(LiveSource::Settings settings) {
  auto source = std::make_unique<LiveSource>(std::move(settings), context_);
  source->Declare();
  const MutexLock lock(mutex_);
  names_.insert(source->name());
  queue_.Add(source->highest_time());
  sources_.push_back(std::move(source));
  changed_.NotifyOne();
}

bool LiveIngest::Has(const std::string& name) const {
  const MutexLock lock(mutex_);
  return names_.contains(name);
}

void LiveIngest::Start() {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

void LiveIngest::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

void LiveIngest::Pause(const std::function<std::shared_ptr<const rules::RuleSet>()>& action) {
  MutexLock lock(mutex_);
  while (paused_) {
    changed_.Wait(lock);
  }
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

void LiveIngest::EndSources() {
  const MutexLock lock(mutex_);
  ending_ = true;
}

bool LiveIngest::HasEnded(std::vector<std::string>& errors) const {
  const MutexLock lock(mutex_);
  errors = errors_;
  return queue_.size() == 0;
}

std::vector<LiveSourceStatus> LiveIngest::Status() const {
  std::vector<LiveSourceStatus> all;
  {
    const MutexLock lock(mutex_);
    for (const std::unique_ptr<LiveSource>& source : sources_) {
      if (source != nullptr) {
        all.push_back(source->status());
      }
    }
  }
  std::sort(all.begin(), all.end(),
            [](const LiveSourceStatus& a, const LiveSourceStatus& b) { return a.name < b.name; });
  return all;
}

void LiveIngest::Work() {
  LiveSource::Scratch scratch(context_);
  std::shared_ptr<const rules::RuleSet> rules;
  std::optional<BatchJudge> judge;
  std::size_t taken = 0;
  while (Take(taken)) {
    LiveSource* source = nullptr;
    {
      const MutexLock lock(mutex_);
      source = sources_[taken].get();
      if (rules != rules_) {
        rules = rules_;
        judge.emplace(rules, JudgedTimes{}, options_.quarantine, options_.max_event_bytes);
      }
    }
    const Outcome outcome = source->Advance(options_.batch_bytes, *judge, scratch);
    scratch.batch.ReleaseLarge();
    Return(taken, EndIfDrained(*source, outcome));
  }
}

bool LiveIngest::Take(std::size_t& source) {
  MutexLock lock(mutex_);
  while (!stopped_) {
    const Micros now = context_.now();
    if (const auto taken = paused_ ? std::nullopt : queue_.Take(now)) {
      source = *taken;
      ++under_way_;
      if (queue_.has_ready()) {
        changed_.NotifyOne();  // a source alone stays with the thread whose caches know it
      }
      return true;
    }
    // One thread watches for what falls due: of many cores that have nothing to do one wakes up.
    const bool is_watch = !std::exchange(watched_, true);
    const Micros sleep =
        is_watch ? std::clamp<Micros>(queue_.next_due() - now, 1'000, kLongestSleep) : kRelief;
    changed_.WaitUntil(lock, std::chrono::steady_clock::now() + std::chrono::microseconds(sleep));
    watched_ = watched_ && !is_watch;
  }
  return false;
}

LiveIngest::Outcome LiveIngest::EndIfDrained(LiveSource& source, Outcome outcome) {
  {
    const MutexLock lock(mutex_);
    if (!ending_ || (outcome != Outcome::kNothing && outcome != Outcome::kUnreadable)) {
      return outcome;
    }
    if (outcome == Outcome::kUnreadable && ++failures_[source.name()] < kMaxFailures) {
      return outcome;  // it may be for a moment only
    }
  }
  return source.End();
}

void LiveIngest::Return(std::size_t source, Outcome outcome) {
  const MutexLock lock(mutex_);
  --under_way_;
  LiveSource& returned = *sources_[source];
  switch (outcome) {
    case Outcome::kRead:
      queue_.ReturnActive(source, returned.highest_time());
      break;
    case Outcome::kNothing:
      queue_.ReturnWaiting(source, NextMoment(context_.now() + PollInterval() - kPollInterval));
      break;
    case Outcome::kNotYet:
      queue_.ReturnWaiting(source, context_.now() + kSoon);
      break;
    case Outcome::kUnreadable:
    case Outcome::kLogFailed:
      queue_.ReturnWaiting(source, context_.now() + kRetryInterval);
      break;
    case Outcome::kGone:
      if (const std::string error = returned.status().error; !error.empty()) {
        errors_.push_back(error);
      }
      queue_.Remove(source);
      names_.erase(returned.name());
      sources_[source].reset();
      break;
    case Outcome::kClosed:
      queue_.Remove(source);
      break;
  }
  if (paused_) {
    changed_.NotifyAll();
  }
}

Micros LiveIngest::PollInterval() const {
  const auto sources = static_cast<Micros>(queue_.size());
  return kPollInterval * std::max<Micros>(1, sources / kSourcesPerInterval);
}

}  // namespace hark::pipeline
