// What a client, a broken shipper or a torn file can make of an event's text.

#include <cstddef>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "parse/event_parser.h"
#include "parse/parse_helper.h"
#include "support/event_json.h"

namespace hark::parse {
namespace {

using ::hark::testing::EventBuilder;

std::string Repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

std::string NestedLists(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(HostileEventTest, EscapedKeysAreTheKeysThatTheyRead) {
  EventBuilder event;
  event.Without("verb").Append(R"(ver\u0062)", R"("list")");
  event.Set("objectRef", R"({"\u0072esource":"secrets","n\u0061me":"x"})");
  event.Set("user", R"({"user\u006eame":"mallory","extra":{)"
                    R"("authentication.kubernetes.io\/credential-id":["JTI=1"]}})");
  event.Set("annotations", R"({"authorization.k8s.io\/decision":"forbid"})");
  event.Set("responseStatus", R"({"c\u006fde":403})");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(event.Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().verb, "list");
  EXPECT_EQ(parsed.event().resource, "secrets");
  EXPECT_EQ(parsed.event().name, "x");
  EXPECT_EQ(parsed.event().user.username, "mallory");
  EXPECT_EQ(parsed.event().user.credential, "JTI=1");
  EXPECT_EQ(parsed.event().decision, "forbid");
  EXPECT_EQ(parsed.event().code, 403);
}

TEST(HostileEventTest, KeysThatOnlyBeginLikeAFieldAreOthers) {
  EventBuilder event;
  event.Append(R"(verb\"x)", R"("list")").Append(R"(verb\u0000)", R"("list")");
  event.Append("verbs", R"("list")").Append("ver", R"("list")").Append(R"(verb\\)", R"("list")");
  event.Append("", R"("list")");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(event.Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().verb, "get");
}

TEST(HostileEventTest, ALaterEssentialFieldOfAWrongTypeIsARejection) {
  EXPECT_EQ(OutcomeOf(EventBuilder().Append("auditID", "1").Json()), "wrong_type");
  EXPECT_EQ(OutcomeOf(EventBuilder().Append("stage", "[]").Json()), "wrong_type");
  EXPECT_EQ(OutcomeOf(EventBuilder().Append("stageTimestamp", "{}").Json()), "wrong_type");
  EXPECT_EQ(OutcomeOf(EventBuilder().Append("stageTimestamp", "\"x\"").Json()), "bad_value");
}

TEST(HostileEventTest, ObjectsThatAreNoAuditEventAreSkipped) {
  for (const char* const json :
       {"{}", R"({"a":{"auditID":"x"}})", R"({"kind":"Pod","apiVersion":"v1","metadata":{}})",
        R"({"kind":"Event","apiVersion":"v1","metadata":{"name":"x"},"reason":"Pulled"})",
        R"({"kind":"Event","apiVersion":"events.k8s.io/v1","eventTime":null})",
        R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]})",
        R"({"message":"started","level":"info","timestamp":"2026-11-23T18:04:22Z"})"}) {
    EXPECT_EQ(OutcomeOf(json), "skipped") << json;
  }
}

TEST(HostileEventTest, AnAuditEventWithNothingInItIsRejected) {
  EXPECT_EQ(OutcomeOf(R"({"kind":"Event","apiVersion":"audit.k8s.io/v1beta1"})"), "missing_field");
}

TEST(HostileEventTest, ItemsOfAListNeedNotSayWhatTheyAre) {
  EXPECT_EQ(OutcomeOf(EventBuilder().Without("kind").Without("apiVersion").Json()), "event");
}

TEST(HostileEventTest, JsonThatIsNoObjectIsToldFromWhatIsNoJson) {
  for (const char* const json :
       {"[]", "1", "null", "\"{}\"", "true", "}", R"([{"auditID":"x"}])"}) {
    EXPECT_EQ(OutcomeOf(json), "not_an_object") << json;
  }
  for (const char* const json : {"", " ", "{", "{\"a\"", "{\"a\":", "{]", "{\"a\" 1}", "{1:2}",
                                 "\"", "{\"a\":1,}", "{\"a\":1 \"b\":2}"}) {
    EXPECT_EQ(OutcomeOf(json), "malformed") << json;
  }
}

TEST(HostileEventTest, NothingMayFollowTheEvent) {
  const std::string json = EventBuilder().Json();
  for (const char* const rest : {"}", "{}", ",", "x", "\"", " 1", "]", "\x01"}) {
    EXPECT_EQ(OutcomeOf(json + rest), "malformed") << rest;
  }
}

TEST(HostileEventTest, ATextThatIsCutAnywhereIsNoEvent) {
  EventBuilder event;
  event.UserField("groups", R"(["a","b"])").Credential("JTI=1").Impersonate("b\u00e9");
  event.Set("requestObject", R"([{"op":"add","value":{"a":[1,2,{}]}}])").Uri("/a?b=\"c\"&d");
  const std::string json = event.Json();
  // Whatever stands behind the text must not complete it.
  for (const char filler : {'}', ']', '"', '\n', '\0', ',', '{'}) {
    ParsedText parsed;
    for (std::size_t size = 0; size < json.size(); ++size) {
      ASSERT_EQ(parsed.Parse(json.substr(0, size), filler), ParseOutcome::kRejected)
          << json.substr(0, size) << " before " << filler;
    }
    ASSERT_EQ(parsed.Parse(json, filler), ParseOutcome::kEvent);
  }
}

TEST(HostileEventTest, AnEventThatLosesItsBeginningIsNoEvent) {
  const std::string json = EventBuilder().Json();
  for (std::size_t start = 1; start < json.size(); ++start) {
    ASSERT_NE(OutcomeOf(json.substr(start)), "event") << json.substr(start);
  }
}

TEST(HostileEventTest, ABodyMayBeNestedAsDeeplyAsKubernetesTakesIt) {
  ParsedText parsed;
  for (const char* const key : {"requestObject", "unknown", "metadata"}) {
    EventBuilder event;
    event.Set(key, NestedLists(10'000)).Append("verb", R"("patch")");
    ASSERT_EQ(parsed.Parse(event.Json()), ParseOutcome::kEvent) << key;
    EXPECT_EQ(parsed.event().verb, "patch");
  }
}

TEST(HostileEventTest, FieldsMayBeNestedTooDeeplyToBeOfTheirType) {
  EventBuilder event;
  event.Set("verb", NestedLists(10'000)).Set("sourceIPs", NestedLists(10'000));
  event.UserField("groups", "[" + NestedLists(10'000) + "]");
  event.Set("objectRef", Repeated(R"({"name":)", 10'000) + "1" + std::string(10'000, '}'));
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(event.Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.parser().wrong_types(), 4);
}

TEST(HostileEventTest, BracketsThatNeverCloseAreMalformed) {
  for (const char* const bracket : {"[", "{\"a\":", "{\"user\":", "[{\"a\":["}) {
    EXPECT_EQ(OutcomeOf(R"({"requestObject":)" + Repeated(bracket, 100'000)), "malformed");
  }
}

TEST(HostileEventTest, InvalidUtf8InAPatchIsNoWayAroundTheRules) {
  // The API server logs the bytes of a patch as the client sent them.
  EventBuilder event;
  event.Set("requestObject", "{\"a\":\"\xff\xc0\xaf\xed\xa0\x80\"}").Append("verb", R"("patch")");
  const std::string json = event.Json();
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(json), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().verb, "patch");
  EXPECT_THAT(parsed.event().raw, ::testing::HasSubstr("\"\ufffd\ufffd"));
}

TEST(HostileEventTest, InvalidUtf8ReadsAsTheReplacementCharacter) {
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(EventBuilder().ObjectField("name", "\"a\xff\"").Json()),
            ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().name, "a\ufffd");
}

TEST(HostileEventTest, ControlCharactersInATextAreMalformed) {
  EXPECT_EQ(OutcomeOf(EventBuilder().ObjectField("name", "\"a\nb\"").Json()), "malformed");
  EXPECT_EQ(OutcomeOf(EventBuilder().ObjectField("uid", "\"a\x01\"").Json()), "malformed");
}

TEST(HostileEventTest, ABrokenEscapeInAFieldThatIsReadIsMalformed) {
  EXPECT_EQ(OutcomeOf(EventBuilder().Set("verb", R"("\x")").Json()), "malformed");
  EXPECT_EQ(OutcomeOf(EventBuilder().Set("verb", R"("\u12")").Json()), "malformed");
}

TEST(HostileEventTest, AByteOrderMarkIsNoBeginningOfAnObject) {
  EXPECT_EQ(OutcomeOf("\xef\xbb\xbf" + EventBuilder().Json()), "not_an_object");
}

TEST(HostileEventTest, HugeNumbersThatNobodyReadsDoNotMatter) {
  EventBuilder event;
  event.Set("requestObject", "{\"a\":1e999,\"b\":" + std::string(5'000, '9') + "}");
  EXPECT_EQ(OutcomeOf(event.Json()), "event");
}

TEST(HostileEventTest, TenThousandGroupsAreRead) {
  EventBuilder event;
  event.UserField("groups", "[\"g\"" + Repeated(",\"g\"", 9'999) + "]");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(event.Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().user.groups.size(), 10'000);
}

}  // namespace
}  // namespace hark::parse
