// How the receiver cuts what takes too long, and how it stops.
#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/audit_receiver_fixture.h"

namespace hark::server {
namespace {

using ::hark::testing::HttpAnswer;
using ::hark::testing::HttpClient;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr const char* kList = R"({"kind":"EventList","items":[]})";

class AuditReceiverTimeTest : public AuditReceiverFixture {
 protected:
  // A client whose body is at the sink.
  std::future<HttpAnswer> PostHeld(HttpClient& client) {
    sink_.Hold();
    auto answer = std::async(std::launch::async,
                             [&] { return client.Request("POST /audit/prod", "", kList); });
    sink_.WaitForBodies(1);
    return answer;
  }

  // Sends a byte now and then until the receiver has cut the connection.
  static bool IsCutWhileDripping(HttpClient& client) {
    std::atomic<bool> ended{false};
    std::thread dripper([&] {
      while (!ended) {
        client.Send("x");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
    const bool cut = client.WaitForEnd();
    ended = true;
    dripper.join();
    return cut;
  }
};

TEST_F(AuditReceiverTimeTest, CutsSlowFirstLinesWithoutKeepingOthersWaiting) {
  options_.first_deadline = absl::Milliseconds(500);
  Start();
  std::deque<HttpClient> slow;
  for (int i = 0; i < 16; ++i) {
    slow.emplace_back("127.0.0.1", receiver_->port()).Send("POST /audit/pr");
  }
  EXPECT_EQ(Post("/audit/prod", kList).status, 200);
  EXPECT_TRUE(IsCutWhileDripping(slow.front()));
  for (HttpClient& client : slow) {
    EXPECT_TRUE(client.WaitForEnd());
  }
}

TEST_F(AuditReceiverTimeTest, CutsSlowHeaders) {
  options_.request_deadline = absl::Milliseconds(500);
  Start();
  HttpClient client = Connect();
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
  EXPECT_TRUE(IsCutWhileDripping(client));
}

TEST_F(AuditReceiverTimeTest, CutsASlowBody) {
  options_.request_deadline = absl::Milliseconds(500);
  Start();
  HttpClient client = Connect();
  client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000000\r\n\r\n");
  EXPECT_TRUE(IsCutWhileDripping(client));
  sink_.WaitForCalls(2);
  EXPECT_THAT(sink_.calls(), ElementsAre("open 127.0.0.1:0 prod", "close 127.0.0.1:0 prod"));
  EXPECT_EQ(Requests("prod", "none"), "1");
  EXPECT_EQ(budget_.used(), 0U);
  EXPECT_THAT(log_file_.text(), HasSubstr("webhook_broken_off"));
}

TEST_F(AuditReceiverTimeTest, CutsAConnectionThatStaysIdle) {
  options_.idle_deadline = absl::Milliseconds(100);
  Start();
  HttpClient client = Connect();
  EXPECT_EQ(client.Request("POST /audit/prod", "", kList).status, 200);
  EXPECT_TRUE(client.WaitForEnd());
}

TEST_F(AuditReceiverTimeTest, ARefusedBodyThatDoesNotComeIsCutSoon) {
  options_.limits.drain_time = absl::Milliseconds(50);
  Start();
  HttpClient client = Connect();
  client.Send(
      "POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
      "Content-Length: 1000\r\n\r\nx");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(client.WaitForEnd());
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
}

TEST_F(AuditReceiverTimeTest, WaitsForTheSinkUntilTheDeadlineAndNoLonger) {
  options_.request_deadline = absl::Milliseconds(500);
  Start();
  HttpClient client = Connect();
  const HttpAnswer answer = PostHeld(client).get();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  // What the sink says later is of no use to anybody, nor does it harm.
  sink_.Release();
  sink_.AnswerWith(AuditOutcome::kStored);
  EXPECT_EQ(client.Request("POST /audit/prod", "", kList).status, 200);
}

TEST_F(AuditReceiverTimeTest, AClientThatGoesWhileTheSinkHasItsBodyDoesNoHarm) {
  Start();
  sink_.Hold();
  for (int i = 0; i < 5; ++i) {
    HttpClient client = Connect();
    client.Send("POST /audit/prod HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
    sink_.WaitForBodies(static_cast<std::size_t>(i) + 1);
  }
  EXPECT_EQ(sink_.calls().size(), 10U) << "they stay open until the sink is done";
  sink_.Release();
  sink_.WaitForCalls(15);
  sink_.AnswerWith(AuditOutcome::kStored);
  EXPECT_EQ(Post("/audit/prod", kList).status, 200);
}

TEST_F(AuditReceiverTimeTest, StopWaitsForTheAnswersOfRunningRequests) {
  options_.stop_grace = absl::Seconds(100);
  Start();
  HttpClient client = Connect();
  auto answer = PostHeld(client);
  auto stopped = std::async(std::launch::async, [this] { receiver_->Stop(); });
  // The stop has begun when nobody is let in any more.
  while (Connect().connected()) {
    std::this_thread::yield();
  }
  sink_.Release();
  stopped.get();
  EXPECT_EQ(answer.get().status, 200);
  EXPECT_THAT(sink_.calls(), ElementsAre("open 127.0.0.1:0 prod", "take 127.0.0.1:0 prod",
                                         "close 127.0.0.1:0 prod"));
}

TEST_F(AuditReceiverTimeTest, StopAnswersForASinkThatIsNotDone) {
  Start();
  HttpClient client = Connect();
  auto answer = PostHeld(client);
  receiver_->Stop();
  EXPECT_EQ(answer.get().status, 503);
  EXPECT_EQ(sink_.calls().size(), 3U) << "it is closed, too";
  receiver_.reset();
  sink_.Release();  // calls `done` of a receiver that is gone
}

TEST_F(AuditReceiverTimeTest, StopRefusesNewRequestsOnOldConnections) {
  options_.stop_grace = absl::Seconds(100);
  Start();
  HttpClient kept = Connect();
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 200);
  sink_.Hold();
  HttpClient client = Connect();
  auto answer =
      std::async(std::launch::async, [&] { return client.Request("POST /audit/prod", "", kList); });
  sink_.WaitForBodies(2);
  auto stopped = std::async(std::launch::async, [this] { receiver_->Stop(); });
  while (Connect().connected()) {
    std::this_thread::yield();
  }
  const HttpAnswer refused = kept.Request("POST /audit/prod", "", kList);
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.headers, Contains(Pair("retry-after", "2")));
  EXPECT_TRUE(kept.WaitForEnd());
  sink_.Release();
  stopped.get();
  EXPECT_EQ(answer.get().status, 200);
}

TEST_F(AuditReceiverTimeTest, StopEndsIdleAndHalfConnectionsAtOnce) {
  options_.stop_grace = absl::Seconds(100);
  Start();
  HttpClient idle = Connect();
  HttpClient half = Connect();
  half.Send("POST /audit/prod HTTP/1.1\r\n");
  EXPECT_EQ(idle.Request("POST /audit/prod", "", kList).status, 200);
  const auto before = std::chrono::steady_clock::now();
  receiver_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
  EXPECT_TRUE(idle.WaitForEnd());
  EXPECT_TRUE(half.WaitForEnd());
  receiver_->Stop();
}

}  // namespace
}  // namespace hark::server
