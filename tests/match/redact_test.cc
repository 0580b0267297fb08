#include "match/redact.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::match {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The URI of a request for a resource, as hark shows it.
std::string Shown(std::string_view uri, std::string_view subresource = {}) {
  AuditEvent event;
  event.resource = "secrets";
  event.subresource = subresource;
  event.request_uri = uri;
  return RedactUri(event);
}

std::string ShownProxy(std::string_view uri) {
  return Shown(uri, "proxy");
}

std::string ShownNonResource(std::string_view uri) {
  AuditEvent event;
  event.request_uri = uri;
  return RedactUri(event);
}

TEST(RedactTest, AValueBecomesItsLengthAndClass) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "<redacted:0:empty>"},
      {"42", "<redacted:2:number>"},
      {"deadBEEF", "<redacted:8:hex>"},
      {"11111111-2222-4333-8444-555555555555", "<redacted:36:uuid>"},
      {"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "<redacted:41:jwt>"},
      {"c2VjcmV0LXBhc3N3b3Jk", "<redacted:20:base64>"},
      {"hunter2", "<redacted:7:text>"},
      {"p\u00e4ss", "<redacted:5:text>"},
  };
  for (const auto& [value, shown] : cases) {
    EXPECT_EQ(Redacted(value), shown);
  }
}

TEST(RedactTest, ThePathOfAResourceIsKept) {
  EXPECT_EQ(Shown("/api/v1/namespaces/a/secrets/b"), "/api/v1/namespaces/a/secrets/b");
}

TEST(RedactTest, AnyOtherPathIsRedacted) {
  EXPECT_EQ(ShownNonResource("/oauth/token/implicit"), "<redacted:21:base64>");
  EXPECT_EQ(ShownNonResource("/healthz"), "<redacted:8:text>");
}

TEST(RedactTest, AnEventWithoutAUriShowsNone) {
  EXPECT_EQ(Shown(""), "");
}

TEST(RedactTest, HarmlessParametersAreKept) {
  const std::string uri =
      "/api/v1/secrets?limit=500&resourceVersion=0&watch=true&labelSelector=a%3Db&fieldSelector="
      "metadata.name%3Dx&timeoutSeconds=9&sendInitialEvents=true&allowWatchBookmarks=1&"
      "resourceVersionMatch=NotOlderThan&dryRun=All&fieldManager=kubectl&force=true";
  EXPECT_EQ(Shown(uri), uri);
  const std::string exec = "/p?container=c&stdin=true&stdout=true&tty=true&follow=true&tailLines=1";
  EXPECT_EQ(Shown(exec), exec);
}

TEST(RedactTest, ExecArgumentsAreRedacted) {
  EXPECT_EQ(Shown("/p/exec?command=sh&command=-c&command=echo+hunter2&container=c", "exec"),
            "/p/exec?command=<redacted:2:text>&command=<redacted:2:text>&"
            "command=<redacted:12:text>&container=c");
}

TEST(RedactTest, AContinueTokenShowsItsLength) {
  EXPECT_EQ(Shown("/api/v1/secrets?continue=eyJ2IjoibWV0YS5rOHMuaW8&limit=1"),
            "/api/v1/secrets?continue=<redacted:23:base64>&limit=1");
}

TEST(RedactTest, UnknownParametersAreRedactedWhole) {
  EXPECT_EQ(Shown("/x?token=eyJa.b.c&password=&hunter=1"),
            "/x?<redacted:14:text>&<redacted:9:text>&<redacted:8:text>");
}

TEST(RedactTest, OfOtherParametersOfTheApiTheNameIsShown) {
  EXPECT_EQ(Shown("/x?timeout=10s&continue=&propagationPolicy=Background"),
            "/x?timeout=<redacted:3:text>&continue=<redacted:0:empty>&"
            "propagationPolicy=<redacted:10:text>");
}

TEST(RedactTest, WhatAProxyPassesOnIsRedacted) {
  EXPECT_EQ(ShownProxy("/api/v1/nodes/n/proxy/run/ns/pod/c?cmd=id"),
            "/api/v1/nodes/n/proxy/<redacted:12:text>?<redacted:6:text>");
  EXPECT_EQ(ShownProxy("/api/v1/nodes/n/proxy/"), "/api/v1/nodes/n/proxy/");
  EXPECT_EQ(ShownProxy("/api/v1/nodes/n/proxy"), "/api/v1/nodes/n/proxy");
}

TEST(RedactTest, TheOldProxyPathIsRedactedToo) {
  AuditEvent event;
  event.resource = "nodes";
  event.verb = "proxy";
  event.request_uri = "/api/v1/proxy/nodes/n/token/hunter2";
  EXPECT_THAT(RedactUri(event), Not(HasSubstr("hunter2")));
}

TEST(RedactTest, AnEscapeInAProxyPathHidesNothingFromRedaction) {
  // objectRef is decoded, the URI is not: all of these are requests for nodes/proxy.
  for (const std::string_view uri :
       {"/api/v1/nodes/n/%70roxy/hunter2", "/api/v1/nodes/n%2Fproxy%2Fhunter2",
        "/api/v1/nodes/n/%70roxy/hunter2/proxy/x", "/api/v1/nodes/n%2fproxy/hunter2",
        "/api/v1/nodes/n/%70roxy/hunter2/proxy"}) {
    EXPECT_THAT(ShownProxy(uri), Not(HasSubstr("hunter2"))) << uri;
  }
}

TEST(RedactTest, ANamespaceCalledProxyRevealsNothing) {
  EXPECT_THAT(ShownProxy("/api/v1/namespaces/proxy/pods/p/proxy/hunter2"),
              Not(HasSubstr("hunter2")));
}

TEST(RedactTest, AnEncodedKeyIsNotTakenForAHarmlessOne) {
  EXPECT_EQ(Shown("/x?%6cimit=hunter2"), "/x?<redacted:15:text>");
  EXPECT_EQ(Shown("/x?Limit=hunter2"), "/x?<redacted:13:text>");
}

TEST(RedactTest, AWordInPlaceOfAParameterIsRedacted) {
  EXPECT_EQ(Shown("/x?hunter2"), "/x?<redacted:7:text>");
  EXPECT_EQ(Shown("/x?hunter"), "/x?<redacted:6:text>");
  EXPECT_EQ(Shown("/x?limit=1&hunter"), "/x?limit=1&<redacted:6:text>");
  EXPECT_EQ(Shown("/x?=hunter2"), "/x?<redacted:8:text>");
  EXPECT_EQ(Shown("/x?" + std::string(33, 'a') + "=1"), "/x?<redacted:35:base64>");
}

TEST(RedactTest, OddQueryStringsKeepTheirShape) {
  EXPECT_EQ(Shown("/x?"), "/x?<redacted:0:empty>");
  EXPECT_EQ(Shown("/x?&&limit=1"), "/x?<redacted:0:empty>&<redacted:0:empty>&limit=1");
  EXPECT_EQ(Shown("/x?watch"), "/x?watch");
  EXPECT_EQ(Shown("/x?limit=1=2"), "/x?limit=1=2");
}

TEST(RedactTest, ASemicolonDoesNotCarryAValueThrough) {
  EXPECT_EQ(Shown("/x?limit=1;token=hunter2"), "/x?limit=1;<redacted:13:text>");
  EXPECT_EQ(Shown("/x?command=login%20--password;hunter&limit=1"),
            "/x?command=<redacted:18:text>;<redacted:6:text>&limit=1");
  EXPECT_EQ(Shown("/x?labelSelector=a;limit=hunter;watch"), "/x?labelSelector=a;<redacted:18:text>")
      << "a known name is no proof of innocence";
}

TEST(RedactTest, ASecondQuestionMarkBeginsNothing) {
  EXPECT_EQ(Shown("/x?continue=a?limit=hunter2"), "/x?continue=<redacted:15:text>");
}

TEST(RedactTest, AUriThatIsNoPathIsRedacted) {
  EXPECT_EQ(Shown("http://alice:hunter2@host/api/v1/secrets?limit=1"),
            "<redacted:40:text>?limit=1");
  EXPECT_EQ(Shown("api/v1/secrets"), "<redacted:14:text>");
}

TEST(RedactTest, OfAHarmlessValueOnlyWhatNoServerTakesForAnotherParameterIsKept) {
  EXPECT_EQ(RedactQueryValue("app=web,tier!=db"), "app=web,tier!=db");
  EXPECT_EQ(RedactQueryValue("1;token=hunter2;x"), "1;<redacted:15:text>");
  EXPECT_EQ(RedactQueryValue(""), "");
}

}  // namespace
}  // namespace hark::match
