#include "parse/event_parser.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/rfc3339.h"
#include "parse/parse_helper.h"
#include "support/event_json.h"

namespace hark::parse {
namespace {

using ::hark::testing::EventBuilder;
using ::hark::testing::JsonString;
using ::hark::testing::JsonStrings;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::NotNull;

// An event with every field that the projection has.
EventBuilder FullEvent() {
  EventBuilder event;
  event.User("alice").UserField("uid", "\"u-1\"").UserField("groups", JsonStrings({"dev", "ops"}));
  event.Credential("JTI=9f").Impersonate("bob").ImpersonatedField("uid", "\"u-2\"");
  event.ImpersonatedField("groups", JsonStrings({"qa"}));
  event.SourceIps({"8.8.8.8", "203.0.113.7"});
  event.Resource("pods/exec").ObjectField("apiGroup", "\"core.example\"");
  event.ObjectField("apiVersion", "\"v1\"").StatusField("reason", "\"Forbidden\"").Code(403);
  event.Annotation("authorization.k8s.io/decision", "forbid").Level("Request").Stage("Panic");
  event.Received("2026-11-23T18:04:22.000001Z").StageTime("2026-11-23T18:04:22.000002Z");
  return event;
}

void ExpectFullEvent(const AuditEvent& event) {
  EXPECT_EQ(event.audit_id, "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(event.level, Level::kRequest);
  EXPECT_EQ(event.stage, Stage::kPanic);
  EXPECT_EQ(event.request_uri, "/api/v1/namespaces/a/secrets/b");
  EXPECT_EQ(event.verb, "get");
  EXPECT_EQ(event.user_agent, "kubectl/v1.37.2 (linux/amd64) kubernetes/0c5d8f1");
  EXPECT_EQ(event.user.username, "alice");
  EXPECT_EQ(event.user.uid, "u-1");
  EXPECT_THAT(event.user.groups, ElementsAre("dev", "ops"));
  EXPECT_EQ(event.user.credential, "JTI=9f");
  EXPECT_EQ(event.impersonated.username, "bob");
  EXPECT_EQ(event.impersonated.uid, "u-2");
  EXPECT_THAT(event.impersonated.groups, ElementsAre("qa"));
  EXPECT_THAT(event.source_ips, ElementsAre("8.8.8.8", "203.0.113.7"));
  EXPECT_EQ(event.resource, "pods");
  EXPECT_EQ(event.subresource, "exec");
  EXPECT_EQ(event.api_group, "core.example");
  EXPECT_EQ(event.api_version, "v1");
  EXPECT_EQ(event.namespace_name, "a");
  EXPECT_EQ(event.name, "b");
  EXPECT_EQ(event.code, 403);
  EXPECT_EQ(event.status_reason, "Forbidden");
  EXPECT_EQ(event.decision, "forbid");
  EXPECT_EQ(FormatRfc3339(event.received_time), "2026-11-23T18:04:22.000001Z");
  EXPECT_EQ(FormatRfc3339(event.stage_time), "2026-11-23T18:04:22.000002Z");
}

// The times of an event, "received stage", or why it has none.
std::string TimesOf(const EventBuilder& event) {
  ParsedText parsed;
  if (parsed.Parse(event.Json()) != ParseOutcome::kEvent) {
    return std::string(RejectReasonName(parsed.parser().reject_reason()));
  }
  return FormatRfc3339(parsed.event().received_time) + " " +
         FormatRfc3339(parsed.event().stage_time);
}

TEST(EventParserTest, ProjectsEveryField) {
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(FullEvent().Json()), ParseOutcome::kEvent);
  ExpectFullEvent(parsed.event());
  EXPECT_EQ(parsed.parser().wrong_types(), 0);
}

TEST(EventParserTest, TheRawTextIsTheWholeEvent) {
  const std::string json = FullEvent().Json();
  ParsedText parsed;
  parsed.Parse(json);
  EXPECT_EQ(parsed.event().raw, json);
}

TEST(EventParserTest, KeysComeInAnyOrder) {
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(FullEvent().ReversedJson()), ParseOutcome::kEvent);
  ExpectFullEvent(parsed.event());
}

TEST(EventParserTest, WhiteSpaceMeansNothing) {
  std::string json;
  for (const char c : FullEvent().Json()) {
    json.append(c == '{' || c == '[' ? std::string{c, '\n', '\t'} : std::string{c});
  }
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(" \r\n" + json + "\t "), ParseOutcome::kEvent);
  ExpectFullEvent(parsed.event());
}

TEST(EventParserTest, AnEventLeavesNothingToTheNext) {
  ParsedText parsed;
  parsed.Parse(FullEvent().Json());
  ASSERT_EQ(parsed.Parse(R"({"auditID":"x","stage":"ResponseStarted",)"
                         R"("stageTimestamp":"2026-11-23T18:04:22Z",)"
                         R"("requestReceivedTimestamp":"2026-11-23T18:04:22Z"})"),
            ParseOutcome::kEvent);
  const AuditEvent& event = parsed.event();
  EXPECT_THAT(event.verb.data(), IsNull());
  EXPECT_THAT(event.user.username.data(), IsNull());
  EXPECT_THAT(event.user.groups, IsEmpty());
  EXPECT_THAT(event.impersonated.username.data(), IsNull());
  EXPECT_THAT(event.source_ips, IsEmpty());
  EXPECT_THAT(event.resource.data(), IsNull());
  EXPECT_THAT(event.decision.data(), IsNull());
  EXPECT_EQ(event.code, 0);
  EXPECT_EQ(event.level, Level::kNone);
}

TEST(EventParserTest, OnlyThePartsThatAreAskedForAreRead) {
  ParsedText parsed(Bit(EventPart::kObjectRef));
  ASSERT_EQ(parsed.Parse(FullEvent().Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().resource, "pods");
  EXPECT_THAT(parsed.event().verb.data(), IsNull());
  EXPECT_THAT(parsed.event().user.username.data(), IsNull());
  EXPECT_THAT(parsed.event().source_ips, IsEmpty());
  EXPECT_EQ(parsed.event().code, 0);
}

TEST(EventParserTest, TheDetailsOfUsersAreAPartOfTheirOwn) {
  ParsedText parsed(Bit(EventPart::kUser));
  parsed.Parse(FullEvent().Json());
  EXPECT_EQ(parsed.event().user.username, "alice");
  EXPECT_THAT(parsed.event().user.uid.data(), IsNull());
  EXPECT_THAT(parsed.event().user.groups, IsEmpty());
}

TEST(EventParserTest, TextsAreUnescaped) {
  ParsedText parsed;
  parsed.Parse(EventBuilder().Set("requestURI", R"("\/api?a\u003d1\u0026b\u003d\u00e9")").Json());
  EXPECT_EQ(parsed.event().request_uri, "/api?a=1&b=\u00e9");
}

TEST(EventParserTest, NamesMayHoldNulsAndNewlines) {
  ParsedText parsed;
  parsed.Parse(EventBuilder().ObjectField("name", R"("a\u0000b\nc")").Json());
  EXPECT_EQ(parsed.event().name, std::string_view("a\0b\nc", 5));
}

TEST(EventParserTest, AnAuditIdOf5000BytesIsRead) {
  const std::string id(5'000, 'x');
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(EventBuilder().AuditId(id).Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().audit_id, id);
}

TEST(EventParserTest, AnEmptyTextIsNotAnAbsentOne) {
  ParsedText parsed;
  parsed.Parse(EventBuilder().Verb("").Json());
  EXPECT_EQ(parsed.event().verb, "");
  EXPECT_THAT(parsed.event().verb.data(), NotNull());
}

TEST(EventParserTest, AFailedAuthenticationHasAUserWithoutAName) {
  ParsedText parsed;
  ASSERT_EQ(
      parsed.Parse(EventBuilder().Set("user", "{}").Stage("ResponseStarted").Code(401).Json()),
      ParseOutcome::kEvent);
  EXPECT_THAT(parsed.event().user.username.data(), IsNull());
  EXPECT_EQ(parsed.event().code, 401);
}

TEST(EventParserTest, AnObjectRefMayBeWithoutAResource) {
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(EventBuilder().Set("objectRef", R"({"namespace":"a"})").Json()),
            ParseOutcome::kEvent);
  EXPECT_THAT(parsed.event().resource.data(), IsNull());
  EXPECT_EQ(parsed.event().namespace_name, "a");
}

TEST(EventParserTest, ABodyMayBeAListOrAScalar) {
  for (const std::string_view body : {R"([{"op":"add","path":"/a","value":{}}])", "1", "null"}) {
    EXPECT_EQ(OutcomeOf(EventBuilder().Set("requestObject", body).Json()), "event") << body;
  }
}

TEST(EventParserTest, AnUnknownLevelIsNone) {
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(EventBuilder().Level("Everything").Json()), ParseOutcome::kEvent);
  EXPECT_EQ(parsed.event().level, Level::kNone);
}

TEST(EventParserTest, EveryStageIsRead) {
  ParsedText parsed;
  for (const Stage stage : {Stage::kRequestReceived, Stage::kResponseStarted,
                            Stage::kResponseComplete, Stage::kPanic}) {
    ASSERT_EQ(parsed.Parse(EventBuilder().Stage(StageName(stage)).Json()), ParseOutcome::kEvent);
    EXPECT_EQ(parsed.event().stage, stage);
  }
}

TEST(EventParserTest, TimesMayHaveAnyPrecisionAndOffset) {
  EXPECT_EQ(TimesOf(EventBuilder()
                        .Received("2026-11-23T18:04:22Z")
                        .StageTime("2026-11-23T19:04:22.123456789+01:00")),
            "2026-11-23T18:04:22.000000Z 2026-11-23T18:04:22.123456Z");
}

TEST(EventParserTest, WithoutAStageTimestampTheEventIsAsOldAsItsRequest) {
  EXPECT_EQ(TimesOf(EventBuilder()
                        .At("2026-11-23T18:04:22Z")
                        .Without("stageTimestamp")
                        .Set("timestamp", "1")),
            "2026-11-23T18:04:22.000000Z 2026-11-23T18:04:22.000000Z");
}

TEST(EventParserTest, TheOldTimestampStandsForBothTimes) {
  EventBuilder event;
  event.Without("stageTimestamp").Without("requestReceivedTimestamp");
  event.Set("timestamp", JsonString("2018-10-26T13:12:47Z"));
  EXPECT_EQ(TimesOf(event), "2018-10-26T13:12:47.000000Z 2018-10-26T13:12:47.000000Z");
}

TEST(EventParserTest, ATimeWithAnEscapeIsTheTimeThatItSays) {
  ParsedText parsed;
  parsed.Parse(EventBuilder().Set("stageTimestamp", R"("2026-11-23T18:04:2\u0032Z")").Json());
  EXPECT_EQ(FormatRfc3339(parsed.event().stage_time), "2026-11-23T18:04:22.000000Z");
}

TEST(EventParserTest, ANullTimeIsAnAbsentOne) {
  EXPECT_EQ(TimesOf(EventBuilder().At("2026-11-23T18:04:22Z").Set("stageTimestamp", "null")),
            "2026-11-23T18:04:22.000000Z 2026-11-23T18:04:22.000000Z");
}

TEST(EventParserTest, AMissingEssentialFieldIsARejection) {
  EXPECT_EQ(OutcomeOf(EventBuilder().Without("auditID").Json()), "missing_field");
  EXPECT_EQ(OutcomeOf(EventBuilder().Without("stage").Json()), "missing_field");
  EXPECT_EQ(OutcomeOf(EventBuilder().Without("requestReceivedTimestamp").Json()), "missing_field");
  EXPECT_EQ(OutcomeOf(EventBuilder().Set("auditID", "null").Json()), "missing_field");
  EXPECT_EQ(OutcomeOf(EventBuilder().Set("stage", "null").Json()), "missing_field");
}

TEST(EventParserTest, AnEssentialFieldOfAWrongTypeIsARejection) {
  for (const char* const key : {"auditID", "stage", "requestReceivedTimestamp", "stageTimestamp"}) {
    for (const char* const json : {"1", "{}", "[\"x\"]", "true"}) {
      EXPECT_EQ(OutcomeOf(EventBuilder().Set(key, json).Json()), "wrong_type") << key << json;
    }
  }
}

TEST(EventParserTest, AnEssentialFieldOfABadValueIsARejection) {
  EXPECT_EQ(OutcomeOf(EventBuilder().Stage("Responsecomplete").Json()), "bad_value");
  EXPECT_EQ(OutcomeOf(EventBuilder().StageTime("yesterday").Json()), "bad_value");
  EXPECT_EQ(OutcomeOf(EventBuilder().Received("2026-02-30T00:00:00Z").Json()), "bad_value");
  EXPECT_EQ(OutcomeOf(EventBuilder().StageTime("0000-01-01T00:00:00Z").Json()), "bad_value");
}

TEST(EventParserTest, OptionalFieldsOfAWrongTypeAreAbsentAndCounted) {
  EventBuilder builder;
  builder.Set("verb", "1").Set("requestURI", "{}").Set("userAgent", "[]").Set("level", "2");
  builder.UserField("username", "7").UserField("groups", "\"dev\"").UserField("extra", "[]");
  builder.Set("sourceIPs", "\"1.2.3.4\"").ObjectField("name", "true").Set("annotations", "[]");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(builder.Json()), ParseOutcome::kEvent);
  const AuditEvent& event = parsed.event();
  EXPECT_THAT(event.verb.data(), IsNull());
  EXPECT_THAT(event.request_uri.data(), IsNull());
  EXPECT_THAT(event.user.username.data(), IsNull());
  EXPECT_THAT(event.user.groups, IsEmpty());
  EXPECT_THAT(event.source_ips, IsEmpty());
  EXPECT_THAT(event.name.data(), IsNull());
  EXPECT_THAT(event.decision.data(), IsNull());
  EXPECT_EQ(event.resource, "secrets");
  EXPECT_EQ(parsed.parser().wrong_types(), 10);
}

TEST(EventParserTest, WholeObjectsOfAWrongTypeAreAbsentAndCounted) {
  EventBuilder builder;
  builder.Set("user", "\"alice\"").Set("objectRef", "[1]").Set("responseStatus", "200");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(builder.Json()), ParseOutcome::kEvent);
  EXPECT_THAT(parsed.event().resource.data(), IsNull());
  EXPECT_EQ(parsed.event().code, 0);
  EXPECT_EQ(parsed.parser().wrong_types(), 3);
}

TEST(EventParserTest, MembersOfAWrongTypeAreLeftOut) {
  ParsedText parsed;
  parsed.Parse(EventBuilder().Set("sourceIPs", R"(["10.0.0.1",{"x":[1]},"10.0.0.2"])").Json());
  EXPECT_THAT(parsed.event().source_ips, ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_EQ(parsed.parser().wrong_types(), 1);
}

TEST(EventParserTest, ACodeMayBeWrittenAsAnyNumberThatIsWhole) {
  ParsedText parsed;
  for (const char* const code : {"403", "403.0", "403.000", "4.03e2", "4030E-1"}) {
    ASSERT_EQ(parsed.Parse(EventBuilder().StatusField("code", code).Json()), ParseOutcome::kEvent);
    EXPECT_EQ(parsed.event().code, 403) << code;
    EXPECT_EQ(parsed.parser().wrong_types(), 0) << code;
  }
}

TEST(EventParserTest, ACodeIsAWholeNumberOfThreeDigits) {
  ParsedText parsed;
  std::uint64_t wrong = 0;
  for (const char* const code : {"\"403\"", "403.5", "4.03e3", "-1", "-0.5", "1000",
                                 "99999999999999999999", "1e999", "[403]", "true"}) {
    ASSERT_EQ(parsed.Parse(EventBuilder().StatusField("code", code).Json()), ParseOutcome::kEvent);
    EXPECT_EQ(parsed.event().code, 0) << code;
    EXPECT_EQ(parsed.parser().wrong_types(), ++wrong) << code;
  }
}

TEST(EventParserTest, NullIsAbsentAndNotCounted) {
  EventBuilder builder;
  builder.Set("verb", "null").Set("user", "null").Set("impersonatedUser", "null");
  builder.Set("sourceIPs", "null").Set("objectRef", "null").StatusField("code", "null");
  ParsedText parsed;
  ASSERT_EQ(parsed.Parse(builder.Json()), ParseOutcome::kEvent);
  EXPECT_THAT(parsed.event().verb.data(), IsNull());
  EXPECT_THAT(parsed.event().user.username.data(), IsNull());
  EXPECT_EQ(parsed.event().code, 0);
  EXPECT_EQ(parsed.parser().wrong_types(), 0);
}

}  // namespace
}  // namespace hark::parse
