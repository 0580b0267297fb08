#include "parse/envelope.h"

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "parse/envelope_helper.h"
#include "support/event_json.h"

namespace hark::parse {
namespace {

using ::hark::testing::EventBuilder;
using ::hark::testing::JsonString;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Lists.

TEST(EnvelopeTest, AnEventIsACandidateByteForByte) {
  const std::string event = Event("a");
  EXPECT_THAT(Candidates(" " + event + "\r\n"), ElementsAre(event));
}

TEST(EnvelopeTest, AnEventListIsItsItems) {
  EXPECT_THAT(Opened(EventList({Event("a"), Event("b")})), ElementsAre("a", "b"));
}

TEST(EnvelopeTest, AnItemOfAnEventListNeedsNoKind) {
  const std::string event = EventBuilder().AuditId("a").Without("kind").Json();
  EXPECT_THAT(Opened(EventList({event})), ElementsAre("a"));
}

TEST(EnvelopeTest, AListMaySayWhatItIsAtItsEnd) {
  EXPECT_THAT(Opened("{\"items\":" + List({Event("a")}) +
                     R"(,"apiVersion":"audit.k8s.io/v1beta1","kind":"EventList"})"),
              ElementsAre("a"));
}

TEST(EnvelopeTest, AnEmptyListIsNoRecord) {
  for (const std::string& list :
       {EventList({}), std::string("[]"), std::string(" [ ] "),
        std::string(R"({"kind":"EventList","items":null})"), std::string(R"({"records":[]})"),
        std::string(R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1"})")}) {
    EXPECT_THAT(Opened(list), IsEmpty()) << list;
  }
}

TEST(EnvelopeTest, AnEventListWhoseItemsAreNoListIsBroken) {
  EXPECT_THAT(Opened(R"({"kind":"EventList","items":7})"), ElementsAre("rejected: bad_envelope"));
}

TEST(EnvelopeTest, OneBadItemDoesNotSpoilItsList) {
  const std::string bad = EventBuilder().Without("stage").Json();
  EXPECT_THAT(Opened(EventList({Event("a"), bad, "7", "{}", R"({"x":})", Event("b")})),
              ElementsAre("a", "rejected: missing_field", "rejected: not_an_object",
                          "skipped: no_audit_event", "rejected: malformed", "b"));
}

TEST(EnvelopeTest, AnArrayIsItsItems) {
  EXPECT_THAT(Opened(List({Event("a"), List({Event("b")}), EventList({Event("c")})})),
              ElementsAre("a", "b", "c"));
}

TEST(EnvelopeTest, AnArrayMayHoldEventsAsStrings) {
  EXPECT_THAT(Opened(List({JsonString(Event("a")), JsonString("\n" + Event("b")), "\"x\""})),
              ElementsAre("a", "b", "rejected: not_an_object"));
}

TEST(EnvelopeTest, EachNameOfAListIsKnown) {
  for (const char* const key : {"items", "records", "Records", "logEvents"}) {
    EXPECT_THAT(Opened(Wrap(key, List({Event("a")}))), ElementsAre("a")) << key;
  }
}

TEST(EnvelopeTest, DocumentsFollowEachOtherWithAndWithoutLineFeeds) {
  EXPECT_THAT(Opened(Event("a") + Event("b") + "\r\n\n" + EventList({Event("c")}) + " [" +
                     Event("d") + "]"),
              ElementsAre("a", "b", "c", "d"));
}

TEST(EnvelopeTest, PrettyPrintedDocumentsAreOpened) {
  std::string pretty;
  for (const char c : EventList({Event("a"), Event("b")})) {
    pretty.append(c == '{' || c == '[' ? std::string{c, '\n', '\t'} : std::string{c});
  }
  EXPECT_THAT(Opened(pretty + "\n" + pretty), ElementsAre("a", "b", "a", "b"));
}

TEST(EnvelopeTest, AByteOrderMarkMeansNothing) {
  EXPECT_THAT(Opened("\xef\xbb\xbf" + Event("a")), ElementsAre("a"));
}

TEST(EnvelopeTest, KeysOfWrappersAreComparedUnescaped) {
  EXPECT_THAT(Opened("{\"it\\u0065ms\":" + List({Event("a")}) + "}"), ElementsAre("a"));
}

TEST(EnvelopeTest, OfDuplicateKeysTheLastOneWins) {
  EXPECT_THAT(Opened("{\"items\":" + List({Event("a")}) + ",\"items\":" + List({Event("b")}) + "}"),
              ElementsAre("b"));
  EXPECT_THAT(Opened(R"({"message":"x","message":)" + JsonString(Event("b")) + "}"),
              ElementsAre("b"));
}

// AWS.

TEST(EnvelopeTest, TheMessageOfAnEksLogEventIsOpened) {
  EXPECT_THAT(Opened(Shipped("message", Event("a"))), ElementsAre("a"));
}

TEST(EnvelopeTest, ACloudWatchSubscriptionNamesTheCluster) {
  EXPECT_THAT(Opened(CloudWatch({Event("a"), Event("b")})), ElementsAre("a@prod", "b@prod"));
}

TEST(EnvelopeTest, SubscriptionsFollowEachOtherInAFileOfFirehose) {
  EXPECT_THAT(Opened(CloudWatch({Event("a")}) + CloudWatch({Event("b")})),
              ElementsAre("a@prod", "b@prod"));
}

TEST(EnvelopeTest, AnItemOfALongListKnowsItsContext) {
  const std::string context =
      R"({"messageType":"DATA_MESSAGE","logGroup":"\/aws\/eks\/prod\/cluster","logEvents":[)";
  EXPECT_THAT(Opened(Shipped("message", Event("a")), context), ElementsAre("a@prod"));
  EXPECT_THAT(Opened(Event("a"), "["), ElementsAre("a"));
  EXPECT_THAT(Opened(Event("a"), R"({"kind":"EventList","items":[)"), ElementsAre("a"));
}

TEST(EnvelopeTest, ALogGroupOfAnotherKindNamesNoCluster) {
  for (const char* const group : {"/aws/lambda/prod", "/aws/eks//cluster", "/aws/eks/cluster"}) {
    EXPECT_THAT(Opened("{\"logGroup\":" + JsonString(group) +
                       ",\"logEvents\":" + LogEvents({Event("a")}) + "}"),
                ElementsAre("a"))
        << group;
  }
}

TEST(EnvelopeTest, AControlMessageIsSkippedOnce) {
  EXPECT_THAT(Opened(R"({"messageType":"CONTROL_MESSAGE","logGroup":"","logEvents":)" +
                     LogEvents({"CWL CONTROL MESSAGE: Checking health of destination."}) + "}"),
              ElementsAre("skipped: control_message"));
  EXPECT_THAT(Opened("{\"message\":\"x\"}", R"({"messageType":"CONTROL_MESSAGE","logEvents":[)"),
              ElementsAre("skipped: control_message"));
}

TEST(EnvelopeTest, OtherStreamsOfTheLogGroupAreSkipped) {
  EXPECT_THAT(Opened(R"({"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster",)"
                     R"("logStream":"authenticator-77","logEvents":)" +
                     LogEvents({"time=1 level=info", "time=2 level=info"}) + "}"),
              ElementsAre("skipped: other_category", "skipped: other_category"));
}

TEST(EnvelopeTest, PayloadsOfLambdaAreDecompressed) {
  const std::string data = JsonString(Base64(Gzip(CloudWatch({Event("a"), Event("b")}))));
  EXPECT_THAT(Opened(R"({"awslogs":{"data":)" + data + "}}"), ElementsAre("a@prod", "b@prod"));
}

TEST(EnvelopeTest, PayloadsOfKinesisAndFirehoseAreDecompressed) {
  const std::string data = JsonString(Base64(Gzip(CloudWatch({Event("a")}))));
  EXPECT_THAT(Opened(R"({"Records":[{"kinesis":{"data":)" + data + R"(},"eventID":"1"}]})"),
              ElementsAre("a@prod"));
  EXPECT_THAT(Opened(R"({"requestId":"1","records":[{"data":)" + data + "},{\"recordId\":\"2\"," +
                     "\"data\":" + data + "}]}"),
              ElementsAre("a@prod", "a@prod"));
}

TEST(EnvelopeTest, APayloadMayHaveSeveralMembers) {
  const std::string data = JsonString(Base64(Gzip(Event("a") + "\n") + Gzip(Event("b"))));
  EXPECT_THAT(Opened(R"({"awslogs":{"data":)" + data + "}}"), ElementsAre("a", "b"));
}

TEST(EnvelopeTest, APayloadNeedsNoCompression) {
  std::string web_safe = Base64(Event("a?>~\xc3\xbf"));
  for (char& c : web_safe) {
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  EXPECT_THAT(Opened(R"({"Records":[{"kinesis":{"data":")" + web_safe + "\"}}]}"),
              ElementsAre("a?>~\xc3\xbf"));
  EXPECT_THAT(Opened(R"({"recordId":"1","data":)" + JsonString(Base64(Event("b"))) + "}"),
              ElementsAre("b"));
}

TEST(EnvelopeTest, SlashesOfBase64MayBeEscaped) {
  std::string escaped;
  for (const char c : Base64(Gzip(CloudWatch({Event("a"), Event("b"), Event("c")})))) {
    escaped.append(c == '/' ? "\\/" : std::string{c});
  }
  EXPECT_THAT(Opened(R"({"awslogs":{"data":")" + escaped + "\"}}"), SizeIs(3));
}

TEST(EnvelopeTest, LinesOfAnExportTaskAreOpened) {
  EXPECT_THAT(
      Opened("2023-07-31T01:58:11.751Z " + Event("a") + "\n2023-07-31T01:58:12Z " + Event("b")),
      ElementsAre("a", "b"));
  EXPECT_THAT(Opened("2023-07-31T01:58:11.751Z I0731 01:58:11 controller.go:1] synced"),
              ElementsAre("rejected: malformed"));
}

// Azure and Google.

TEST(EnvelopeTest, AksRecordsHoldTheEventAsAString) {
  const std::string record = AksRecord("kube-audit", JsonString(Event("a") + "\n"));
  EXPECT_THAT(Opened(Wrap("records", List({record, record}))), ElementsAre("a@Web1", "a@Web1"));
  EXPECT_THAT(Opened(record), ElementsAre("a@Web1"));
}

TEST(EnvelopeTest, AksRecordsMayHoldTheEventItself) {
  EXPECT_THAT(Opened(AksRecord("kube-audit-admin", Event("a"))), ElementsAre("a@Web1"));
}

TEST(EnvelopeTest, OtherCategoriesOfAksAreSkipped) {
  EXPECT_THAT(Opened(Wrap("records", List({AksRecord("guard", JsonString("I0505 klog")),
                                           AksRecord("kube-audit", JsonString(Event("a")))}))),
              ElementsAre("skipped: other_category", "a@Web1"));
}

TEST(EnvelopeTest, AnAksRecordWithoutItsEventIsRejected) {
  EXPECT_THAT(Opened(R"({"category":"kube-audit","properties":{}})"),
              ElementsAre("rejected: bad_envelope"));
  EXPECT_THAT(Opened(AksRecord("kube-audit", JsonString("I0505 klog"))),
              ElementsAre("rejected: malformed"));
}

TEST(EnvelopeTest, AResourceIdMayEndOrGoOnBehindTheCluster) {
  const auto record = [](std::string_view id) {
    return R"({"category":"kube-audit","resourceId":)" + JsonString(id) +
           R"(,"properties":{"log":)" + JsonString(Event("a")) + "}}";
  };
  EXPECT_THAT(Opened(record("/x/managedClusters/c1/agentPools/p")), ElementsAre("a@c1"));
  EXPECT_THAT(Opened(record("/x/managedClusters")), ElementsAre("a"));
  EXPECT_THAT(Opened(record("")), ElementsAre("a"));
}

constexpr std::string_view kLogEntry =
    R"({"insertId":"i","logName":"x","timestamp":"2024-01-01T01:00:00Z",)"
    R"("resource":{"labels":{"cluster_name":"c1"}},)"
    R"("protoPayload":{"serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.list"}})";

TEST(EnvelopeTest, AGkeLogEntryBecomesAnEvent) {
  EXPECT_THAT(Opened(kLogEntry), ElementsAre("i@c1"));
}

TEST(EnvelopeTest, PubSubPushesALogEntry) {
  EXPECT_THAT(Opened(R"({"message":{"data":")" + Base64(kLogEntry) +
                     R"(","messageId":"1"},"subscription":"s"})"),
              ElementsAre("i@c1"));
  EXPECT_THAT(Opened(R"({"data":")" + Base64(kLogEntry) + R"(","messageId":"1"})"),
              ElementsAre("i@c1"));
}

TEST(EnvelopeTest, OtherLogEntriesAreSkipped) {
  EXPECT_THAT(Opened(R"({"insertId":"i","logName":"x","textPayload":"started"})"),
              ElementsAre("skipped: other_category"));
  EXPECT_THAT(Opened(R"({"protoPayload":{"serviceName":"container.googleapis.com"}})"),
              ElementsAre("skipped: other_category"));
}

TEST(EnvelopeTest, AMalformedLogEntryIsRejected) {
  EXPECT_THAT(Opened(R"({"protoPayload":7})"), ElementsAre("rejected: bad_envelope"));
  EXPECT_THAT(Opened(R"({"protoPayload":{"serviceName":"k8s.io","methodName":}})"),
              ElementsAre("rejected: malformed"));
}

// Shippers.

TEST(EnvelopeTest, ShippersWrapTheLineAsMessageOrLog) {
  for (const char* const key : {"message", "log"}) {
    EXPECT_THAT(Opened(Shipped(key, Event("a") + "\n")), ElementsAre("a")) << key;
    EXPECT_THAT(Opened(Shipped(key, Shipped(key, Event("a")))), ElementsAre("a")) << key;
  }
}

TEST(EnvelopeTest, FilebeatsLogIsTheFileAndNotTheMessage) {
  EXPECT_THAT(Opened(R"({"log":{"file":{"path":"/a"},"offset":1},"message":)" +
                     JsonString(Event("a")) + "}"),
              ElementsAre("a"));
}

TEST(EnvelopeTest, AnEmptyMessageIsSkipped) {
  EXPECT_THAT(Opened(R"({"log":"\n","stream":"stdout"})"), ElementsAre("skipped: no_audit_event"));
}

TEST(EnvelopeTest, CriPrefixesAreStripped) {
  EXPECT_THAT(Opened("2026-11-23T18:04:22.921545Z stdout F " + Event("a")), ElementsAre("a"));
  EXPECT_THAT(Opened("2026-11-23T18:04:22+01:00 stderr F:x " + Event("a") + "\r\n"),
              ElementsAre("a"));
}

TEST(EnvelopeTest, PartialCriLinesAreJoined) {
  const std::string event = Event("a");
  const std::string time = "2026-11-23T18:04:22.921545Z stdout ";
  EXPECT_THAT(Opened(time + "P " + event.substr(0, 10) + "\n" + time + "P " + event.substr(10, 90) +
                     "\n" + time + "F " + event.substr(100) + "\n" + time + "F " + Event("b")),
              ElementsAre("a", "b"));
}

TEST(EnvelopeTest, APartialCriLineWithoutItsEndIsTruncated) {
  EXPECT_THAT(Opened("2026-11-23T18:04:22.921545Z stdout P " + Event("a").substr(0, 99)),
              ElementsAre("rejected: truncated"));
}

TEST(EnvelopeTest, KubernetesObjectsAreNoWrappers) {
  EXPECT_THAT(Opened(R"({"kind":"Event","apiVersion":"v1","message":"Pulled image"})"),
              ElementsAre("skipped: no_audit_event"));
  EXPECT_THAT(Opened(R"({"kind":"ConfigMap","apiVersion":"v1","data":{"a":"b"}})"),
              ElementsAre("skipped: no_audit_event"));
}

}  // namespace
}  // namespace hark::parse
