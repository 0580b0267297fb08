#include "metrics/registry.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"

namespace hark::metrics {
namespace {

using ::hark::testing::IsOk;
using ::testing::HasSubstr;
using ::testing::Not;

const std::vector<double> kBounds = {1, 10};

std::string TextOf(const Registry& registry) {
  const auto text = registry.Text();
  EXPECT_THAT(text, IsOk());
  return text.ok() ? *text : "";
}

TEST(RegistryTest, WritesFamiliesAndSeriesSorted) {
  Registry registry;
  registry.AddGauge({"b", "second"}).Set(-1.5);
  registry.AddCounter({"a_total", "first"}, {{"x", "2"}}).Add(3);
  registry.AddCounter({"a_total", "first"}, {{"x", "1"}});
  EXPECT_EQ(TextOf(registry),
            "# HELP a_total first\n# TYPE a_total counter\n"
            "a_total{x=\"1\"} 0\na_total{x=\"2\"} 3\n"
            "# HELP b second\n# TYPE b gauge\nb -1.5\n");
}

TEST(RegistryTest, GivesTheSameSeriesForTheSameLabels) {
  Registry registry;
  registry.AddCounter({"a_total", "h"}, {{"x", "1"}, {"y", "2"}}).Increment();
  registry.AddCounter({"a_total", "h"}, {{"y", "2"}, {"x", "1"}}).Increment();
  EXPECT_THAT(TextOf(registry), HasSubstr("a_total{x=\"1\",y=\"2\"} 2\n"));
}

TEST(RegistryTest, KeepsMicrosecondsOfATime) {
  Registry registry;
  registry.AddGauge({"t_seconds", "h"}).Set(1764083023.921545);
  EXPECT_THAT(TextOf(registry), HasSubstr("t_seconds 1764083023.921545"));
}

TEST(RegistryTest, MakesLabelsHarmless) {
  Registry registry;
  registry.AddCounter({"a_total", "h"}, {{"x", "q\"\n\\\xff\x1b" + std::string(1000, 'z')}});
  const std::string text = TextOf(registry);
  EXPECT_THAT(text, HasSubstr("a_total{x=\"q\\\"\\\\n\\\\\xef\xbf\xbd\\\\x1bzzz"));
  EXPECT_THAT(text, Not(HasSubstr(std::string(257, 'z'))));
}

TEST(RegistryTest, CountsABatchLikeItsObservations) {
  Registry one_by_one;
  Registry at_once;
  const Histogram single = one_by_one.AddHistogram({"h_seconds", "h"}, kBounds);
  const Histogram batched = at_once.AddHistogram({"h_seconds", "h"}, kBounds);
  HistogramBatch batch = batched.NewBatch();
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0}) {
    single.Observe(value);
    batch.Observe(value);
  }
  batched.Add(batch);
  batched.Add(batch);  // empty by now
  EXPECT_EQ(TextOf(at_once), TextOf(one_by_one));
  EXPECT_THAT(TextOf(at_once), HasSubstr("h_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(TextOf(at_once), HasSubstr("h_seconds_bucket{le=\"+Inf\"} 5\n"));
  EXPECT_THAT(TextOf(at_once), HasSubstr("h_seconds_sum 24\n"));
}

TEST(RegistryTest, LooksValuesUpAtEachScrape) {
  Registry registry;
  const Gauge gauge = registry.AddGauge({"g", "h"});
  double value = 0;
  registry.OnCollect([&] { gauge.Set(++value); });
  EXPECT_THAT(TextOf(registry), HasSubstr("g 1\n"));
  EXPECT_THAT(TextOf(registry), HasSubstr("g 2\n"));
}

TEST(RegistryDeathTest, AbortsForANameThatIsNone) {
  Registry registry;
  EXPECT_DEATH(registry.AddCounter({"no name", "h"}), "no name");
  registry.AddCounter({"twice", "h"});
  EXPECT_DEATH(registry.AddGauge({"twice", "h"}), "twice");
}

}  // namespace
}  // namespace hark::metrics
