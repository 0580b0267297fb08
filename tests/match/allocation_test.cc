// The hot path allocates nothing once its buffers have grown: N events that give no fact cost as
// many allocations as 2 N. This binary counts its calls of operator new.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "match/match_helper.h"
#include "match/matcher.h"
#include "parse/event_parser.h"
#include "support/event_json.h"
#include "support/recorded_data.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

void* AllocateOrNull(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}

void* Allocate(std::size_t size) {
  if (void* const memory = AllocateOrNull(size)) {
    return memory;
  }
  throw std::bad_alloc();
}

void* AllocateAligned(std::size_t size, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* const memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) {
    return memory;
  }
  throw std::bad_alloc();
}

}  // namespace

// All forms, because the sanitizers bring their own of those that are missing.
void* operator new(std::size_t size) {
  return Allocate(size);
}
void* operator new[](std::size_t size) {
  return Allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return AllocateOrNull(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return AllocateOrNull(size);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return AllocateAligned(size, alignment);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return AllocateAligned(size, alignment);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace hark::match {
namespace {

using ::hark::testing::EventBuilder;
using ::hark::testing::PaddedText;

std::shared_ptr<const rules::RuleSet> ShippedRuleSet() {
  Diagnostics diagnostics;
  return rules::LoadRules(rules::ShippedRules(), diagnostics);
}

// Parses and judges lines as a thread of hark does, as far as a fact.
class HotPath {
 public:
  explicit HotPath(const std::shared_ptr<const rules::RuleSet>& rules)
      : parser_(rules->index_parts), whole_parser_(kAllEventParts), matcher_(rules) {}

  bool GivesFact(const PaddedText& line) {
    return parser_.Parse(line.view(), event_) == parse::ParseOutcome::kEvent &&
           matcher_.MayMatch(event_, "prod") &&
           whole_parser_.Parse(line.view(), whole_event_) == parse::ParseOutcome::kEvent &&
           matcher_.Matches(whole_event_, "prod");
  }

  // The allocations that judging all lines takes, `rounds` times over.
  std::uint64_t AllocationsFor(const std::vector<PaddedText>& lines, int rounds) {
    const std::uint64_t before = allocations.load();
    for (int round = 0; round < rounds; ++round) {
      for (const PaddedText& line : lines) {
        GivesFact(line);
      }
    }
    return allocations.load() - before;
  }

 private:
  parse::EventParser parser_;
  parse::EventParser whole_parser_;
  Matcher matcher_;
  AuditEvent event_;
  AuditEvent whole_event_;
};

std::vector<PaddedText> BuiltLines() {
  const EventBuilder events[] = {
      EventBuilder().Resource("configmaps").Verb("LIST").Uri("/x?limit=500&labelSelector=a%3Db"),
      EventBuilder().Resource("pods/log").User("system:serviceaccount:a:b").Credential("JTI=1"),
      EventBuilder().Resource("leases").UserField("groups", R"(["a","b","c"])").Impersonate("bob"),
      EventBuilder()
          .Resource("PODS")
          .SourceIps({"1.1.1.1", "2.2.2.2"})
          .Set("verb", R"("g\u0065t")"),
      EventBuilder().Resource("nodes").Set("requestObject", R"([{"op":"add","value":[1,{}]}])"),
      EventBuilder().Set("user", "{}").Without("objectRef").Append("\\u0076erb", "1"),
      EventBuilder().Stage("RequestReceived"),
      EventBuilder().Without("auditID"),
  };
  std::vector<PaddedText> lines;
  for (const EventBuilder& event : events) {
    lines.emplace_back(event.Json());
  }
  lines.emplace_back("{}");
  lines.emplace_back("no event");
  return lines;
}

// Those of the lines that give no fact.
std::vector<PaddedText> FactFree(std::vector<PaddedText> lines,
                                 const std::shared_ptr<const rules::RuleSet>& rules) {
  HotPath path(rules);
  std::erase_if(lines, [&](const PaddedText& line) { return path.GivesFact(line); });
  return lines;
}

void ExpectNoAllocationAfterWarmUp(std::vector<PaddedText> lines) {
  const std::shared_ptr<const rules::RuleSet> rules = ShippedRuleSet();
  ASSERT_NE(rules, nullptr);
  lines = FactFree(std::move(lines), rules);
  ASSERT_FALSE(lines.empty());
  HotPath once(rules);
  HotPath twice(rules);
  EXPECT_EQ(once.AllocationsFor(lines, 1), twice.AllocationsFor(lines, 2));
  EXPECT_EQ(once.AllocationsFor(lines, 3), 0);
}

TEST(AllocationTest, TheCounterCounts) {
  const std::uint64_t before = allocations.load();
  const std::vector<std::string> texts(10, std::string(100, 'x'));
  EXPECT_GE(allocations.load() - before, 11);
}

TEST(AllocationTest, EventsWithoutAFactCostNoneOnceTheBuffersHaveGrown) {
  ExpectNoAllocationAfterWarmUp(BuiltLines());
}

TEST(AllocationTest, RecordedEventsWithoutAFactCostNoneOnceTheBuffersHaveGrown) {
  const auto recorded =
      ::hark::testing::RecordedLines("kube-1.37.2/audit-typical.jsonl.zst", 1'500);
  if (!recorded.has_value()) {
    GTEST_SKIP() << "HARK_DATA has no kube-1.37.2, or there is no zstd";
  }
  std::vector<PaddedText> lines;
  for (const std::string& line : *recorded) {
    lines.emplace_back(line);
  }
  ExpectNoAllocationAfterWarmUp(std::move(lines));
}

}  // namespace
}  // namespace hark::match
