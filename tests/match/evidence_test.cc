#include "match/evidence.h"

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
using ::hark::testing::JsonString;
using ::hark::testing::JsonStrings;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Evidence EvidenceOf(const EventBuilder& builder) {
  const ParsedEvent event(builder);
  EvidenceBudget budget;
  return MakeEvidence(event.get(), "none", budget);
}

std::size_t BytesOf(const Evidence& evidence) {
  std::size_t bytes = 0;
  for (const std::string* const text :
       {&evidence.audit_id, &evidence.actor_name, &evidence.actor_type, &evidence.actor_known,
        &evidence.actor_uid, &evidence.actor_credential, &evidence.impersonator,
        &evidence.source_ip, &evidence.user_agent, &evidence.verb, &evidence.resource,
        &evidence.namespace_name, &evidence.name, &evidence.uri, &evidence.outcome,
        &evidence.reason}) {
    bytes += text->size();
  }
  for (const std::vector<std::string>* const texts :
       {&evidence.actor_groups, &evidence.source_ips}) {
    for (const std::string& text : *texts) {
      bytes += text.size();
    }
  }
  return bytes;
}

TEST(EvidenceBudgetTest, ATextThatFitsIsWhole) {
  EvidenceBudget budget;
  EXPECT_EQ(budget.Take("abc", 3), "abc");
}

TEST(EvidenceBudgetTest, ATextThatDoesNotFitIsCutAtACharacter) {
  EvidenceBudget budget;
  EXPECT_EQ(budget.Take("abcdefgh", 7), "abcd\u2026");
  EXPECT_EQ(budget.Take("abc\u00e9fgh", 7), "abc\u2026");
}

TEST(EvidenceBudgetTest, AllTextsTogetherStayWithinTheBudget) {
  EvidenceBudget budget;
  std::size_t bytes = 0;
  while (!budget.exhausted()) {
    bytes += budget.Take(std::string(99, 'x'), 100).size();
  }
  EXPECT_LE(bytes, EvidenceBudget::kBytes);
  EXPECT_EQ(budget.Take("x", 100), "");
}

TEST(EvidenceBudgetTest, AReservationIsAllOrNothing) {
  EvidenceBudget budget;
  EXPECT_TRUE(budget.Reserve(4'000));
  EXPECT_FALSE(budget.Reserve(97));
  EXPECT_TRUE(budget.Reserve(96));
  EXPECT_TRUE(budget.exhausted());
}

TEST(EvidenceTest, SaysWhoDidWhatToWhat) {
  EventBuilder event = EventBuilder().UserField("uid", "\"u1\"").Credential("JTI=1");
  event.UserField("groups", JsonStrings({"dev", "ops"})).SourceIps({"8.8.8.8", "10.0.0.1"});
  event.Resource("pods/exec").Namespace("ns").Name("p").Uri("/p/exec?command=id").Code(403);
  event.StatusField("reason", "\"Forbidden\"").Verb("create").AuditId("id-1").UserAgent("ua");
  const Evidence evidence = EvidenceOf(event);
  EXPECT_EQ(evidence.audit_id, "id-1");
  EXPECT_EQ(evidence.actor_name, "alice");
  EXPECT_EQ(evidence.actor_type, "human");
  EXPECT_EQ(evidence.actor_known, "none");
  EXPECT_EQ(evidence.actor_uid, "u1");
  EXPECT_EQ(evidence.actor_credential, "JTI=1");
  EXPECT_EQ(evidence.impersonator, "");
  EXPECT_THAT(evidence.actor_groups, ElementsAre("dev", "ops"));
  EXPECT_EQ(evidence.source_ip, "10.0.0.1");
  EXPECT_THAT(evidence.source_ips, ElementsAre("8.8.8.8", "10.0.0.1"));
  EXPECT_EQ(evidence.user_agent, "ua");
  EXPECT_EQ(evidence.verb, "create");
  EXPECT_EQ(evidence.resource, "pods/exec");
  EXPECT_EQ(evidence.namespace_name, "ns");
  EXPECT_EQ(evidence.name, "p");
  EXPECT_EQ(evidence.uri, "/p/exec?command=<redacted:2:text>");
  EXPECT_EQ(evidence.outcome, "denied");
  EXPECT_EQ(evidence.reason, "Forbidden");
  EXPECT_EQ(evidence.code, 403);
}

TEST(EvidenceTest, NamesTheImpersonatorBesideWhomItActsAs) {
  EventBuilder event = EventBuilder().UserField("groups", JsonStrings({"ops"}));
  event.UserField("uid", "\"u1\"").Credential("JTI=1").Impersonate("bob");
  event.ImpersonatedField("uid", "\"u2\"").ImpersonatedField("groups", JsonStrings({"qa"}));
  const Evidence evidence = EvidenceOf(event);
  EXPECT_EQ(evidence.actor_name, "bob");
  EXPECT_EQ(evidence.actor_uid, "u2");
  EXPECT_THAT(evidence.actor_groups, ElementsAre("qa"));
  EXPECT_EQ(evidence.impersonator, "alice");
  EXPECT_EQ(evidence.actor_credential, "JTI=1");
}

TEST(EvidenceTest, AnEventWithNothingGivesLittle) {
  EventBuilder event;
  for (const char* const key : {"verb", "requestURI", "userAgent", "user", "sourceIPs", "objectRef",
                                "responseStatus", "annotations"}) {
    event.Without(key);
  }
  const Evidence evidence = EvidenceOf(event);
  EXPECT_EQ(evidence.actor_type, "unauthenticated");
  EXPECT_EQ(evidence.resource, "");
  EXPECT_EQ(evidence.outcome, "");
  EXPECT_THAT(evidence.source_ips, IsEmpty());
}

TEST(EvidenceTest, NoBodyIsInIt) {
  EventBuilder event = EventBuilder().Level("RequestResponse");
  event.Set("requestObject", R"({"data":{"password":"aHVudGVyMg=="}})");
  event.Set("responseObject", R"({"status":{"token":"aHVudGVyMg=="}})");
  event.StatusField("message", "\"aHVudGVyMg==\"").Uri("/x?token=aHVudGVyMg==");
  const Evidence evidence = EvidenceOf(event);
  EXPECT_THAT(evidence.uri, Not(HasSubstr("aHVudGVyMg")));
  EXPECT_THAT(evidence.reason, Not(HasSubstr("aHVudGVyMg")));
}

TEST(EvidenceTest, NeverExceedsItsBudget) {
  const std::string huge(100'000, 'x');
  EventBuilder event = EventBuilder().AuditId(huge).User(huge).Impersonate(huge).Verb(huge);
  event.UserField("uid", JsonString(huge)).Credential(huge).UserAgent(huge).Namespace(huge);
  event.ImpersonatedField("uid", JsonString(huge)).Resource(huge + "/" + huge).Name(huge);
  event.Uri("/" + huge + "?limit=" + huge).StatusField("reason", JsonString(huge));
  std::string many = "[" + JsonString(huge);
  for (int i = 0; i < 1'000; ++i) {
    many += "," + JsonString(std::to_string(i) + huge.substr(0, 200));
  }
  event.ImpersonatedField("groups", many + "]").Set("sourceIPs", many + "]");
  EXPECT_LE(BytesOf(EvidenceOf(event)), EvidenceBudget::kBytes);
}

TEST(EvidenceTest, WhatMattersMostIsKeptWhenTheRestIsCut) {
  const std::string huge(100'000, 'x');
  const Evidence evidence = EvidenceOf(EventBuilder().AuditId(huge).UserAgent(huge).Uri(huge));
  EXPECT_EQ(evidence.actor_name, "alice");
  EXPECT_EQ(evidence.name, "b");
  EXPECT_THAT(evidence.user_agent, EndsWith("\u2026"));
}

TEST(EvidenceTest, LongAuditIdsStayDistinct) {
  const std::string prefix(5'000, 'x');
  EXPECT_NE(EvidenceOf(EventBuilder().AuditId(prefix + "1")).audit_id,
            EvidenceOf(EventBuilder().AuditId(prefix + "2")).audit_id);
}

TEST(EvidenceTest, TextsAreCutAtACharacter) {
  std::string name;
  for (int i = 0; i < 200; ++i) {
    name += "\u00e9";
  }
  const Evidence evidence = EvidenceOf(EventBuilder().Name("x" + name));
  EXPECT_LE(evidence.name.size(), 256);
  EXPECT_THAT(evidence.name, EndsWith("\u00e9\u2026"));
}

}  // namespace
}  // namespace hark::match
