#include "pipeline/event_reader.h"

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "pipeline/replay_helper.h"
#include "support/event_json.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::EventLine;
using ::hark::testing::JsonString;
using ::hark::testing::ToJson;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// What a reader finds.
struct Found {
  std::vector<std::string> users;
  std::map<std::string, int> not_events;  // by reason
  std::vector<std::uint64_t> rejected_at;

  void OnEvent(const AuditEvent& event, std::string_view, const RecordOrigin&) {
    users.emplace_back(event.user.username);
  }
  void OnSkip(SkipReason reason) { ++not_events[std::string(SkipReasonName(reason))]; }
  void OnReject(RejectReason reason, const RecordOrigin& origin) {
    ++not_events[std::string(RejectReasonName(reason))];
    rejected_at.push_back(origin.offset);
  }
};

Found Read(const std::string& text, std::uint64_t offset = 0,
           std::size_t max_event_bytes = kMaxEventBytes) {
  RecordBatch batch;
  batch.capacity = text.size() + 64;
  batch.buffer = std::make_unique<char[]>(batch.capacity);
  std::memcpy(batch.buffer.get(), text.data(), text.size());
  batch.data = std::string_view(batch.buffer.get(), text.size());
  batch.offset = offset;
  EventReader reader(kAllEventParts, max_event_bytes);
  Found found;
  reader.Read(batch, found);
  return found;
}

std::string Event(std::string_view user) {
  std::string line = ToJson(EventLine{.user = user});
  line.pop_back();
  return line;
}

TEST(EventReaderTest, AnEventALineIsAnEvent) {
  EXPECT_THAT(Read(Event("a") + "\n" + Event("b") + "\r\n").users, ElementsAre("a", "b"));
}

TEST(EventReaderTest, EventsNeedNothingBetweenThem) {
  EXPECT_THAT(Read(Event("a") + Event("b") + "\n" + Event("c")).users, ElementsAre("a", "b", "c"));
}

TEST(EventReaderTest, WhatWrapsEventsIsOpened) {
  const std::string text = "[" + Event("a") + "," + Event("b") + "]\n" +
                           R"({"kind":"EventList","items":[)" + Event("c") + "]}\n" +
                           R"({"message":)" + JsonString(Event("d")) + "}\n" +
                           "2026-11-23T18:04:22.921545Z stdout F " + Event("e") + "\n";
  EXPECT_THAT(Read(text).users, ElementsAre("a", "b", "c", "d", "e"));
}

TEST(EventReaderTest, WhatIsNoEventIsSkippedOrRejectedWithItsPlace) {
  const std::string event = Event("a");
  const Found found = Read(event + "\n{}\ntext\n" + event.substr(0, 100) + "\n" + event, 1000);
  EXPECT_THAT(found.users, ElementsAre("a", "a"));
  EXPECT_THAT(found.not_events, UnorderedElementsAre(Pair("no_audit_event", 1),
                                                     Pair("malformed", 1), Pair("truncated", 1)));
  EXPECT_THAT(found.rejected_at, ElementsAre(1000 + event.size() + 4, 1000 + event.size() + 4 + 5));
}

TEST(EventReaderTest, AnEventThatLacksWhatMakesItOneIsRejectedOnce) {
  const Found found = Read(R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"get"})");
  EXPECT_THAT(found.not_events, ElementsAre(Pair("missing_field", 1)));
}

TEST(EventReaderTest, DamagesAreRejectedRecords) {
  RecordBatch batch;
  batch.damages.push_back({.reason = RejectReason::kTooLarge, .offset = 7, .length = 3});
  EventReader reader(kAllEventParts);
  Found found;
  reader.Read(batch, found);
  EXPECT_THAT(found.not_events, ElementsAre(Pair("too_large", 1)));
  EXPECT_THAT(found.rejected_at, ElementsAre(7));
}

// The messages of a batch, from offset 100 on.
Found ReadMessages(const std::vector<std::string>& values, std::uint64_t empty_messages = 0) {
  std::string text;
  RecordBatch batch;
  for (const std::string& value : values) {
    batch.messages.push_back({.begin = text.size(), .offset = 100 + batch.messages.size()});
    text += value;
  }
  batch.capacity = text.size() + 64;
  batch.buffer = std::make_unique<char[]>(batch.capacity);
  std::memcpy(batch.buffer.get(), text.data(), text.size());
  batch.data = std::string_view(batch.buffer.get(), text.size());
  batch.offset = 100;
  batch.next_offset = 100 + values.size();
  batch.empty_messages = empty_messages;
  EventReader reader(kAllEventParts);
  Found found;
  reader.Read(batch, found);
  return found;
}

TEST(EventReaderTest, EveryMessageIsReadByItself) {
  const std::string list =
      R"({"kind":"EventList","items":[)" + Event("c") + "," + Event("d") + "]}";
  EXPECT_THAT(ReadMessages({Event("a"), Event("b") + "\n", list, Event("e") + "\n" + Event("f"),
                            R"({"message":)" + JsonString(Event("g")) + "}"})
                  .users,
              ElementsAre("a", "b", "c", "d", "e", "f", "g"));
}

TEST(EventReaderTest, WhatIsBrokenInAMessageDoesNotReachIntoTheNext) {
  const std::string event = Event("a");
  // Cut off within a string, after a bracket, in a list; open wrappers; text that never ends.
  const std::vector<std::string> poisons = {
      event.substr(0, event.size() / 2),
      "{\"kind\":\"Event\",\"items\":[",
      "{\"a\":",
      "[",
      "{\"message\":\"",
      "2026-11-23T18:04:22.921545Z stdout P " + event.substr(0, 60),
      "no JSON",
      std::string("\0\xff", 2),
      "}}}]"};
  for (const std::string& poison : poisons) {
    const Found found = ReadMessages({event, poison, event});
    EXPECT_THAT(found.users, ElementsAre("a", "a")) << poison;
    EXPECT_LE(found.rejected_at.size(), 1) << poison;
    for (const std::uint64_t offset : found.rejected_at) {
      EXPECT_EQ(offset, 101) << poison;
    }
  }
}

TEST(EventReaderTest, AMessageThatIsCutOffIsOneTruncatedRecord) {
  const std::string event = Event("a");
  const Found found = ReadMessages({event.substr(0, event.size() - 1), event});
  EXPECT_THAT(found.users, ElementsAre("a"));
  EXPECT_THAT(found.not_events, ElementsAre(Pair("truncated", 1)));
  EXPECT_THAT(found.rejected_at, ElementsAre(100));
}

TEST(EventReaderTest, MessagesWithoutValueAreSkipped) {
  EXPECT_THAT(ReadMessages({Event("a")}, 2).not_events, ElementsAre(Pair("no_value", 2)));
}

TEST(EventReaderTest, ALargeEventIsAnEvent) {
  std::string event = Event("a");
  event.pop_back();
  event += R"(,"responseObject":")" + std::string(LargeTurn::kLarge, 'x') + "\"}";
  EXPECT_THAT(Read(event + "\n" + Event("b")).users, ElementsAre("a", "b"));
}

TEST(EventReaderTest, AnEventOverTheLimitIsRejectedAndAListThatIsLongerIsNot) {
  const std::string small = Event("a");
  std::string large = Event("b");
  large.pop_back();
  large += R"(,"responseObject":")" + std::string(2 * small.size(), 'x') + "\"}";
  const std::size_t limit = 2 * small.size();
  EXPECT_THAT(Read(small + "\n" + large + "\n", 0, limit).not_events,
              ElementsAre(Pair("too_large", 1)));
  const Found list = Read("[" + small + "," + large + "," + small + "," + small + "]", 0, limit);
  EXPECT_THAT(list.users, ElementsAre("a", "a", "a"));
  EXPECT_THAT(list.not_events, ElementsAre(Pair("too_large", 1)));
  EXPECT_THAT(Read(R"({"log":)" + JsonString(large) + "}", 0, limit).not_events,
              ElementsAre(Pair("too_large", 1)));
  EXPECT_THAT(Read(large, 0, large.size()).users, ElementsAre("b"));
}

// Damages one line of a log in some way.
void Damage(std::string& line, std::mt19937& random) {
  const std::size_t at = random() % line.size();
  switch (random() % 6) {
    case 0:
      line.resize(at);
      break;
    case 1:
      line.erase(0, at);
      break;
    case 2:
      line[at] = static_cast<char>(random() % 256);
      break;
    case 3:
      line.insert(at, std::string(1 + random() % 50, '\0'));
      break;
    case 4:
      line.insert(at, "\n");
      break;
    default:
      line.erase(at, 1 + random() % 20);
      break;
  }
}

TEST(EventReaderTest, DamageToOneLineLeavesAllOthersEvents) {
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp): the same in every run
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::string> lines;
    for (int user = 0; user < 8; ++user) {
      lines.push_back(Event(absl::StrFormat("user-%d", user)));
    }
    const std::size_t damaged = random() % lines.size();
    Damage(lines[damaged], random);
    std::string text;
    std::vector<std::string> others;
    for (std::size_t user = 0; user < lines.size(); ++user) {
      text += lines[user] + "\n";
      if (user != damaged) {
        others.push_back(absl::StrFormat("user-%d", user));
      }
    }
    const Found found = Read(text);
    ASSERT_THAT(found.users, IsSupersetOf(others)) << lines[damaged];
    // Whatever is left of the line is counted: nothing that was read vanishes.
    std::size_t records = found.users.size();
    for (const auto& [reason, count] : found.not_events) {
      records += static_cast<std::size_t>(count);
    }
    constexpr std::string_view kSeparators("\0 \t\r\n,]}", 8);
    const bool is_nothing = lines[damaged].find_first_not_of(kSeparators) == std::string::npos;
    ASSERT_GE(records, others.size() + (is_nothing ? 0 : 1)) << lines[damaged];
  }
}

}  // namespace
}  // namespace hark::pipeline
