// What the opener makes of wrappers that are too deep, cut off, broken or hostile.
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "parse/envelope.h"
#include "parse/envelope_helper.h"
#include "support/event_json.h"

namespace hark::parse {
namespace {

using ::hark::testing::JsonString;
using ::hark::testing::PaddedText;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(DamagedEnvelopeTest, EightWrappersAreOpenedAndNineAreTooDeep) {
  std::string text = Event("a");
  for (int depth = 0; depth < EnvelopeOpener::kMaxDepth; ++depth) {
    text = depth % 2 == 0 ? Shipped("message", text) : List({text});
  }
  EXPECT_THAT(Opened(text), ElementsAre("a"));
  EXPECT_THAT(Opened(List({text})), ElementsAre("rejected: too_deep"));
  EXPECT_THAT(Opened(Shipped("log", text)), ElementsAre("rejected: too_deep"));
}

TEST(DamagedEnvelopeTest, EachKindOfWrapperCountsForTheDepth) {
  std::string text = Event("a");
  for (int depth = 0; depth < EnvelopeOpener::kMaxDepth; ++depth) {
    text = List({text});
  }
  const std::string data = Base64(text);
  EXPECT_THAT(Opened(R"({"awslogs":{"data":")" + data + "\"}}"), ElementsAre("rejected: too_deep"));
  EXPECT_THAT(Opened("2026-11-23T18:04:22Z stdout F " + text), ElementsAre("rejected: too_deep"));
}

TEST(DamagedEnvelopeTest, ArraysTenThousandDeepAreOneRejectedRecord) {
  const std::string text = std::string(10'000, '[') + std::string(10'000, ']');
  EXPECT_THAT(Opened(text), ElementsAre("rejected: too_deep"));
  EXPECT_THAT(Opened(Wrap("x", text)), ElementsAre("skipped: no_audit_event"));
}

TEST(DamagedEnvelopeTest, AnEventThatIsCutOffIsTruncated) {
  const std::string event = Event("a");
  for (const std::size_t size : {std::size_t{1}, event.size() / 2, event.size() - 1}) {
    const std::string cut = event.substr(0, size);
    EXPECT_THAT(Opened(cut), ElementsAre("rejected: truncated")) << size;
    EXPECT_THAT(Opened(Shipped("message", cut)), ElementsAre("rejected: truncated")) << size;
  }
}

TEST(DamagedEnvelopeTest, AListThatIsCutOffIsItsItemsBeforeTheCut) {
  const std::string list = EventList({Event("a"), Event("b"), Event("c")});
  const auto without_last = [&list](std::size_t bytes) {
    return list.substr(0, list.size() - bytes);
  };
  EXPECT_THAT(Opened(without_last(1)), ElementsAre("a", "b", "c", "rejected: truncated"));
  EXPECT_THAT(Opened(without_last(2)), ElementsAre("a", "b", "c", "rejected: truncated"));
  EXPECT_THAT(Opened(without_last(3)), ElementsAre("a", "b", "rejected: truncated"));
  EXPECT_THAT(Opened("[" + Event("a") + ","), ElementsAre("a", "rejected: truncated"));
  EXPECT_THAT(Opened(Wrap("records", EventList({Event("a")})).substr(0, 12)),
              ElementsAre("rejected: truncated"));
}

TEST(DamagedEnvelopeTest, ALineThatIsCutOffDoesNotSwallowTheNext) {
  EXPECT_THAT(Opened(Event("a").substr(0, 99) + "\n" + Event("b")),
              ElementsAre("rejected: truncated", "b"));
}

TEST(DamagedEnvelopeTest, ABracketOfTheWrongKindIsMalformed) {
  EXPECT_THAT(Opened(R"({"a":[1}})"), ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened("{\"items\":[" + Event("a") + "}}\n" + Event("b")),
              ElementsAre("a", "rejected: malformed", "b"));
  EXPECT_THAT(Opened(Shipped("log", R"({"a":[1}})")), ElementsAre("rejected: bad_envelope"));
}

TEST(DamagedEnvelopeTest, TextThatIsNoJsonIsMalformed) {
  EXPECT_THAT(Opened("I1123 18:04:22 trace.go:1] done"), ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened(Shipped("log", "panic: x\n\ngoroutine 1:\n\tmain.go\n")),
              ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened("{x}"), ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened(R"({"a":nul})"), ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened("\"never closed"), ElementsAre("rejected: malformed"));
}

TEST(DamagedEnvelopeTest, WhatIsNoUtf8HidesNoOtherDamage) {
  EXPECT_THAT(Opened("{\"a\":\"\xff\"}"), ElementsAre("skipped: no_audit_event"));
  EXPECT_THAT(Opened("{\"a\":\"\xff\",\"b\":nul}"), ElementsAre("rejected: malformed"));
  EXPECT_THAT(Opened("{\"a\":\xff}"), ElementsAre("rejected: malformed"));
}

TEST(DamagedEnvelopeTest, TextBetweenDocumentsIsOneRecord) {
  EXPECT_THAT(Opened(Event("a") + "\nx\ny\n" + Event("b")),
              ElementsAre("a", "rejected: malformed", "b"));
}

TEST(DamagedEnvelopeTest, ScalarsAreNoObjects) {
  for (const char* const json : {"7", "-1.5e3", "true", "null", "\"text\"", "\"\""}) {
    EXPECT_THAT(Opened(json), ElementsAre("rejected: not_an_object")) << json;
  }
}

TEST(DamagedEnvelopeTest, AnObjectOfNoKnownShapeIsSkipped) {
  for (const char* const json : {"{}", R"({"a":{"b":[1,1e999,"\ud800"]}})", R"({"data":"hello"})",
                                 R"({"stage":"prod"})", R"({"message":7})"}) {
    EXPECT_THAT(Opened(json), ElementsAre("skipped: no_audit_event")) << json;
  }
}

TEST(DamagedEnvelopeTest, ABlankRecordIsSkipped) {
  EXPECT_THAT(Opened(""), ElementsAre("skipped: no_audit_event"));
  EXPECT_THAT(Opened(" \r\n"), ElementsAre("skipped: no_audit_event"));
}

TEST(DamagedEnvelopeTest, PayloadsThatCannotBeOpenedAreBadEnvelopes) {
  const std::string gzip = Gzip(CloudWatch({Event("a")}));
  std::string damaged = gzip;
  damaged[gzip.size() - 6] = static_cast<char>(damaged[gzip.size() - 6] ^ 1);
  for (const std::string& data :
       {std::string("not base64!"), Base64("no json"), Base64(gzip.substr(0, gzip.size() - 9)),
        Base64(damaged), Base64(gzip + "trailing"), std::string(), std::string("H4sI")}) {
    EXPECT_THAT(Opened(R"({"awslogs":{"data":)" + JsonString(data) + "}}"),
                ElementsAre("rejected: bad_envelope"))
        << data;
  }
  EXPECT_THAT(Opened(R"({"awslogs":{}})"), ElementsAre("rejected: bad_envelope"));
  EXPECT_THAT(Opened(R"({"awslogs":null})"), ElementsAre("rejected: bad_envelope"));
  EXPECT_THAT(Opened(R"({"message":"\x"})"), ElementsAre("rejected: bad_envelope"));
}

TEST(DamagedEnvelopeTest, APayloadBeyondTheLimitIsABomb) {
  const std::string event = Event("a");
  const std::string data = R"({"awslogs":{"data":")" + Base64(Gzip(event)) + "\"}}";
  const PaddedText text(data);
  for (const std::size_t limit : {event.size(), event.size() - 1}) {
    EnvelopeOpener opener(limit);
    WordsOfRecord visitor;
    opener.Open(text.view(), "", visitor);
    EXPECT_THAT(visitor.words(), ElementsAre(limit == event.size() ? "a" : "rejected: bomb"));
  }
}

TEST(DamagedEnvelopeTest, ALargePayloadIsItsRecordsOrABomb) {
  // Over 4 MiB it is opened in another way, in one member or more.
  std::string subscription;
  std::size_t events = 0;
  for (; subscription.size() < 2 * LargeTurn::kLarge; ++events) {
    subscription += Event("a") + "\n";
  }
  const std::size_t half = subscription.size() / 2;
  for (const std::string& payload :
       {Gzip(subscription), Gzip(subscription.substr(0, half)) + Gzip(subscription.substr(half))}) {
    const PaddedText text(R"({"awslogs":{"data":")" + Base64(payload) + "\"}}");
    for (const std::size_t limit : {subscription.size(), subscription.size() - 1}) {
      EnvelopeOpener opener(limit);
      WordsOfRecord visitor;
      opener.Open(text.view(), "", visitor);
      if (limit == subscription.size()) {
        EXPECT_THAT(visitor.words(), SizeIs(events));
        EXPECT_THAT(visitor.words(), Each("a"));
      } else {
        EXPECT_THAT(visitor.words(), ElementsAre("rejected: bomb"));
      }
    }
    const PaddedText damaged(R"({"awslogs":{"data":")" +
                             Base64(payload.substr(0, payload.size() - 9)) + "\"}}");
    EnvelopeOpener opener;
    WordsOfRecord visitor;
    opener.Open(damaged.view(), "", visitor);
    EXPECT_THAT(visitor.words(), ElementsAre("rejected: bad_envelope"));
  }
}

TEST(DamagedEnvelopeTest, PayloadsWithinEachOtherShareTheLimit) {
  const std::string event = Event("a");
  const std::string inner = R"({"awslogs":{"data":")" + Base64(Gzip(event)) + "\"}}";
  const std::string outer = R"({"awslogs":{"data":")" + Base64(Gzip(inner)) + "\"}}";
  EnvelopeOpener opener(event.size() + inner.size() - 1);
  WordsOfRecord visitor;
  const PaddedText text(outer);
  opener.Open(text.view(), "", visitor);
  EXPECT_THAT(visitor.words(), ElementsAre("rejected: bomb"));
}

TEST(DamagedEnvelopeTest, ARecordLeavesNothingToTheNext) {
  EnvelopeOpener opener;
  const PaddedText first(CloudWatch({Event("a")}));
  const PaddedText second(Event("b"));
  WordsOfRecord visitor;
  opener.Open(first.view(), "", visitor);
  opener.Open(second.view(), "", visitor);
  EXPECT_THAT(visitor.words(), ElementsAre("a@prod", "b"));
}

TEST(DamagedEnvelopeTest, LoneSurrogatesAndPairsAreUnescaped) {
  EXPECT_THAT(Opened(R"({"log":"{\"auditID\":\"\ud83d\ude00\ud800\",\"stage\":\"Panic\",)"
                     R"(\"stageTimestamp\":\"2026-11-23T18:04:22Z\",)"
                     R"(\"requestReceivedTimestamp\":\"2026-11-23T18:04:22Z\"}"})"),
              ElementsAre("\U0001f600\ufffd"));
}

TEST(DamagedEnvelopeTest, ManyItemsAreOpenedOneByOne) {
  std::string list = "[";
  for (int i = 0; i < 500; ++i) {
    list.append(i == 0 ? "" : ",").append(JsonString(Event("a")));
  }
  const std::vector<std::string> words = Opened(list + "]");
  EXPECT_THAT(words, SizeIs(500));
  EXPECT_THAT(words, Each("a"));
}

}  // namespace
}  // namespace hark::parse
