#include "metrics/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <sstream>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"
#include "prometheus/text_serializer.h"

#include "base/mutex.h"
#include "base/text.h"

namespace hark::metrics {
namespace {

constexpr std::size_t kMaxLabelBytes = 256;

prometheus::Labels Clean(const Labels& labels) {
  prometheus::Labels result;
  for (const auto& [name, value] : labels) {
    result.insert_or_assign(name, std::string(CutUtf8(EscapeForTerminal(value), kMaxLabelBytes)));
  }
  return result;
}

// The library throws for names that the format forbids.
[[noreturn]] void Abort(const Family& family, const std::exception& error) {
  std::fprintf(stderr, "metric %s: %s\n", family.name, error.what());
  std::abort();
}

// Calls `use` with the family.
template <typename Builder, typename Use>
auto& WithFamily(Builder builder, const Family& family, prometheus::Registry& registry, Use use) {
  try {
    return use(builder.Name(family.name).Help(family.help).Register(registry));
  } catch (const std::exception& error) {
    Abort(family, error);
  }
}

template <typename Builder, typename... Args>
auto& Add(Builder builder, const Family& family, prometheus::Registry& registry,
          const Labels& labels, const Args&... args) {
  return WithFamily(
      builder, family,
      registry, [&](auto& series) -> auto& { return series.Add(Clean(labels), args...); });
}

// The library finds a series by its address only: one that is not there is made for that.
template <typename Builder, typename... Args>
void Remove(Builder builder, const Family& family, prometheus::Registry& registry,
            const Labels& labels, const Args&... args) {
  WithFamily(
      builder, family, registry, [&](auto& series) -> auto& {
        series.Remove(&series.Add(Clean(labels), args...));
        return series;
      });
}

// The library keeps both in hash tables.
void Sort(std::vector<prometheus::MetricFamily>& families) {
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (prometheus::MetricFamily& family : families) {
    for (prometheus::ClientMetric& metric : family.metric) {
      std::sort(metric.label.begin(), metric.label.end());
    }
    std::sort(family.metric.begin(), family.metric.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
  }
}

}  // namespace

struct Registry::Impl {
  // Merge: that a family is asked for a second time is usual, a second rule set for example.
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Mutex mutex;
  std::vector<std::function<void()>> refreshes ABSL_GUARDED_BY(mutex);
};

void Counter::Add(double amount) const {
  series_->Increment(amount);
}

void Gauge::Set(double value) const {
  series_->Set(value);
}

void HistogramBatch::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_->begin(), bounds_->end(), value);
  counts_[static_cast<std::size_t>(bucket - bounds_->begin())] += 1;
  sum_ += value;
  empty_ = false;
}

void Histogram::Observe(double value) const {
  series_->Observe(value);
}

void Histogram::Add(HistogramBatch& batch) const {
  if (!batch.empty_) {
    series_->ObserveMultiple(batch.counts_, batch.sum_);
    batch = NewBatch();
  }
}

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

Counter Registry::AddCounter(const Family& family, const Labels& labels) {
  return Counter(Add(prometheus::BuildCounter(), family, impl_->registry, labels));
}

Gauge Registry::AddGauge(const Family& family, const Labels& labels) {
  return Gauge(Add(prometheus::BuildGauge(), family, impl_->registry, labels));
}

Histogram Registry::AddHistogram(const Family& family, const std::vector<double>& bounds,
                                 const Labels& labels) {
  return {Add(prometheus::BuildHistogram(), family, impl_->registry, labels, bounds), bounds};
}

void Registry::RemoveCounter(const Family& family, const Labels& labels) {
  Remove(prometheus::BuildCounter(), family, impl_->registry, labels);
}

void Registry::RemoveGauge(const Family& family, const Labels& labels) {
  Remove(prometheus::BuildGauge(), family, impl_->registry, labels);
}

void Registry::RemoveHistogram(const Family& family, const Labels& labels) {
  Remove(prometheus::BuildHistogram(), family, impl_->registry, labels, std::vector<double>{});
}

void Registry::OnCollect(std::function<void()> refresh) {
  const MutexLock lock(impl_->mutex);
  impl_->refreshes.push_back(std::move(refresh));
}

absl::StatusOr<std::string> Registry::Text() const {
  try {
    {
      const MutexLock lock(impl_->mutex);
      for (const std::function<void()>& refresh : impl_->refreshes) {
        refresh();
      }
    }
    std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
    Sort(families);
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return out.str();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace hark::metrics
