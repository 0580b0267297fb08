#include "match/field_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "match/match_helper.h"
#include "support/event_json.h"

namespace hark::match {
namespace {

using ::hark::testing::EventBuilder;
using rules::FieldValue;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

rules::KnownComponents SomeComponents() {
  rules::KnownComponents known;
  known.AddExact("system:kube-scheduler");
  known.AddPattern("cert-manager", "cert-manager");
  return known;
}

// The values of a field in an event of the cluster "prod".
std::vector<std::string> Values(const EventBuilder& builder, std::string_view field) {
  const rules::KnownComponents known = SomeComponents();
  const ParsedEvent event(builder);
  FieldReader reader(known);
  reader.Start(event.get(), "prod");
  std::vector<std::string> texts;
  for (const FieldValue& value : reader.Values(rules::ResolveField(field))) {
    texts.push_back(value.kind == FieldValue::Kind::kNull ? "null" : std::string(value.text));
  }
  return texts;
}

bool Exists(const EventBuilder& builder, std::string_view field) {
  const rules::KnownComponents known = SomeComponents();
  const ParsedEvent event(builder);
  FieldReader reader(known);
  reader.Start(event.get(), "prod");
  return reader.Exists(rules::ResolveField(field));
}

// A derived field's one value; "-" if it has none.
std::string Value(const EventBuilder& builder, std::string_view field) {
  const std::vector<std::string> values = Values(builder, field);
  return values.empty() ? "-" : values.front();
}

TEST(FieldReaderTest, TheActorsTypeFollowsItsName) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"alice", "human"},
      {"alice@example.org", "human"},
      {"kubernetes-admin", "human"},
      {"eks:node-manager", "human"},
      {"system:admin", "human"},
      {"system:serviceaccount:flux-system:kustomize-controller", "serviceaccount"},
      {"system:node:worker-1", "node"},
      {"system:kube-scheduler", "control-plane"},
      {"system:apiserver", "control-plane"},
      {"system:nodes", "control-plane"},
      {"system:anonymous", "anonymous"},
      {"System:anonymous", "human"},
      {"", "unauthenticated"},
  };
  for (const auto& [name, type] : cases) {
    EXPECT_EQ(Value(EventBuilder().User(name), "actor.type"), type) << name;
  }
  EXPECT_EQ(Value(EventBuilder().Set("user", "{}").Code(401), "actor.type"), "unauthenticated");
}

TEST(FieldReaderTest, TheImpersonatedUserActs) {
  const EventBuilder event =
      EventBuilder().User("alice").Impersonate("system:serviceaccount:ns:sa").Credential("JTI=1");
  EXPECT_EQ(Value(event, "actor.name"), "system:serviceaccount:ns:sa");
  EXPECT_EQ(Value(event, "actor.type"), "serviceaccount");
  EXPECT_EQ(Value(event, "actor.namespace"), "ns");
  EXPECT_EQ(Value(event, "user.username"), "alice");
}

TEST(FieldReaderTest, TheCredentialIsThatOfTheConnection) {
  EventBuilder event = EventBuilder().Credential("JTI=1").Impersonate("bob");
  event.ImpersonatedField("extra",
                          R"({"authentication.kubernetes.io/credential-id":["JTI=forged"]})");
  EXPECT_EQ(Value(event, "actor.credential"), "JTI=1");
}

TEST(FieldReaderTest, AComponentIsKnownInOneOfTwoGrades) {
  EXPECT_EQ(Value(EventBuilder().User("alice"), "actor.known"), "none");
  EXPECT_EQ(Value(EventBuilder().User("system:kube-scheduler"), "actor.known"), "exact");
  EXPECT_EQ(Value(EventBuilder().User("system:serviceaccount:cert-manager:cm-cert-manager"),
                  "actor.known"),
            "pattern");
}

TEST(FieldReaderTest, WhoeverImpersonatesAComponentIsNotKnown) {
  EXPECT_EQ(Value(EventBuilder().Impersonate("system:kube-scheduler"), "actor.known"), "none");
  EXPECT_EQ(Value(EventBuilder().User("system:kube-scheduler").Impersonate("bob"), "actor.known"),
            "none");
}

TEST(FieldReaderTest, OnlyServiceAccountsHaveANamespace) {
  EXPECT_EQ(Value(EventBuilder().User("system:serviceaccount:a:b"), "actor.namespace"), "a");
  EXPECT_EQ(Value(EventBuilder().User("alice"), "actor.namespace"), "-");
  EXPECT_EQ(Value(EventBuilder().User("system:serviceaccount:a"), "actor.namespace"), "-");
}

TEST(FieldReaderTest, TheSourceIsTheLastAddress) {
  EXPECT_EQ(Value(EventBuilder().SourceIps({"8.8.8.8", "9.9.9.9", "10.0.0.1"}), "source.ip"),
            "10.0.0.1");
  EXPECT_EQ(Value(EventBuilder().Without("sourceIPs"), "source.ip"), "-");
}

TEST(FieldReaderTest, TheOutcomeFollowsTheCode) {
  const std::pair<int, std::string_view> cases[] = {
      {101, "success"},         {200, "success"}, {201, "success"}, {304, "success"},
      {401, "unauthenticated"}, {403, "denied"},  {404, "error"},   {409, "error"},
      {429, "error"},           {500, "error"},   {504, "error"},
  };
  for (const auto& [code, outcome] : cases) {
    EXPECT_EQ(Value(EventBuilder().Code(code), "outcome"), outcome) << code;
  }
  EXPECT_EQ(Value(EventBuilder().Without("responseStatus"), "outcome"), "-");
}

TEST(FieldReaderTest, TheScopeIsWhatTheRequestReaches) {
  EXPECT_EQ(Value(EventBuilder().Resource("secrets").Namespace("a").Name("b"), "scope"), "object");
  EXPECT_EQ(Value(EventBuilder().NewObject().Resource("secrets").Namespace("a"), "scope"),
            "namespace");
  EXPECT_EQ(Value(EventBuilder().NewObject().Resource("secrets"), "scope"), "cluster");
  EXPECT_EQ(Value(EventBuilder().NewObject().Resource("nodes").Name("n"), "scope"), "object");
  EXPECT_EQ(Value(EventBuilder().NewObject().Namespace("a"), "scope"), "-");
  EXPECT_EQ(Value(EventBuilder().Without("objectRef"), "scope"), "-");
}

TEST(FieldReaderTest, AListByNameReachesAnObject) {
  // The API server takes metadata.name of a field selector for the name.
  EXPECT_EQ(Value(EventBuilder().Verb("list").Namespace("a").Name("x"), "scope"), "object");
}

TEST(FieldReaderTest, TheResourceHasItsSubresource) {
  EXPECT_EQ(Value(EventBuilder().Resource("pods/exec"), "resource"), "pods/exec");
  EXPECT_EQ(Value(EventBuilder().Resource("pods"), "resource"), "pods");
  EXPECT_EQ(Value(EventBuilder().NewObject().ObjectField("subresource", "\"exec\""), "resource"),
            "-");
}

TEST(FieldReaderTest, TheKeyOfAnObjectHasItsNamespace) {
  EXPECT_EQ(Value(EventBuilder().Namespace("a").Name("b"), "object.key"), "a/b");
  EXPECT_EQ(Value(EventBuilder().NewObject().Resource("nodes").Name("n"), "object.key"), "n");
  EXPECT_EQ(Value(EventBuilder().NewObject().Resource("secrets").Namespace("a"), "object.key"),
            "-");
}

TEST(FieldReaderTest, ANamespaceIsNotInItself) {
  EXPECT_EQ(Value(EventBuilder().Resource("namespaces").Namespace("a").Name("a"), "object.key"),
            "a");
}

TEST(FieldReaderTest, TheUriIsTakenApart) {
  const EventBuilder event = EventBuilder().Uri("/api/v1/secrets?limit=5&labelSelector=a%3Db+c");
  EXPECT_EQ(Value(event, "uri.path"), "/api/v1/secrets");
  EXPECT_EQ(Value(event, "uri.query.limit"), "5");
  EXPECT_EQ(Value(event, "uri.query.labelSelector"), "a=b c");
  EXPECT_EQ(Value(event, "uri.query.watch"), "-");
  EXPECT_EQ(Value(EventBuilder().Uri("/healthz"), "uri.path"), "/healthz");
  EXPECT_EQ(Value(EventBuilder().Without("requestURI"), "uri.path"), "-");
}

TEST(FieldReaderTest, AParameterMayBeGivenTwiceOrWithoutAValue) {
  const EventBuilder event = EventBuilder().Uri("/x?a=1&watch&a=2&&=3&b=%&c=%4&d=%zz&a=%41%00");
  EXPECT_THAT(Values(event, "uri.query.a"), ElementsAre("1", "2", std::string("A\0", 2)));
  EXPECT_THAT(Values(event, "uri.query.watch"), ElementsAre(""));
  EXPECT_THAT(Values(event, "uri.query.b"), ElementsAre("%"));
  EXPECT_THAT(Values(event, "uri.query.c"), ElementsAre("%4"));
  EXPECT_THAT(Values(event, "uri.query.d"), ElementsAre("%zz"));
}

TEST(FieldReaderTest, AnEncodedKeyIsTheKeyThatItReads) {
  EXPECT_EQ(Value(EventBuilder().Uri("/x?%6cimit=5"), "uri.query.limit"), "5");
}

TEST(FieldReaderTest, TheCommandOfAnExecIsPutTogether) {
  EventBuilder event = EventBuilder().Verb("get").Resource("pods/exec").Code(101);
  EXPECT_EQ(Value(event.Uri("/p/exec?command=sh&command=-c&command=echo+%22hi%22&container=c"),
                  "exec.command"),
            "sh -c echo \"hi\"");
  EXPECT_EQ(Value(event.Uri("/p/exec?%63ommand=id"), "exec.command"), "id");
  EXPECT_EQ(Value(event.Uri("/p/exec?command="), "exec.command"), "");
  EXPECT_EQ(Value(event.Uri("/p/exec?commands=x"), "exec.command"), "-");
}

TEST(FieldReaderTest, AUsersAgentHasAProduct) {
  EXPECT_EQ(Value(EventBuilder().UserAgent("kubectl/v1.37.2 (linux)"), "userAgent.product"),
            "kubectl");
  EXPECT_EQ(Value(EventBuilder().UserAgent("curl 8"), "userAgent.product"), "curl");
  EXPECT_EQ(Value(EventBuilder().UserAgent("x"), "userAgent.product"), "x");
  EXPECT_EQ(Value(EventBuilder().Without("userAgent"), "userAgent.product"), "-");
}

TEST(FieldReaderTest, TheClusterIsThatOfTheSource) {
  EXPECT_EQ(Value(EventBuilder().Append("cluster", "\"forged\""), "cluster"), "prod");
}

TEST(FieldReaderTest, EveryProjectedPathHasItsValue) {
  EventBuilder event = EventBuilder().UserField("uid", "\"u1\"").Impersonate("bob");
  event.UserField("groups", R"(["g","h"])").ImpersonatedField("groups", R"(["i"])");
  event.ImpersonatedField("uid", "\"u2\"").Resource("pods/log").Namespace("ns").Name("n");
  event.ObjectField("apiGroup", "\"apps\"").ObjectField("apiVersion", "\"v1\"").Uri("/u").Code(403);
  event.StatusField("reason", "\"Forbidden\"").SourceIps({"10.0.0.1", "10.0.0.2"});
  event.Verb("get").Stage("Panic").Level("Request").AuditId("id").UserAgent("ua");
  const std::pair<std::string_view, std::vector<std::string>> cases[] = {
      {"verb", {"get"}},
      {"stage", {"Panic"}},
      {"level", {"Request"}},
      {"auditID", {"id"}},
      {"requestURI", {"/u"}},
      {"userAgent", {"ua"}},
      {"user.username", {"alice"}},
      {"user.uid", {"u1"}},
      {"user.groups", {"g", "h"}},
      {"impersonatedUser.username", {"bob"}},
      {"impersonatedUser.uid", {"u2"}},
      {"impersonatedUser.groups", {"i"}},
      {"sourceIPs", {"10.0.0.1", "10.0.0.2"}},
      {"objectRef.resource", {"pods"}},
      {"objectRef.subresource", {"log"}},
      {"objectRef.apiGroup", {"apps"}},
      {"objectRef.apiVersion", {"v1"}},
      {"objectRef.namespace", {"ns"}},
      {"objectRef.name", {"n"}},
      {"responseStatus.code", {"403"}},
      {"responseStatus.reason", {"Forbidden"}},
      {"annotations.authorization.k8s.io/decision", {"allow"}},
  };
  for (const auto& [field, values] : cases) {
    EXPECT_EQ(Values(event, field), values) << field;
    EXPECT_TRUE(Exists(event, field)) << field;
  }
}

TEST(FieldReaderTest, AbsentFieldsHaveNoValueAndDoNotExist) {
  EventBuilder event;
  for (const char* const key : {"verb", "requestURI", "userAgent", "user", "sourceIPs", "objectRef",
                                "responseStatus", "annotations"}) {
    event.Without(key);
  }
  for (const rules::FieldDoc& field : rules::AllFields()) {
    const std::string_view name = field.name;
    const bool always_there = name == "stage" || name == "level" || name == "auditID" ||
                              name == "cluster" || name == "actor.type" || name == "actor.known";
    EXPECT_EQ(Exists(event, name), always_there) << name;
  }
}

TEST(FieldReaderTest, ANullExistsWithoutAValue) {
  const EventBuilder event =
      EventBuilder().Set("userAgent", "null").ObjectField("name", "null").Code(200);
  for (const char* const field : {"userAgent", "objectRef.name"}) {
    EXPECT_THAT(Values(event, field), IsEmpty()) << field;
    EXPECT_TRUE(Exists(event, field)) << field;
  }
}

TEST(FieldReaderTest, ANullOfARawPathIsAValue) {
  const EventBuilder event = EventBuilder().Set("requestObject", R"({"spec":{"a":null}})");
  EXPECT_THAT(Values(event, "requestObject.spec.a"), ElementsAre("null"));
  EXPECT_TRUE(Exists(event, "requestObject.spec.a"));
  EXPECT_FALSE(Exists(event, "requestObject.spec.b"));
}

TEST(FieldReaderTest, AnythingElseIsReadFromTheRawEvent) {
  EventBuilder event;
  event.Set("requestObject", R"({"spec":{"containers":[{"image":"a"},{"image":"b"}],)"
                             R"("hostNetwork":true,"replicas":3}})");
  event.Annotation("authorization.k8s.io/reason", "RBAC: allowed");
  event.UserField("extra", R"({"scopes.example.org/x":["read","write"]})");
  EXPECT_THAT(Values(event, "requestObject.spec.containers.image"), ElementsAre("a", "b"));
  EXPECT_THAT(Values(event, "requestObject.spec.hostNetwork"), ElementsAre("true"));
  EXPECT_THAT(Values(event, "requestObject.spec.replicas"), ElementsAre("3"));
  EXPECT_THAT(Values(event, "annotations.authorization.k8s.io/reason"),
              ElementsAre("RBAC: allowed"));
  EXPECT_THAT(Values(event, "user.extra.scopes.example.org/x"), ElementsAre("read", "write"));
  EXPECT_THAT(Values(event, "requestReceivedTimestamp"),
              ElementsAre("2026-11-23T18:04:22.921545Z"));
}

TEST(FieldReaderTest, RawPathsAreReadThroughEscapesAndDuplicates) {
  EventBuilder event;
  event.Set("requestObject", R"({"spec":{"a":1},"sp\u0065c":{"a":2,"\u0061":3}})");
  EXPECT_THAT(Values(event, "requestObject.spec.a"), ElementsAre("3"));
}

TEST(FieldReaderTest, AJsonPatchIsAListOfItsOperations) {
  const EventBuilder event = EventBuilder().Set(
      "requestObject", R"([{"op":"add","path":"/spec"},{"op":"remove","path":"/x"}])");
  EXPECT_THAT(Values(event, "requestObject.path"), ElementsAre("/spec", "/x"));
}

TEST(FieldReaderTest, APatchThatIsNoUtf8IsReadAllTheSame) {
  const EventBuilder event =
      EventBuilder().Set("requestObject", "{\"a\":\"\xff\",\"privileged\":true}");
  EXPECT_THAT(Values(event, "requestObject.privileged"), ElementsAre("true"));
}

TEST(FieldReaderTest, ManyReadsOfOneEventKeepTheirValues) {
  const rules::KnownComponents known;
  const ParsedEvent event(EventBuilder().Uri("/x?a=%41&b=%42"));
  FieldReader reader(known);
  for (int i = 0; i < 100; ++i) {
    reader.Start(event.get(), "c");
    EXPECT_EQ(reader.Values(rules::ResolveField("uri.query.a")).front().text, "A");
    EXPECT_EQ(reader.Values(rules::ResolveField("uri.query.b")).front().text, "B");
    EXPECT_EQ(reader.Values(rules::ResolveField("object.key")).front().text, "a/b");
  }
}

}  // namespace
}  // namespace hark::match
