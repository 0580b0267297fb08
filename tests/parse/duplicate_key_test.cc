// Keys that an event has twice, and keys that differ in their case. What is expected here of texts,
// numbers, objects, lists and null was asked of the decoder of Kubernetes (sigs.k8s.io/json) with
// the types of audit.k8s.io/v1.

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
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsNull;

class DuplicateKeyTest : public ::testing::Test {
 protected:
  // The event with a member that comes behind all others.
  const AuditEvent& With(std::string_view key, std::string_view json) {
    EXPECT_EQ(parsed_.Parse(event_.Append(key, json).Json()), ParseOutcome::kEvent);
    return parsed_.event();
  }

  EventBuilder event_;
  ParsedText parsed_;
};

TEST_F(DuplicateKeyTest, OfTextsAndNumbersTheLastOneWins) {
  event_.Append("level", R"("Request")").Append("stage", R"("Panic")");
  event_.Append("auditID", R"("second")").Append("stageTimestamp", R"("2026-11-23T18:05:00Z")");
  event_.Append("responseStatus", R"({"code":500,"code":403})");
  const AuditEvent& event = With("verb", R"("list")");
  EXPECT_EQ(event.verb, "list");
  EXPECT_EQ(event.level, Level::kRequest);
  EXPECT_EQ(event.stage, Stage::kPanic);
  EXPECT_EQ(event.audit_id, "second");
  EXPECT_EQ(event.stage_time - event.received_time, 37'078'455);
  EXPECT_EQ(event.code, 403);
}

TEST_F(DuplicateKeyTest, AListIsReplaced) {
  EXPECT_THAT(With("sourceIPs", R"(["10.9.9.9"])").source_ips, ElementsAre("10.9.9.9"));
  EXPECT_THAT(With("sourceIPs", "null").source_ips, IsEmpty());
  event_.UserField("groups", R"(["a","b"])");
  EXPECT_THAT(With("user", R"({"groups":["c"]})").user.groups, ElementsAre("c"));
}

TEST_F(DuplicateKeyTest, AnObjectIsPutOverTheOneBefore) {
  event_.UserField("groups", R"(["a"])").Impersonate("victim");
  event_.Append(R"(u\u0073er)", R"({"username":"bob"})");
  event_.Append("impersonatedUser", R"({"groups":["g"]})");
  event_.Append("responseStatus", R"({"reason":"Forbidden"})");
  event_.Append("annotations", R"({"other":"x"})");
  const AuditEvent& event = With("objectRef", R"({"name":"first","name":"second"})");
  EXPECT_EQ(event.user.username, "bob");
  EXPECT_THAT(event.user.groups, ElementsAre("a"));
  EXPECT_EQ(event.impersonated.username, "victim");
  EXPECT_THAT(event.impersonated.groups, ElementsAre("g"));
  EXPECT_EQ(event.code, 200);
  EXPECT_EQ(event.status_reason, "Forbidden");
  EXPECT_EQ(event.decision, "allow");
  EXPECT_EQ(event.resource, "secrets");
  EXPECT_EQ(event.namespace_name, "a");
  EXPECT_EQ(event.name, "second");
}

TEST_F(DuplicateKeyTest, NullChangesNothingWhereATextANumberOrTheUserWas) {
  event_.Append("auditID", "null").Append("stage", "null").Append("level", "null");
  event_.Append("user", "null").Append("responseStatus", R"({"code":null})");
  const AuditEvent& event = With("verb", "null");
  EXPECT_EQ(event.audit_id, "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(event.stage, Stage::kResponseComplete);
  EXPECT_EQ(event.level, Level::kMetadata);
  EXPECT_EQ(event.user.username, "alice");
  EXPECT_EQ(event.code, 200);
  EXPECT_EQ(event.verb, "get");
}

TEST_F(DuplicateKeyTest, NullTakesAwayAllElse) {
  event_.Impersonate("victim").Append("impersonatedUser", "null");
  event_.Append("objectRef", "null").Append("annotations", "null");
  const AuditEvent& event = With("responseStatus", "null");
  EXPECT_THAT(event.impersonated.username.data(), IsNull());
  EXPECT_THAT(event.resource.data(), IsNull());
  EXPECT_THAT(event.decision.data(), IsNull());
  EXPECT_EQ(event.code, 0);
  EXPECT_EQ(OutcomeOf(EventBuilder().Append("stageTimestamp", "null").Json()), "event");
  EXPECT_EQ(OutcomeOf(EventBuilder()
                          .Append("stageTimestamp", "null")
                          .Append("requestReceivedTimestamp", "null")
                          .Json()),
            "missing_field");
}

TEST_F(DuplicateKeyTest, TheExtrasAreAMap) {
  const std::string user = R"({"username":"a","extra":{)"
                           R"("authentication.kubernetes.io/credential-id":["JTI=1"]},"extra":)";
  for (const char* const later : {"{}", R"({"other":["x"]})"}) {
    event_.Set("user", user + later + "}");
    EXPECT_EQ(With("verb", "null").user.credential, "JTI=1") << later;
  }
  for (const char* const later : {"null", "[]"}) {
    event_.Set("user", user + later + "}");
    EXPECT_THAT(With("verb", "null").user.credential.data(), IsNull()) << later;
  }
}

// Kubernetes refuses such an event as a whole.
TEST_F(DuplicateKeyTest, ALaterOneOfAWrongTypeHidesTheFirst) {
  event_.UserField("groups", R"(["system:masters"])").Credential("JTI=1");
  event_.Append("verb", "1").Append("sourceIPs", "{}").Append("objectRef", "[]");
  event_.Append("responseStatus", R"({"code":403,"code":"x","reason":"Forbidden","reason":{}})");
  event_.Append("annotations", "7").Append("level", "[]").Append("user", "[]");
  const AuditEvent& event =
      With("user", R"({"username":"a","username":[],"groups":["x"],"groups":"y"})");
  EXPECT_THAT(event.verb.data(), IsNull());
  EXPECT_THAT(event.source_ips, IsEmpty());
  EXPECT_THAT(event.resource.data(), IsNull());
  EXPECT_EQ(event.code, 0);
  EXPECT_THAT(event.status_reason.data(), IsNull());
  EXPECT_THAT(event.decision.data(), IsNull());
  EXPECT_THAT(event.user.username.data(), IsNull());
  EXPECT_THAT(event.user.groups, IsEmpty());
  EXPECT_THAT(event.user.credential.data(), IsNull());
  EXPECT_EQ(event.level, Level::kNone);
}

TEST_F(DuplicateKeyTest, KeysOfAnotherCaseAreOtherKeys) {
  event_.Append("auditid", R"("x")").Append("AuditID", R"("x")").Append("AUDITID", R"("x")");
  event_.Append("User", R"({"username":"mallory"})").Append("objectref", R"({"name":"x"})");
  const AuditEvent& event = With("Verb", R"("list")");
  EXPECT_EQ(event.audit_id, "11111111-2222-4333-8444-555555555555");
  EXPECT_EQ(event.user.username, "alice");
  EXPECT_EQ(event.name, "b");
  EXPECT_EQ(event.verb, "get");
}

}  // namespace
}  // namespace hark::parse
