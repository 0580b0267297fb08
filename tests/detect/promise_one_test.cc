// The same set of events, none later than the lateness bound, gives the same alerts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "detect/engine.h"
#include "detect/random_case.h"
#include "support/case_count.h"
#include "support/collecting_sink.h"
#include "support/rule_set_builder.h"

namespace hark::detect {
namespace {

using ::hark::testing::Case;
using ::hark::testing::CaseCount;
using ::hark::testing::Describe;
using ::hark::testing::Difference;
using ::hark::testing::kMinute;
using ::hark::testing::kSecond;
using ::hark::testing::MakeRuleSet;
using ::hark::testing::Random;
using ::hark::testing::RandomFacts;
using ::hark::testing::RandomRules;
using ::hark::testing::Replay;
using ::hark::testing::ToLines;
using ::hark::testing::UnequalCopy;

// The records of one source, in its order.
using Stream = std::vector<FactRecord>;

FactRecord MakeRecord(FactRecord::Kind kind, const std::string& source) {
  FactRecord record;
  record.kind = kind;
  record.source = source;
  return record;
}

// No fact is overtaken by one that is more than `lateness` younger: each is held up for at most
// that long.
void ShuffleWithinLateness(Random& random, Micros lateness, std::vector<Fact>& facts) {
  std::vector<std::pair<Micros, Fact>> by_arrival;
  for (Fact& fact : facts) {
    const Micros arrival = fact.time + random.TimeBelow(lateness + 1);
    by_arrival.emplace_back(arrival, std::move(fact));
  }
  std::stable_sort(by_arrival.begin(), by_arrival.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < facts.size(); ++i) {
    facts[i] = std::move(by_arrival[i].second);
  }
}

Stream CutIntoRecords(Random& random, const std::string& source, std::vector<Fact> facts) {
  Stream stream;
  const std::uint64_t largest = 1 + random.Below(20);
  for (std::size_t i = 0; i < facts.size();) {
    FactRecord record = MakeRecord(FactRecord::Kind::kBatch, source);
    for (std::uint64_t left = random.Below(largest + 1); left > 0 && i < facts.size(); --left) {
      record.highest_time = std::max(record.highest_time, facts[i].time);
      record.facts.push_back(std::move(facts[i++]));
    }
    stream.push_back(std::move(record));
  }
  stream.push_back(MakeRecord(FactRecord::Kind::kEnd, source));
  return stream;
}

// The streams in one log, each of them as far ahead of the others as chance will have it.
std::vector<FactRecord> Interleave(Random& random, std::vector<Stream> streams) {
  std::vector<FactRecord> records;
  std::vector<std::size_t> read(streams.size(), 0);
  while (!streams.empty()) {
    const std::size_t i = random.Below(streams.size());
    for (std::uint64_t left = 1 + random.Below(8); left > 0 && read[i] < streams[i].size();
         --left) {
      records.push_back(std::move(streams[i][read[i]++]));
    }
    if (read[i] == streams[i].size()) {
      streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(i));
      read.erase(read.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return records;
}

// One way in which the facts may be delivered.
std::vector<FactRecord> Deliver(Random& random, Micros lateness, const std::vector<Fact>& facts) {
  std::vector<std::vector<Fact>> by_source(1 + random.Below(4));
  for (const Fact& fact : facts) {
    for (std::uint64_t copies = random.OneIn(4) ? 3 : 1; copies > 0; --copies) {
      by_source[random.Below(by_source.size())].push_back(fact);
    }
  }
  std::vector<FactRecord> records;
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < by_source.size(); ++i) {
    const std::string source = absl::StrFormat("source%d", i);
    records.push_back(MakeRecord(FactRecord::Kind::kDeclare, source));
    records.back().lateness = lateness;
    ShuffleWithinLateness(random, lateness, by_source[i]);
    streams.push_back(CutIntoRecords(random, source, std::move(by_source[i])));
  }
  for (FactRecord& record : Interleave(random, std::move(streams))) {
    records.push_back(std::move(record));
  }
  return records;
}

// Every fact that is read, once, in its order.
std::vector<FactRecord> DeliverPlainly(const std::vector<Fact>& facts) {
  std::vector<FactRecord> records;
  for (const Fact& fact : facts) {
    records.push_back(MakeRecord(FactRecord::Kind::kBatch, "source"));
    records.back().highest_time = fact.time;
    records.back().facts = {fact};
  }
  return records;
}

std::vector<std::string> LinesOf(const Case& replayed) {
  const auto rules = MakeRuleSet(replayed.rules);
  return ToLines(Replay(*MakeEngine(rules, {}), replayed.records));
}

TEST(PromiseOneTest, OrderSourcesCopiesAndRecordSizesChangeNothing) {
  static const std::vector<Micros> kUnits = {1, kSecond, 10 * kMinute};
  for (std::uint64_t seed = 1; seed <= CaseCount(20); ++seed) {
    Random random(seed);
    const Micros unit = random.Pick(kUnits);
    const Micros lateness = random.TimeBelow(10) * unit;
    Case tried;
    tried.seed = seed;
    tried.rules = RandomRules(random, unit);
    std::vector<Fact> facts = RandomFacts(random, tried.rules, unit);
    for (std::size_t i = facts.size(); i > 0; --i) {
      if (random.OneIn(5)) {
        facts.insert(facts.begin() + static_cast<std::ptrdiff_t>(i),
                     UnequalCopy(random, facts[i - 1]));
      }
    }
    tried.records = DeliverPlainly(facts);
    const std::vector<std::string> expected = LinesOf(tried);
    for (int variant = 0; variant < 4; ++variant) {
      tried.records = Deliver(random, lateness, facts);
      ASSERT_EQ(Difference(LinesOf(tried), expected), "") << Describe(tried);
    }
  }
}

}  // namespace
}  // namespace hark::detect
