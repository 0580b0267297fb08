#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace hark::metrics {

// Handles of single series. Copying one copies the reference; the registry that made it outlives
// it. Safe to use from any number of threads: adding is one atomic operation, without a look-up.

// Only grows.
class Counter {
 public:
  explicit Counter(prometheus::Counter& series) : series_(&series) {}
  void Add(double amount) const;
  void Increment() const { Add(1); }

 private:
  prometheus::Counter* series_;
};

class Gauge {
 public:
  explicit Gauge(prometheus::Gauge& series) : series_(&series) {}
  void Set(double value) const;

 private:
  prometheus::Gauge* series_;
};

// Observations of one thread, which Histogram::Add takes all at once: one lock a batch instead of
// one an event. Not thread-safe.
class HistogramBatch {
 public:
  void Observe(double value);
  bool empty() const { return empty_; }

 private:
  friend class Histogram;
  explicit HistogramBatch(const std::vector<double>& bounds)
      : bounds_(&bounds), counts_(bounds.size() + 1, 0.0) {}

  const std::vector<double>* bounds_;
  std::vector<double> counts_;  // of each bucket; the last is +Inf
  double sum_ = 0;
  bool empty_ = true;
};

class Histogram {
 public:
  Histogram(prometheus::Histogram& series, const std::vector<double>& bounds)
      : series_(&series), bounds_(&bounds) {}
  void Observe(double value) const;
  // The batch must not outlive the registry.
  HistogramBatch NewBatch() const { return HistogramBatch(*bounds_); }
  // Leaves the batch empty.
  void Add(HistogramBatch& batch) const;

 private:
  prometheus::Histogram* series_;
  const std::vector<double>* bounds_;
};

// Name and help of a family: constants of the code.
struct Family {
  const char* name;
  const char* help;
};

// Names are constants of the code. Values are made fit to be shown (control characters escaped,
// valid UTF-8, at most 256 bytes) but must come from a bounded set: rules, sources, enumerations;
// never from an event.
using Labels = std::vector<std::pair<std::string, std::string>>;

// All metrics of a process: the only code that knows the Prometheus library, whose exceptions end
// here. The same family and labels give the same series. A name that the format does not allow, or
// one that is used for two types, is a bug and aborts. Thread-safe.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter AddCounter(const Family& family, const Labels& labels = {});
  Gauge AddGauge(const Family& family, const Labels& labels = {});
  // REQUIRES: bounds ascend and outlive the registry.
  Histogram AddHistogram(const Family& family, const std::vector<double>& bounds,
                         const Labels& labels = {});

  // The series is shown no more, if it was; given again, it begins at zero. REQUIRES: no handle of
  // it is used from now on.
  void RemoveCounter(const Family& family, const Labels& labels);
  void RemoveGauge(const Family& family, const Labels& labels);
  void RemoveHistogram(const Family& family, const Labels& labels);

  // Is called at the beginning of every Text(), for values that are looked up and not counted.
  void OnCollect(std::function<void()> refresh);

  // Every series in the Prometheus text format 0.0.4, families and series sorted.
  absl::StatusOr<std::string> Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The Content-Type of Text().
constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace hark::metrics
