#include "pipeline/event_scan.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hark/detector.h"

#include "pipeline/replay_helper.h"
#include "support/memory_source.h"
#include "support/status_matchers.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::IsOk;
using ::hark::testing::kSecond;
using ::hark::testing::kStart;
using ::hark::testing::MemorySource;
using ::hark::testing::ToJson;
using ::testing::ElementsAre;

std::vector<std::unique_ptr<Source>> SourceOf(std::string lines) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<MemorySource>("source", std::move(lines)));
  return sources;
}

TEST(EventScanTest, EventsComeInOrderAndAnythingElseIsPassedOver) {
  MemorySource source("source", ToJson(EventLine{.user = "alice"}) + "garbage\n{}\n" +
                                    ToJson(EventLine{.user = "bob"}));
  std::vector<std::string> users;
  EXPECT_THAT(ScanEvents(source, kAllEventParts, nullptr,
                         [&users](const AuditEvent& event, std::string_view) {
                           users.emplace_back(event.user.username);
                         }),
              IsOk());
  EXPECT_THAT(users, ElementsAre("alice", "bob"));
}

TEST(EventScanTest, TheLastEventNeedNotStandAtTheEnd) {
  EXPECT_EQ(LastEventTime(SourceOf(ToJson({{.second = 5}, {.second = 9}, {.second = 7}})),
                          kEndOfTime, nullptr),
            kStart + 9 * kSecond);
}

TEST(EventScanTest, AnEventOfTheFutureIsNotTheLastOne) {
  EXPECT_EQ(LastEventTime(SourceOf(ToJson({{.second = 5}, {.second = 9}})), kStart + 8 * kSecond,
                          nullptr),
            kStart + 5 * kSecond);
}

TEST(EventScanTest, WithoutEventsThereIsNoLastOne) {
  EXPECT_EQ(LastEventTime(SourceOf(""), kEndOfTime, nullptr), std::nullopt);
}

TEST(EventScanTest, StopEndsTheScan) {
  const std::atomic<bool> stop = true;
  EXPECT_EQ(LastEventTime(SourceOf(ToJson(EventLine{})), kEndOfTime, &stop), std::nullopt);
}

}  // namespace
}  // namespace hark::pipeline
