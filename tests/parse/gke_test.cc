#include "parse/gke.h"

#include <string>
#include <string_view>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/json_members.h"
#include "base/rfc3339.h"
#include "parse/event_parser.h"
#include "support/event_json.h"

namespace hark::parse {
namespace {

using ::hark::testing::JsonString;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNull;
using ::testing::Not;

// An entry, member by member as JSON; an empty one is left out.
struct EntryParts {
  std::string timestamp = R"("2024-01-01T01:00:00.123456789Z")";
  std::string insert_id = R"("insert")";
  std::string operation = R"({"id":"operation","first":true,"last":true})";
  std::string labels = {};
  std::string resource = R"({"type":"k8s_cluster","labels":{"cluster_name":"c1"}})";
  std::string service = R"("k8s.io")";
  std::string method = R"("io.k8s.core.v1.pods.create")";
  std::string resource_name = R"("core/v1/namespaces/n/pods/p")";
  std::string status = {};
  std::string authentication = {};
  std::string metadata = {};
  std::string request = {};
  std::string response = {};
};

void Add(std::string& object, std::string_view key, std::string_view json) {
  if (!json.empty()) {
    object.append(object.size() == 1 ? "\"" : ",\"").append(key).append("\":").append(json);
  }
}

std::string Json(const EntryParts& parts) {
  std::string payload = "{";
  Add(payload, "serviceName", parts.service);
  Add(payload, "methodName", parts.method);
  Add(payload, "resourceName", parts.resource_name);
  Add(payload, "status", parts.status);
  Add(payload, "authenticationInfo", parts.authentication);
  Add(payload, "requestMetadata", parts.metadata);
  Add(payload, "request", parts.request);
  Add(payload, "response", parts.response);
  std::string entry = "{";
  Add(entry, "protoPayload", payload + "}");
  Add(entry, "timestamp", parts.timestamp);
  Add(entry, "insertId", parts.insert_id);
  Add(entry, "operation", parts.operation);
  Add(entry, "labels", parts.labels);
  Add(entry, "resource", parts.resource);
  return entry + "}";
}

// The event of an entry, for as long as this lives.
class Converted {
 public:
  explicit Converted(const EntryParts& parts)
      : outcome_(converter_.Convert(Json(parts))),
        parsed_(outcome_ == GkeOutcome::kEvent ? parser_.Parse(converter_.json(), event_)
                                               : ParseOutcome::kSkipped) {}

  GkeOutcome outcome() const { return outcome_; }
  ParseOutcome parsed() const { return parsed_; }
  RejectReason reason() const { return parser_.reject_reason(); }
  const AuditEvent& event() const { return event_; }
  std::string json() const { return std::string(converter_.json()); }
  std::string_view cluster() const { return converter_.cluster(); }

 private:
  GkeConverter converter_;
  EventParser parser_{kAllEventParts};
  AuditEvent event_;
  GkeOutcome outcome_;
  ParseOutcome parsed_;
};

// "group/version resource/subresource namespace name" of an entry's objectRef.
std::string ObjectOf(std::string_view resource_name,
                     std::string_view method = "io.k8s.core.v1.x.get") {
  const Converted converted(
      {.method = JsonString(method), .resource_name = JsonString(resource_name)});
  const AuditEvent& event = converted.event();
  std::string text;
  text.append(event.api_group).append("/").append(event.api_version).append(" ");
  text.append(event.resource).append("/").append(event.subresource).append(" ");
  return text.append(event.namespace_name).append(" ").append(event.name);
}

int CodeOf(std::string_view status, std::string_view response = "",
           std::string_view resource_name = "core/v1/namespaces/n/pods/p") {
  return Converted({.resource_name = JsonString(resource_name),
                    .status = std::string(status),
                    .response = std::string(response)})
      .event()
      .code;
}

TEST(GkeTest, AnEntryBecomesAnEvent) {
  const Converted converted({
      .labels = R"({"authorization.k8s.io/decision":"allow"})",
      .status = "{}",
      .authentication = R"({"principalEmail":"alice@example.com"})",
      .metadata = R"({"callerIp":"203.0.113.7","callerSuppliedUserAgent":"kubectl/v1"})",
  });
  ASSERT_EQ(converted.outcome(), GkeOutcome::kEvent);
  ASSERT_EQ(converted.parsed(), ParseOutcome::kEvent);
  const AuditEvent& event = converted.event();
  EXPECT_EQ(event.audit_id, "operation");
  EXPECT_EQ(event.stage, Stage::kResponseComplete);
  EXPECT_EQ(event.level, Level::kMetadata);
  EXPECT_EQ(event.verb, "create");
  EXPECT_EQ(event.user.username, "alice@example.com");
  EXPECT_THAT(event.source_ips, ElementsAre("203.0.113.7"));
  EXPECT_EQ(event.user_agent, "kubectl/v1");
  EXPECT_EQ(event.resource, "pods");
  EXPECT_EQ(event.code, 200);
  EXPECT_EQ(event.decision, "allow");
  EXPECT_EQ(FormatRfc3339(event.stage_time), "2024-01-01T01:00:00.123456Z");
  EXPECT_EQ(event.received_time, event.stage_time);
  EXPECT_EQ(converted.cluster(), "c1");
}

TEST(GkeTest, WhatAnEntryDoesNotSayIsAbsent) {
  const Converted converted({.resource = "", .method = "", .resource_name = ""});
  ASSERT_EQ(converted.parsed(), ParseOutcome::kEvent);
  const AuditEvent& event = converted.event();
  EXPECT_THAT(event.verb, IsEmpty());
  EXPECT_THAT(event.request_uri.data(), IsNull());
  EXPECT_THAT(event.user.username.data(), IsNull());
  EXPECT_THAT(event.user.groups, IsEmpty());
  EXPECT_THAT(event.source_ips, IsEmpty());
  EXPECT_THAT(event.resource.data(), IsNull());
  EXPECT_THAT(event.decision.data(), IsNull());
  EXPECT_EQ(event.code, 0);
  EXPECT_THAT(converted.cluster(), IsEmpty());
}

TEST(GkeTest, TheInsertIdStandsInForAnOperation) {
  EXPECT_EQ(Converted({.operation = ""}).event().audit_id, "insert");
  EXPECT_EQ(Converted({.operation = R"({"id":""})"}).event().audit_id, "insert");
}

TEST(GkeTest, AnEntryWithoutAnyIdIsRejected) {
  const Converted converted({.insert_id = "", .operation = ""});
  EXPECT_EQ(converted.parsed(), ParseOutcome::kRejected);
  EXPECT_EQ(converted.reason(), RejectReason::kMissingField);
}

TEST(GkeTest, AnEntryWithoutATimeIsRejected) {
  const Converted converted({.timestamp = ""});
  EXPECT_EQ(converted.outcome(), GkeOutcome::kEvent);
  EXPECT_EQ(converted.parsed(), ParseOutcome::kRejected);
  EXPECT_EQ(converted.reason(), RejectReason::kMissingField);
}

TEST(GkeTest, TheFirstEntryOfTwoIsTheStart) {
  const auto stage_of = [](std::string operation) {
    return Converted({.operation = std::move(operation)}).event().stage;
  };
  EXPECT_EQ(stage_of(R"({"first":true})"), Stage::kResponseStarted);
  EXPECT_EQ(stage_of(R"({"first":true,"last":false})"), Stage::kResponseStarted);
  EXPECT_EQ(stage_of(R"({"last":true})"), Stage::kResponseComplete);
  EXPECT_EQ(stage_of(R"({"first":true,"last":true})"), Stage::kResponseComplete);
  EXPECT_EQ(stage_of("{}"), Stage::kResponseComplete);
}

TEST(GkeTest, TheRequestsOwnTimeIsBetterThanTheEntrys) {
  const Converted converted(
      {.metadata = R"({"requestAttributes":{"time":"2024-01-01T00:59:00Z"}})"});
  EXPECT_EQ(FormatRfc3339(converted.event().received_time), "2024-01-01T00:59:00.000000Z");
  EXPECT_EQ(FormatRfc3339(converted.event().stage_time), "2024-01-01T01:00:00.123456Z");
}

TEST(GkeTest, TheResourceNameIsTheObject) {
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/secrets/s"), "/v1 secrets/ n s");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/secrets"), "/v1 secrets/ n ");
  EXPECT_EQ(ObjectOf("core/v1/secrets"), "/v1 secrets/  ");
  EXPECT_EQ(ObjectOf("core/v1/nodes/n1/proxy/metrics"), "/v1 nodes/proxy  n1");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/pods/p/exec/p"), "/v1 pods/exec n p");
  EXPECT_EQ(ObjectOf("apps/v1beta1/namespaces/n/deployments/d/scale"),
            "apps/v1beta1 deployments/scale n d");
  EXPECT_EQ(ObjectOf("rbac.authorization.k8s.io/v1/clusterroles/system:x"),
            "rbac.authorization.k8s.io/v1 clusterroles/  system:x");
}

TEST(GkeTest, ANamespaceIsInItself) {
  EXPECT_EQ(ObjectOf("core/v1/namespaces"), "/v1 namespaces/  ");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n"), "/v1 namespaces/ n n");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/finalize"), "/v1 namespaces/finalize n n");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/status"), "/v1 namespaces/status n n");
}

TEST(GkeTest, AResourceNameThatNamesNoResourceGivesNoObject) {
  for (const char* const name :
       {"", "healthz", "core", "core/v1", "core/v1/", "apis/apps/v1", "openapi/x/y"}) {
    EXPECT_EQ(ObjectOf(name), "/ /  ") << name;
  }
}

TEST(GkeTest, TheMethodMayNameASubresourceThatTheResourceDoesNot) {
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/pods/p", "io.k8s.core.v1.pods.eviction.create"),
            "/v1 pods/eviction n p");
  EXPECT_EQ(ObjectOf("core/v1/namespaces/n/pods/p", "io.k8s.core.v1.pods.create"), "/v1 pods/ n p");
}

TEST(GkeTest, TheVerbIsTheLastPartOfTheMethod) {
  const auto verb_of = [](std::string_view method) {
    return std::string(Converted({.method = JsonString(method)}).event().verb);
  };
  EXPECT_EQ(verb_of("io.k8s.core.v1.pods.exec.create"), "create");
  EXPECT_EQ(verb_of("io.k8s.core.v1.secrets.deletecollection"), "deletecollection");
  EXPECT_EQ(verb_of("io.k8s.authorization.rbac.v1.clusterroles.create"), "create");
  EXPECT_EQ(verb_of("io.k8s.get"), "get");
  EXPECT_EQ(verb_of(""), "");
}

TEST(GkeTest, GrpcCodesBecomeHttpCodes) {
  EXPECT_EQ(CodeOf("{}"), 200);
  EXPECT_EQ(CodeOf(R"({"code":0})"), 200);
  EXPECT_EQ(CodeOf(R"({"code":5})"), 404);
  EXPECT_EQ(CodeOf(R"({"code":6})"), 409);
  EXPECT_EQ(CodeOf(R"({"code":7})"), 403);
  EXPECT_EQ(CodeOf(R"({"code":8})"), 429);
  EXPECT_EQ(CodeOf(R"({"code":10})"), 409);
  EXPECT_EQ(CodeOf(R"({"code":16})"), 401);
}

TEST(GkeTest, AStatusThatSaysNothingHasNoCode) {
  for (const char* const status :
       {"", "null", "7", R"({"code":2})", R"({"code":17})", R"({"code":-1})", R"({"code":"5"})",
        R"({"code":1.5})", R"({"code":99999999999})"}) {
    EXPECT_EQ(CodeOf(status), 0) << status;
  }
}

TEST(GkeTest, AStatusInTheResponseHasTheCodeItself) {
  constexpr std::string_view kInvalid = R"({"kind":"Status","code":422,"reason":"Invalid"})";
  EXPECT_EQ(CodeOf(R"({"code":3})", kInvalid), 422);
  EXPECT_EQ(Converted({.response = std::string(kInvalid)}).event().status_reason, "Invalid");
  EXPECT_EQ(CodeOf("{}", R"({"kind":"Status","status":"Success"})"), 200);
  EXPECT_EQ(CodeOf(R"({"code":3})", R"({"kind":"Pod","code":7})"), 400);
}

TEST(GkeTest, ASwitchedConnectionIsWrittenAsUnknown) {
  for (const char* const subresource : {"exec", "attach", "portforward"}) {
    const std::string name = "core/v1/namespaces/n/pods/p/" + std::string(subresource);
    EXPECT_EQ(CodeOf(R"({"code":2})", "", name), 101) << subresource;
    EXPECT_EQ(CodeOf(R"({"code":7})", "", name), 403) << subresource;
  }
}

TEST(GkeTest, BodiesLoseGooglesTypeAndSetTheLevel) {
  const Converted request({.request = R"({"@type":"k8s.io/Patch","a":{"@type":1},"b":"\u00e9"})"});
  EXPECT_THAT(request.json(), HasSubstr(R"("requestObject":{"a":{"@type":1},"b":"\u00e9"})"));
  EXPECT_EQ(request.event().level, Level::kRequest);
  const Converted response({.request = "{}", .response = R"({"\u0040type":"x"})"});
  EXPECT_THAT(response.json(), HasSubstr(R"("responseObject":{})"));
  EXPECT_EQ(response.event().level, Level::kRequestResponse);
  EXPECT_THAT(Converted({.request = "[1]"}).json(), HasSubstr(R"("requestObject":[1])"));
}

TEST(GkeTest, AnotherServiceIsNoneOfHarksBusiness) {
  EXPECT_EQ(Converted({.service = R"("container.googleapis.com")"}).outcome(),
            GkeOutcome::kOtherService);
  EXPECT_EQ(Converted({.service = ""}).outcome(), GkeOutcome::kOtherService);
}

TEST(GkeTest, EscapedAndDuplicateKeysAreReadAsGoReadsThem) {
  GkeConverter converter;
  ASSERT_EQ(converter.Convert(R"({"timestamp":"2024-01-01T01:00:00Z","insertId":"a",)"
                              R"("insertI\u0064":"b","protoPayload":{},)"
                              R"("protoPayload":{"serviceName":"k8s\u002eio",)"
                              R"("methodName":"io.k8s.core.v1.pods.\u0067et"}})"),
            GkeOutcome::kEvent);
  EventParser parser(kAllEventParts);
  AuditEvent event;
  ASSERT_EQ(parser.Parse(converter.json(), event), ParseOutcome::kEvent);
  EXPECT_EQ(event.audit_id, "b");
  EXPECT_EQ(event.verb, "get");
}

TEST(GkeTest, AnEntryOfTheGoClientIsReadToo) {
  GkeConverter converter;
  ASSERT_EQ(converter.Convert(R"({"Entry":{"Timestamp":"2024-01-01T01:00:00Z","InsertID":"a",)"
                              R"("Resource":{"labels":{"cluster_name":"c2"}}},)"
                              R"("AuditPayload":"{\"serviceName\":\"k8s.io\"}"})"),
            GkeOutcome::kEvent);
  EXPECT_THAT(std::string(converter.json()), HasSubstr(R"("auditID":"a")"));
  EXPECT_EQ(converter.cluster(), "c2");
  EXPECT_EQ(converter.Convert(R"({"Entry":{},"AuditPayload":"\x"})"), GkeOutcome::kBroken);
}

TEST(GkeTest, AnEntryLeavesNothingToTheNext) {
  GkeConverter converter;
  ASSERT_EQ(converter.Convert(Json({})), GkeOutcome::kEvent);
  ASSERT_EQ(converter.Convert(R"({"protoPayload":{"serviceName":"k8s.io"}})"), GkeOutcome::kEvent);
  EXPECT_THAT(std::string(converter.json()), Not(HasSubstr("pods")));
  EXPECT_THAT(converter.cluster(), IsEmpty());
}

}  // namespace
}  // namespace hark::parse
