#include "rules/fields.h"

#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::rules {
namespace {

using ::testing::Each;
using ::testing::Truly;

TEST(FieldsTest, NamesAreResolvedToWhatTheProjectionHas) {
  EXPECT_EQ(ResolveField("actor.name").id, FieldId::kActorName);
  EXPECT_EQ(ResolveField("objectRef.resource").id, FieldId::kObjectResource);
  EXPECT_EQ(ResolveField("annotations.authorization.k8s.io/decision").id, FieldId::kDecision);
}

TEST(FieldsTest, AnyOtherNameIsAPathOfTheRawEvent) {
  const Field field = ResolveField("requestObject.spec.hostNetwork");
  EXPECT_EQ(field.id, FieldId::kPath);
  EXPECT_EQ(field.argument, "requestObject.spec.hostNetwork");
}

TEST(FieldsTest, TheNameOfAQueryParameterIsTheArgument) {
  const Field field = ResolveField("uri.query.labelSelector");
  EXPECT_EQ(field.id, FieldId::kUriQuery);
  EXPECT_EQ(field.argument, "labelSelector");
}

TEST(FieldsTest, TheShortNamesOfTheKubernetesTaxonomyStandForPaths) {
  EXPECT_EQ(ResolveField("username").id, FieldId::kUserName);
  EXPECT_EQ(ResolveField("apiGroup").id, FieldId::kObjectApiGroup);
  EXPECT_EQ(ResolveField("hostPath").argument, "requestObject.spec.volumes.hostPath.path");
}

TEST(FieldsTest, HarksOwnResourceComesBeforeTheShortName) {
  EXPECT_EQ(ResolveField("resource").id, FieldId::kResource);
}

TEST(FieldsTest, NamesTellTheCasesApart) {
  EXPECT_FALSE(CanExist(ResolveField("objectref.resource")));
}

TEST(FieldsTest, PathsThatNoEventHasAreFoundOut) {
  for (const std::string_view name :
       {"requestObject.spec.x", "user.extra.a", "annotations.any/thing", "objectRef",
        "responseStatus.details.name", "objectRef.uid", "cluster", "uri.query.any"}) {
    EXPECT_TRUE(CanExist(ResolveField(name))) << name;
  }
  for (const std::string_view name : {"objectRef.kind", "CommandLine", "user.name", "user.uid.x"}) {
    EXPECT_FALSE(CanExist(ResolveField(name))) << name;
  }
}

TEST(FieldsTest, TheNearestNameIsOneThatIsMisspelt) {
  EXPECT_EQ(NearestFieldName("objectRef.ressource"), "objectRef.resource");
  EXPECT_EQ(NearestFieldName("userName"), "user.username");
}

TEST(FieldsTest, TheNearestNameIsOneThatIsCut) {
  EXPECT_EQ(NearestFieldName("code"), "responseStatus.code");
  EXPECT_EQ(NearestFieldName("decision"), "annotations.authorization.k8s.io/decision");
}

TEST(FieldsTest, ANameThatIsLikeNoneHasNoNearest) {
  EXPECT_EQ(NearestFieldName("TargetFilename"), "");
}

TEST(FieldsTest, ListsAndBodiesMayHaveSeveralValues) {
  for (const std::string_view name :
       {"user.groups", "sourceIPs", "user.extra.scopes", "requestObject.spec", "uri.query.watch"}) {
    EXPECT_TRUE(IsMultiValued(ResolveField(name))) << name;
  }
  for (const std::string_view name : {"source.ip", "verb", "annotations.k8s.io/deprecated"}) {
    EXPECT_FALSE(IsMultiValued(ResolveField(name))) << name;
  }
}

TEST(FieldsTest, WhatMayHoldSecretsIsRedacted) {
  for (const std::string_view name :
       {"requestObject.data", "responseObject", "requestURI", "uri.path", "exec.command",
        "uri.query.command", "uri.query.continue", "hostPath",
        "annotations.patch.webhook.admission.k8s.io/round_0_index_1",
        "annotations.validation.policy.admission.k8s.io/validation_failure",
        "annotations.policy.example.com/x", "annotations", "annotationsx", "responseStatus.message",
        "responseStatus.details.causes.message", "responseStatus.metadata.continue",
        "requestobject.data", "request.body"}) {
    EXPECT_TRUE(IsRedacted(ResolveField(name))) << name;
  }
  for (const std::string_view name :
       {"actor.name", "objectRef.name", "uri.query.labelSelector", "userAgent",
        "annotations.k8s.io/deprecated", "annotations.authorization.k8s.io/reason",
        "annotations.authentication.kubernetes.io/issued-credential-id",
        "annotations.pod-security.kubernetes.io/audit-violations", "user.extra.scopes",
        "objectRef.uid", "responseStatus.status"}) {
    EXPECT_FALSE(IsRedacted(ResolveField(name))) << name;
  }
}

TEST(FieldsTest, AFieldAsksOnlyForThePartsItIsReadFrom) {
  EXPECT_EQ(PartsOf(ResolveField("actor.known")),
            Bit(EventPart::kUser) | Bit(EventPart::kImpersonatedUser));
  EXPECT_EQ(PartsOf(ResolveField("outcome")), Bit(EventPart::kResponseStatus));
  EXPECT_EQ(PartsOf(ResolveField("verb")), Bit(EventPart::kVerb));
  EXPECT_EQ(PartsOf(ResolveField("stage")), EventParts{0});
  EXPECT_EQ(PartsOf(ResolveField("requestObject.spec")), EventParts{0});
}

TEST(FieldsTest, EveryNamedFieldIsDescribedAndResolvesToItself) {
  EXPECT_THAT(AllFields(), Each(Truly([](const FieldDoc& field) {
                return !field.doc.empty() && ResolveField(field.name).id == field.id;
              })));
}

}  // namespace
}  // namespace hark::rules
