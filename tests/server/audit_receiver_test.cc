#include "server/audit_receiver.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/audit_receiver_fixture.h"
#include "support/recorded_data.h"

namespace hark::server {
namespace {

using ::hark::testing::HttpAnswer;
using ::hark::testing::HttpClient;
using ::hark::testing::StatusIs;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kList = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[]})";

class AuditReceiverTest : public AuditReceiverFixture {};

TEST_F(AuditReceiverTest, BringsABodyToTheSinkAndAnswers200) {
  Start();
  const HttpAnswer answer = Post("/audit/prod?timeout=30s", kList);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_THAT(answer.headers, Contains(Pair("content-length", "0")));
  sink_.WaitForCalls(3);
  EXPECT_THAT(sink_.texts(), ElementsAre(kList));
  EXPECT_THAT(sink_.calls(), ElementsAre("open 127.0.0.1:0 prod", "take 127.0.0.1:0 prod",
                                         "close 127.0.0.1:0 prod"));
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(AuditReceiverTest, TakesWhatRealApiServersPost) {
  Start();
  HttpClient client = Connect();
  std::vector<std::string> bodies;
  for (const char* const name :
       {"kube-1.20/webhook-body-400-events.json.zst", "kube-1.37.2/webhook-body.json.zst"}) {
    const auto path = hark::testing::RecordedPath(name);
    const auto body = path ? hark::testing::OutputOf("zstd -dcq '" + *path + "'") : std::nullopt;
    if (!body) {
      GTEST_SKIP() << "the recorded bodies are not here";
    }
    bodies.push_back(*body);
    EXPECT_EQ(client
                  .Request("POST /audit/prod?timeout=30s",
                           "Content-Type: application/json\r\nAccept: application/json, */*\r\n"
                           "Accept-Encoding: gzip\r\nUser-Agent: Go-http-client/1.1\r\n",
                           *body)
                  .status,
              200);
  }
  EXPECT_EQ(sink_.texts(), bodies);
}

TEST_F(AuditReceiverTest, AnswersOnlyWhenTheSinkIsDone) {
  Start();
  sink_.Hold();
  HttpClient client = Connect();
  auto answer =
      std::async(std::launch::async, [&] { return client.Request("POST /audit/prod", "", kList); });
  sink_.WaitForBodies(1);
  // Meanwhile others are served, by the same few threads.
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Connect().Request("GET /").status, 404);
  }
  EXPECT_FALSE(client.has_answer());
  EXPECT_EQ(sink_.calls().size(), 2U) << "the request is still open";
  sink_.Release();
  EXPECT_EQ(answer.get().status, 200);
}

TEST_F(AuditReceiverTest, AnswersAsTheSinkSays) {
  Start();
  HttpClient client = Connect();
  const auto post = [&] { return client.Request("POST /audit/prod", "", kList); };
  sink_.AnswerWith(AuditOutcome::kNotEvents);
  EXPECT_EQ(post().status, 400);
  sink_.AnswerWith(AuditOutcome::kBusy);
  HttpAnswer answer = post();
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  sink_.AnswerWith(AuditOutcome::kUnavailable);
  answer = post();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  sink_.AnswerWith(AuditOutcome::kStored);
  EXPECT_EQ(post().status, 200);
  for (const char* const code : {"200", "400", "429", "503"}) {
    EXPECT_EQ(Requests("prod", code), "1") << code;
  }
  EXPECT_EQ(Metric("hark_receiver_ack_seconds_count"), "1");
}

TEST_F(AuditReceiverTest, ASinkThatForgetsABodyIsUnavailable) {
  Start();
  sink_.Hold();
  HttpClient client = Connect();
  auto answer =
      std::async(std::launch::async, [&] { return client.Request("POST /audit/prod", "", kList); });
  sink_.WaitForBodies(1);
  sink_.Drop();
  EXPECT_EQ(answer.get().status, 503);
}

TEST_F(AuditReceiverTest, TakesChunkedAndEmptyBodies) {
  Start();
  HttpClient client = Connect();
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("5\r\n{\"kin\r\n");
  client.Send("3\r\nd\":\r\n0\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_EQ(client.Request("POST /audit/prod", "Content-Length: 0\r\n").status, 200);
  EXPECT_EQ(client.Request("POST /audit/prod").status, 200);
  EXPECT_THAT(sink_.texts(), ElementsAre("{\"kind\":", "", ""));
}

TEST_F(AuditReceiverTest, RefusesOtherPathsMethodsAndNames) {
  Start();
  for (const char* const target :
       {"/", "/audit", "/audit/", "/audit/a/b", "/audit/a/", "//audit/a", "/Audit/a", "/metrics"}) {
    EXPECT_EQ(Post(target, kList).status, 404) << target;
  }
  for (const char* const target : {"/audit/%", "/audit/%00", "/audit/a%2Fb", "/audit/..",
                                   "/audit/a%20b", "/audit/-", "http://localhost/audit/a", "*"}) {
    EXPECT_EQ(Post(target, kList).status, 400) << target;
  }
  const HttpAnswer answer = Connect().Request("GET /audit/prod");
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.headers, Contains(Pair("allow", "POST")));
  EXPECT_THAT(sink_.calls(), ElementsAre());
  EXPECT_EQ(Requests("other", "404"), "8");
}

TEST_F(AuditReceiverTest, RefusesCompressedBodies) {
  Start();
  EXPECT_EQ(Post("/audit/prod", "\x1f\x8b", "Content-Encoding: gzip\r\n").status, 415);
  EXPECT_EQ(Post("/audit/prod", kList, "Content-Encoding: identity\r\n").status, 200);
}

TEST_F(AuditReceiverTest, RefusesAmbiguousBodies) {
  options_.limits.drain_time = absl::Milliseconds(50);
  Start();
  for (const char* const headers :
       {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: -5\r\n", "Content-Length: 99999999999999999999\r\n"}) {
    HttpClient client = Connect();
    client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
                "\r\n0\r\n\r\n");
    client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(client.Receive().status, Not(200)) << headers;
    EXPECT_TRUE(client.WaitForEnd()) << headers;
  }
  EXPECT_THAT(sink_.texts(), ElementsAre());
}

TEST_F(AuditReceiverTest, RefusesWebPagesOfOthers) {
  Start();
  EXPECT_EQ(Post("/audit/prod", kList, "Host: rebound.example\r\n").status, 403);
  EXPECT_EQ(Post("/audit/prod", kList, "Origin: https://x.example\r\n").status, 403);
}

TEST_F(AuditReceiverTest, BoundsTheClustersThatAnybodyMayPostFor) {
  Start();
  HttpClient client = Connect();
  for (std::size_t i = 0; i < AuditAccess::kMaxOpenClusters; ++i) {
    EXPECT_EQ(client.Request("POST /audit/c" + std::to_string(i), "", kList).status, 200);
  }
  EXPECT_EQ(Post("/audit/one-more", kList).status, 403);
  EXPECT_EQ(Post("/audit/c0", kList).status, 200);
}

TEST_F(AuditReceiverTest, AClientThatExpectsAWordBeforeItsBodyGetsIt) {
  Start();
  HttpClient client = Connect();
  client.Send(
      "POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 100);
  client.Send("{}");
  EXPECT_EQ(client.Receive().status, 200);
  client.Send(
      "POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Content-Encoding: gzip\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 415);
}

TEST_F(AuditReceiverTest, RefusesABodyOverTheBoundAndGoesOnWithTheConnection) {
  options_.limits.max_body_bytes = 1000;
  Start();
  HttpClient client = Connect();
  // Much more than socket buffers hold, and less than what is drained.
  const HttpAnswer answer = client.Request("POST /audit/prod", "", std::string(6'000'000, 'x'));
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  EXPECT_EQ(client.Request("POST /audit/prod", "", std::string(1000, 'x')).status, 200);
  EXPECT_EQ(client.Request("POST /audit/prod", "", std::string(1001, 'x')).status, 429);
}

// Sends for ever what is chunked, and reads meanwhile.
HttpAnswer PostWithoutEnd(HttpClient& client) {
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::atomic<bool> ended{false};
  std::thread sender([&] {
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (!ended) {
      client.Send(chunk);
    }
  });
  HttpAnswer answer = client.Receive();
  ended = true;
  sender.join();
  return answer;
}

TEST_F(AuditReceiverTest, AnswersABodyWithoutEndOnceEnoughWasDrained) {
  options_.limits.max_body_bytes = 1'000'000;
  options_.limits.drain_bytes = 2'000'000;
  Start();
  HttpClient client = Connect();
  const HttpAnswer answer = PostWithoutEnd(client);
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  EXPECT_THAT(answer.headers, Contains(Pair("connection", "close")));
  EXPECT_TRUE(client.WaitForEnd());
  EXPECT_TRUE(Eventually([&] { return sink_.calls().size() == 2; })) << "open and close";
  EXPECT_EQ(Requests("prod", "429"), "1");
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(AuditReceiverTest, AnswersASlowBodyThatItRefusesAfterSomeTime) {
  options_.limits.drain_time = absl::Milliseconds(100);
  Start();
  HttpClient client = Connect();
  client.Send("POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
  std::atomic<bool> ended{false};
  std::thread sender([&] {
    while (!ended) {
      client.Send("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  EXPECT_EQ(client.Receive().status, 404);
  EXPECT_TRUE(client.WaitForEnd());
  ended = true;
  sender.join();
}

TEST_F(AuditReceiverTest, RefusesWhatTheBudgetOfAllBodiesDoesNotHold) {
  const MemoryBudget& budget = budget_;
  Start();
  sink_.Hold();
  HttpClient first = Connect();
  HttpClient second = Connect();
  const std::string body(std::size_t{30} << 20, 'x');
  std::vector<std::future<HttpAnswer>> held;
  held.push_back(
      std::async(std::launch::async, [&] { return first.Request("POST /audit/prod", "", body); }));
  held.push_back(
      std::async(std::launch::async, [&] { return second.Request("POST /audit/prod", "", body); }));
  sink_.WaitForBodies(2);
  EXPECT_EQ(budget.used(), 2 * (body.size() + AuditBody::kPadding));
  // What is announced is refused before it comes, what is not when it is too much.
  HttpAnswer answer = Post("/audit/prod", std::string(std::size_t{5} << 20, 'x'));
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  HttpClient chunked = Connect();
  EXPECT_EQ(PostWithoutEnd(chunked).status, 429);
  sink_.Release();
  for (auto& one : held) {
    EXPECT_EQ(one.get().status, 200);
  }
  EXPECT_EQ(budget.used(), 0U);
  sink_.AnswerWith(AuditOutcome::kStored);
  EXPECT_EQ(Post("/audit/prod", body).status, 200);
}

TEST_F(AuditReceiverTest, AnAnnouncementTakesNoMemory) {
  Start();
  HttpClient client = Connect();
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000000\r\n\r\nx");
  EXPECT_TRUE(Eventually([&] { return budget_.used() == 1 + AuditBody::kPadding; }));
}

TEST_F(AuditReceiverTest, BoundsHeaders) {
  Start();
  HttpClient client = Connect();
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\n");
  for (int i = 0; i < 10'000; ++i) {
    client.Send("X-" + std::to_string(i) + ": 0123456789\r\n");
  }
  client.Send("\r\n");
  EXPECT_THAT(client.Receive().status, Not(200));
  EXPECT_TRUE(client.WaitForEnd());
  EXPECT_EQ(Post("/audit/prod", kList).status, 200);
}

TEST_F(AuditReceiverTest, BoundsTheConnectionsOfOneAddress) {
  options_.max_connections_per_address = 2;
  Start();
  HttpClient first = Connect();
  HttpClient second = Connect();
  EXPECT_EQ(first.Request("POST /audit/prod", "", kList).status, 200);
  EXPECT_EQ(second.Request("POST /audit/prod", "", kList).status, 200);
  EXPECT_TRUE(Connect().WaitForEnd());
  EXPECT_EQ(first.Request("POST /audit/prod", "", kList).status, 200);
}

TEST_F(AuditReceiverTest, ServesManyClientsAtOnce) {
  Start();
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      HttpClient client = Connect();
      for (int n = 0; n < 30; ++n) {
        const std::string body(static_cast<std::size_t>(1 + n * 5'000), static_cast<char>('a' + i));
        served += client.Request("POST /audit/c" + std::to_string(i), "", body).status == 200;
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(served, 240);
  EXPECT_TRUE(Eventually([&] { return sink_.calls().size() == 720; }));
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(AuditReceiverTest, SaysWhyItRefuses) {
  Start();
  EXPECT_EQ(Post("/k8s-audit?token=hunter2", kList).status, 404);
  EXPECT_THAT(log_file_.text(), HasSubstr("webhook_refused"));
  EXPECT_THAT(log_file_.text(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(log_file_.text(), HasSubstr("path=\"/k8s-audit\""));
  EXPECT_THAT(log_file_.text(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(log_file_.text(), HasSubstr("audit events are posted to /audit/CLUSTER"));
}

TEST_F(AuditReceiverTest, SaysWhichAddressIsInUse) {
  Start();
  options_.listen = "127.0.0.1:" + std::to_string(receiver_->port());
  const auto second = AuditReceiver::Start(options_, sink_, budget_, metrics_, log_);
  EXPECT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(options_.listen));
}

TEST_F(AuditReceiverTest, OffLoopbackItNeedsACertificateAndClients) {
  options_.listen = "0.0.0.0:0";
  EXPECT_THAT(AuditReceiver::Start(options_, sink_, budget_, metrics_, log_).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("a certificate and clients are needed")));
}

}  // namespace
}  // namespace hark::server
