#include "server/http_server.h"

#include <ifaddrs.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/access.h"
#include "support/http_client.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::server {
namespace {

using ::hark::testing::HttpAnswer;
using ::hark::testing::HttpClient;
using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kToken = "0123456789abcdef-token";
constexpr const char* kBearer = "Authorization: Bearer 0123456789abcdef-token\r\n";

Router TestRouter() {
  Router router;
  router.Add(Method::kGet, "/open", Access::kAnyone, [](const Request& request) {
    return Response{.body = request.authorized ? "authorized" : "anyone"};
  });
  router.Add(Method::kGet, "/secret/{id}", Access::kAuthorized, [](const Request& request) {
    return Response{.body = request.path_parameters.at("id")};
  });
  router.Add(Method::kPost, "/echo", Access::kAuthorized,
             [](const Request& request) { return Response{.body = request.body}; });
  return router;
}

std::unique_ptr<HttpServer> StartServer(const HttpServerOptions& options,
                                        Router router = TestRouter()) {
  auto server = HttpServer::Start(options, std::move(router));
  EXPECT_THAT(server, IsOk());
  return server.ok() ? *std::move(server) : nullptr;
}

// An IPv4 address of this machine that is not loopback; empty if it has none.
std::string OwnAddress() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) {
    return "";
  }
  std::string found;
  for (const ifaddrs* one = all; one != nullptr && found.empty(); one = one->ifa_next) {
    if (one->ifa_addr != nullptr && one->ifa_addr->sa_family == AF_INET &&
        PeerOf(one->ifa_addr) == Peer::kRemote) {
      char text[INET_ADDRSTRLEN] = {};
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text,
                sizeof(text));
      found = text;
    }
  }
  freeifaddrs(all);
  return found;
}

class HttpServerTest : public ::testing::Test {
 protected:
  HttpClient Connect() { return HttpClient("127.0.0.1", server_->port()); }

  TempDir dir_;
  HttpServerOptions options_{.listen = "127.0.0.1:0", .max_body_bytes = 1000};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, GivesAPathParameterDecoded) {
  server_ = StartServer(options_);
  EXPECT_EQ(Connect().Request("GET /secret/a%2Fb%20c").body, "a/b c");
}

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  server_ = StartServer(options_);
  HttpClient client = Connect();
  EXPECT_EQ(client.Request("GET /secret/1").body, "1");
  EXPECT_EQ(client.Request("POST /echo", "", "hello").body, "hello");
  EXPECT_EQ(client.Request("GET /secret/2").body, "2");
}

TEST_F(HttpServerTest, AnswersHeadWithTheLengthAndWithoutTheBody) {
  server_ = StartServer(options_);
  HttpClient client = Connect();
  const HttpAnswer answer = client.Request("HEAD /secret/1234");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.headers, Contains(Pair("content-length", "4")));
  // Had a body come, it would be taken for the beginning of this answer.
  EXPECT_EQ(client.Request("GET /secret/5").body, "5");
}

TEST_F(HttpServerTest, AnswersAnUnknownPathWith404AndJson) {
  server_ = StartServer(options_);
  const HttpAnswer answer = Connect().Request("GET /nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "{\"error\":\"there is no such path\"}\n");
}

TEST_F(HttpServerTest, AnswersAnotherMethodWith405AndTheMethodsThereAre) {
  server_ = StartServer(options_);
  HttpAnswer answer = Connect().Request("DELETE /open");
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(answer.headers, Contains(Pair("allow", "GET, HEAD")));
  EXPECT_EQ(Connect().Request("BREW /open").status, 405);
  EXPECT_EQ(Connect().Request("GET /echo").status, 405);
}

TEST_F(HttpServerTest, HasSecurityHeadersAndNoBanner) {
  server_ = StartServer(options_);
  for (const char* const path : {"GET /open", "GET /nothing"}) {
    const HttpAnswer answer = Connect().Request(path);
    EXPECT_THAT(answer.headers, Contains(Pair("x-content-type-options", "nosniff")));
    EXPECT_THAT(answer.headers, Contains(Pair("cache-control", "no-store")));
    EXPECT_THAT(answer.headers, Contains(Key("content-security-policy")));
    EXPECT_THAT(answer.headers, Not(Contains(Key("server"))));
  }
}

TEST_F(HttpServerTest, TakesABodyUpToTheLimit) {
  server_ = StartServer(options_);
  const std::string body(1000, 'x');
  EXPECT_EQ(Connect().Request("POST /echo", "", body).body, body);
}

TEST_F(HttpServerTest, RefusesALargerBodyAndGoesOn) {
  server_ = StartServer(options_);
  HttpClient client = Connect();
  // Much more than socket buffers hold: the answer comes after the body was read.
  const HttpAnswer answer = client.Request("POST /echo", "", std::string(8'000'000, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "{\"error\":\"the body has more than 1000 bytes\"}\n");
  EXPECT_EQ(client.Request("GET /secret/1").body, "1");
}

TEST_F(HttpServerTest, RefusesALargerChunkedBody) {
  server_ = StartServer(options_);
  HttpClient client = Connect();
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 3; ++i) {
    client.Send("190\r\n" + std::string(0x190, 'x') + "\r\n");
  }
  client.Send("0\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(HttpServerTest, RefusesHostileTargets) {
  server_ = StartServer(options_);
  for (const char* const target :
       {"/secret/%", "/secret/%0", "/secret/%zz", "/secret/%00", "/secret/a%0d%0aX:%20y",
        "/secret/%ff", "/secret/%e2%80%ae", "http://localhost/open", "*"}) {
    EXPECT_EQ(Connect().Request("GET " + std::string(target)).status, 400) << target;
  }
  for (const char* const target : {"//open", "/open/", "/secret/", "/../open", "/%2fopen", "/"}) {
    EXPECT_EQ(Connect().Request("GET " + std::string(target)).status, 404) << target;
  }
}

TEST_F(HttpServerTest, SurvivesWhatIsNoHttp) {
  server_ = StartServer(options_);
  for (const std::string& bytes :
       {std::string("\r\n\r\n\r\n"), std::string("\0\0\0\0\r\n\r\n", 8), std::string("GET\r\n\r\n"),
        "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n",
        std::string("GET /open HTTP/1.1\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n"
                    "\r\n")}) {
    HttpClient client = Connect();
    client.Send(bytes);
    client.Send("GET /open HTTP/9.9\r\n\r\n");
    EXPECT_THAT(client.Receive().status, Not(200)) << bytes.substr(0, 60);
  }
  EXPECT_EQ(Connect().Request("GET /open").status, 200);
}

TEST_F(HttpServerTest, NeedsNoTokenOnLoopback) {
  options_.token_file = dir_.Write("token", kToken);
  server_ = StartServer(options_);
  EXPECT_EQ(Connect().Request("GET /open").body, "authorized");
  EXPECT_EQ(Connect().Request("GET /secret/1").status, 200);
}

TEST_F(HttpServerTest, RefusesWebPagesOfOthersOnLoopback) {
  server_ = StartServer(options_);
  EXPECT_EQ(Connect().Request("GET /secret/1", "Host: rebound.example\r\n").status, 403);
  EXPECT_EQ(Connect().Request("POST /echo", "Origin: https://x.example\r\n", "x").status, 403);
  EXPECT_EQ(Connect().Request("GET /open", "Host: rebound.example\r\n").body, "anyone");
}

TEST_F(HttpServerTest, NeedsTheTokenOffLoopback) {
  const std::string address = OwnAddress();
  if (address.empty()) {
    GTEST_SKIP() << "this machine has loopback only";
  }
  options_.listen = "0.0.0.0:0";
  options_.token_file = dir_.Write("token", std::string(kToken) + "\n");
  server_ = StartServer(options_);
  const auto request = [&](std::string_view head, std::string_view headers) {
    return HttpClient(address, server_->port()).Request(head, headers);
  };
  EXPECT_EQ(request("GET /secret/1", "").status, 401);
  EXPECT_THAT(request("GET /secret/1", "").headers, Contains(Key("www-authenticate")));
  EXPECT_EQ(request("GET /secret/1", "Authorization: Bearer wrong-wrong-wrong\r\n").status, 401);
  EXPECT_EQ(request("GET /secret/1", "Authorization: Basic Zm9vOmJhcg==\r\n").status, 401);
  EXPECT_EQ(request("GET /secret/1", "X-Forwarded-For: 127.0.0.1\r\n").status, 401);
  EXPECT_EQ(request("GET /secret/1", kBearer).status, 200);
  EXPECT_EQ(request("GET /open", "").body, "anyone");
  EXPECT_EQ(request("GET /open", kBearer).body, "authorized");
}

TEST_F(HttpServerTest, TakesANewTokenAtReloadAndKeepsTheOldOneIfThereIsNone) {
  options_.token_file = dir_.Write("token", kToken);
  server_ = StartServer(options_);
  const auto status = [&](const std::string& token) {
    return Connect()
        .Request("GET /secret/1", "Host: x.example\r\nAuthorization: Bearer " + token + "\r\n")
        .status;
  };
  dir_.Write("token", "fedcba9876543210");
  ASSERT_THAT(server_->ReloadToken(), IsOk());
  EXPECT_EQ(status(kToken), 403);
  EXPECT_EQ(status("fedcba9876543210"), 200);
  dir_.Write("token", "short");
  EXPECT_THAT(server_->ReloadToken(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("16 to 4096")));
  EXPECT_EQ(status("fedcba9876543210"), 200);
}

TEST_F(HttpServerTest, DoesNotStartOffLoopbackWithoutAToken) {
  for (const char* const listen : {"0.0.0.0:0", "[::]:0", "192.0.2.1:9321"}) {
    options_.listen = listen;
    EXPECT_THAT(HttpServer::Start(options_, TestRouter()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a token file is needed")));
  }
}

TEST_F(HttpServerTest, DoesNotStartWithATokenFileThatIsMissing) {
  options_.token_file = dir_.Path("missing");
  EXPECT_THAT(HttpServer::Start(options_, TestRouter()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("missing")));
}

TEST_F(HttpServerTest, SaysWhichAddressIsInUse) {
  server_ = StartServer(options_);
  options_.listen = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = HttpServer::Start(options_, TestRouter());
  EXPECT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(options_.listen));
}

TEST_F(HttpServerTest, ListensOnAUnixSocketOfItsOwner) {
  options_ = {.unix_socket = dir_.Path("hark.sock")};
  server_ = StartServer(options_);
  struct stat found {};
  ASSERT_EQ(stat(options_.unix_socket.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_EQ(HttpClient(options_.unix_socket).Request("GET /secret/1").body, "1");
  server_->Stop();
  EXPECT_NE(stat(options_.unix_socket.c_str(), &found), 0);
}

TEST_F(HttpServerTest, ListensOnBothAtOnce) {
  options_.unix_socket = dir_.Path("hark.sock");
  server_ = StartServer(options_);
  EXPECT_EQ(Connect().Request("GET /open").status, 200);
  EXPECT_EQ(HttpClient(options_.unix_socket).Request("GET /open").status, 200);
}

TEST_F(HttpServerTest, CutsASlowClientWithoutKeepingOthersWaiting) {
  options_.request_deadline = absl::Milliseconds(300);
  server_ = StartServer(options_);
  std::deque<HttpClient> slow;
  for (int i = 0; i < 8; ++i) {
    slow.emplace_back("127.0.0.1", server_->port()).Send("GET /open HTTP/1.1\r\nHost: loc");
  }
  EXPECT_EQ(Connect().Request("GET /open").status, 200);
  // A byte now and then does not help.
  std::atomic<bool> ended{false};
  std::thread dripper([&] {
    while (!ended) {
      slow[0].Send("x");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  for (HttpClient& client : slow) {
    EXPECT_TRUE(client.WaitForEnd());
  }
  ended = true;
  dripper.join();
}

TEST_F(HttpServerTest, CutsAConnectionThatStaysIdle) {
  options_.idle_deadline = absl::Milliseconds(100);
  server_ = StartServer(options_);
  HttpClient client = Connect();
  EXPECT_EQ(client.Request("GET /open").status, 200);
  EXPECT_TRUE(client.WaitForEnd());
}

TEST_F(HttpServerTest, CutsASlowBodyOnAConnectionThatWasKept) {
  options_.request_deadline = absl::Milliseconds(300);
  server_ = StartServer(options_);
  HttpClient client = Connect();
  EXPECT_EQ(client.Request("GET /open").status, 200);
  client.Send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nhalf");
  EXPECT_TRUE(client.WaitForEnd());
}

TEST_F(HttpServerTest, CutsAClientThatDoesNotReadItsAnswer) {
  options_.request_deadline = absl::Milliseconds(300);
  options_.max_connections_per_address = 1;
  Router router = TestRouter();
  router.Add(Method::kGet, "/long", Access::kAnyone,
             [](const Request&) { return Response{.body = std::string(16 << 20, 'x')}; });
  server_ = StartServer(options_, std::move(router));
  HttpClient client = Connect();
  client.Send("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
  // The one place is free again when the server has given the connection up.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < limit) {
    served = Connect().Request("GET /open").status == 200;
    std::this_thread::yield();
  }
  EXPECT_TRUE(served);
}

TEST_F(HttpServerTest, BoundsTheConnectionsOfOneAddress) {
  options_.max_connections_per_address = 2;
  server_ = StartServer(options_);
  HttpClient first = Connect();
  HttpClient second = Connect();
  EXPECT_EQ(first.Request("GET /open").status, 200);
  EXPECT_EQ(second.Request("GET /open").status, 200);
  EXPECT_TRUE(Connect().WaitForEnd());
  EXPECT_EQ(first.Request("GET /open").status, 200);
}

// A handler that the test holds.
class HeldHandlerTest : public HttpServerTest {
 protected:
  void StartHeld() {
    Router router = TestRouter();
    router.Add(Method::kGet, "/held", Access::kAnyone, [this](const Request&) {
      entered_.set_value();
      released_.get_future().wait();
      return Response{.body = "at last"};
    });
    server_ = StartServer(options_, std::move(router));
  }

  std::promise<void> entered_, released_;
};

TEST_F(HeldHandlerTest, StopSendsTheAnswersOfRunningRequests) {
  StartHeld();
  HttpClient client = Connect();
  auto answer = std::async(std::launch::async, [&] { return client.Request("GET /held"); });
  entered_.get_future().wait();
  auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
  // The stop has begun when nobody is let in any more.
  while (Connect().connected()) {
    std::this_thread::yield();
  }
  released_.set_value();
  stopped.get();
  EXPECT_EQ(answer.get().body, "at last");
}

TEST_F(HeldHandlerTest, StopEndsIdleConnectionsAtOnce) {
  options_.stop_grace = absl::Seconds(100);
  server_ = StartServer(options_);
  HttpClient idle = Connect();
  HttpClient half = Connect();
  half.Send("GET /open HTTP/1.1\r\n");
  EXPECT_EQ(idle.Request("GET /open").status, 200);
  const auto before = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
  EXPECT_TRUE(idle.WaitForEnd());
  EXPECT_TRUE(half.WaitForEnd());
}

TEST_F(HttpServerTest, ServesManyClientsAtOnce) {
  server_ = StartServer(options_);
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      HttpClient client = Connect();
      for (int n = 0; n < 50; ++n) {
        const std::string id = std::to_string(i * 1000 + n);
        served += client.Request("GET /secret/" + id).body == id ? 1 : 0;
      }
    });
  }
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(served, 400);
}

}  // namespace
}  // namespace hark::server
