#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "hark/alert.h"
#include "hark/detector.h"
#include "hark/fact.h"

#include "detect/engine.h"
#include "rules/rule_set.h"
#include "support/rule_set_builder.h"

namespace hark::testing {

// Numbers that follow from a seed, the same with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // A number in [0, bound).
  std::uint64_t Below(std::uint64_t bound) { return engine_() % bound; }
  Micros TimeBelow(Micros bound) {
    return static_cast<Micros>(Below(static_cast<std::uint64_t>(bound)));
  }
  bool OneIn(std::uint64_t bound) { return Below(bound) == 0; }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[Below(choices.size())];
  }
  template <typename T>
  void Shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) {
      std::swap(list[i - 1], list[Below(i)]);
    }
  }

 private:
  std::mt19937_64 engine_;
};

// A rule set and a fact log for it.
struct Case {
  std::uint64_t seed = 0;
  std::vector<RuleSpec> rules;
  std::vector<FactRecord> records;
  std::uint64_t max_state_bytes = detect::EngineOptions().max_state_bytes;
};

// Facts of one kind of traffic: few actors, values and objects, and times on a grid of `unit`, so
// that ties and events exactly at the edges of windows are frequent. Some are stages of one
// request. In the order of their times.
std::vector<Fact> RandomFacts(Random& random, const std::vector<RuleSpec>& rules, Micros unit);

// One to three rules whose timespans, keep-alives and durations are small multiples of `unit`.
std::vector<RuleSpec> RandomRules(Random& random, Micros unit);

// A copy of the same event that says more or less of it.
Fact UnequalCopy(Random& random, const Fact& fact);

// Anything that may happen: ties, pairs, copies, late and too late events, one to three sources
// that are declared or not, idle records, ends, and records of any size.
Case RandomCase(std::uint64_t seed);

// Two rules, many groups, ties and late events, and a state budget that holds a few groups and, as
// the lateness may be long, sometimes not all pending events.
Case RandomCaseUnderPressure(std::uint64_t seed);

// What the engine makes of the records, with the end of all time after them.
std::vector<Alert> Replay(Detector& engine, const std::vector<FactRecord>& records);

// A failing case without the records and facts that it fails without.
Case Shrink(Case failing, const std::function<bool(const Case&)>& fails);

// The case for a person: times in seconds after kStart.
std::string Describe(const Case& described);

// Where two sequences of lines part, or nothing if they are equal.
std::string Difference(const std::vector<std::string>& actual,
                       const std::vector<std::string>& expected);

}  // namespace hark::testing
