#include "server/admin_api.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/exchange.h"
#include "support/status_matchers.h"

namespace hark::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AdminApiTest : public ::testing::Test {
 protected:
  AdminApiTest() {
    sources_.build = {.version = "1.2.3", .commit = "abc"};
    sources_.live = [] { return std::vector<ReadinessCheck>{{"loop", absl::OkStatus()}}; };
    sources_.ready = [this] { return checks_; };
    sources_.metrics = [] { return std::string("# HELP x y\n"); };
    sources_.status = [] { return std::string("{\"sources\":[]}"); };
    sources_.alerts = [this](const QueryParameters& query) {
      asked_ = query;
      return std::string("{\"alerts\":[]}");
    };
    sources_.alert = [](const std::string& id) -> absl::StatusOr<std::string> {
      if (id != "a1") {
        return absl::NotFoundError("there is no alert " + id);
      }
      return std::string("{\"id\":\"a1\"}");
    };
    sources_.reload = [this] { return errors_; };
  }

  // As a caller on the Unix socket, or from afar without a token.
  Response Ask(Method method, std::string_view target, Peer peer = Peer::kUnixSocket) {
    Router router;
    AddAdminRoutes(sources_, router);
    const AccessControl access("");
    Exchange exchange(target);
    exchange.Begin({.method = method, .peer = peer}, router, access);
    return exchange.Finish();
  }
  Response Get(std::string_view target, Peer peer = Peer::kUnixSocket) {
    return Ask(Method::kGet, target, peer);
  }

  AdminSources sources_;
  std::vector<ReadinessCheck> checks_ = {{"config", absl::OkStatus()}, {"state", absl::OkStatus()}};
  std::vector<std::string> errors_;
  QueryParameters asked_;
};

TEST_F(AdminApiTest, IsAliveWhenItsPartsAre) {
  EXPECT_EQ(Get("/livez").body, "ok\n");
  EXPECT_EQ(Get("/healthz").body, "ok\n");
  sources_.live = [] { return std::vector<ReadinessCheck>{{"loop", absl::AbortedError("stuck")}}; };
  EXPECT_EQ(Get("/livez").status, 503);
  EXPECT_EQ(Get("/healthz").status, 503);
}

TEST_F(AdminApiTest, IsReadyWhenEveryCheckPasses) {
  EXPECT_EQ(Get("/readyz").body, "ok\n");
  EXPECT_EQ(Get("/readyz?verbose").body, "[+]config ok\n[+]state ok\nok\n");
}

TEST_F(AdminApiTest, SaysWhichCheckFailsAndWhy) {
  checks_[1].status = absl::UnavailableError("reading\nthe snapshot");
  const Response response = Get("/readyz?verbose");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "[+]config ok\n[-]state failed: reading\\nthe snapshot\nfailed\n");
}

TEST_F(AdminApiTest, KeepsReasonsFromWhoIsNotAuthorized) {
  checks_[1].status = absl::UnavailableError("/secret/path");
  const Response response = Get("/readyz?verbose", Peer::kRemote);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("[-]state failed: reason withheld"));
}

TEST_F(AdminApiTest, OffersProbesAndMetricsToAnyone) {
  for (const char* const path : {"/livez", "/healthz", "/readyz", "/version", "/metrics"}) {
    EXPECT_EQ(Get(path, Peer::kRemote).status, 200) << path;
  }
}

TEST_F(AdminApiTest, KeepsTheRestFromWhoIsNotAuthorized) {
  for (const char* const path : {"/api/v1/status", "/api/v1/alerts", "/api/v1/alerts/a1"}) {
    EXPECT_EQ(Get(path, Peer::kRemote).status, 401) << path;
    EXPECT_EQ(Get(path).status, 200) << path;
  }
  EXPECT_EQ(Ask(Method::kPost, "/-/reload", Peer::kRemote).status, 401);
}

TEST_F(AdminApiTest, NamesTheBuild) {
  EXPECT_EQ(Get("/version").body, "{\"version\":\"1.2.3\",\"commit\":\"abc\"}\n");
  sources_.build.commit = "";
  EXPECT_EQ(Get("/version").body, "{\"version\":\"1.2.3\"}\n");
}

TEST_F(AdminApiTest, GivesMetricsAsPrometheusText) {
  EXPECT_EQ(Get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Get("/metrics").body, "# HELP x y\n");
}

TEST_F(AdminApiTest, PassesTheParametersOnDecoded) {
  EXPECT_EQ(Get("/api/v1/alerts?rule=r&actor=alice%40x").status, 200);
  EXPECT_EQ(asked_, (QueryParameters{{"actor", "alice@x"}, {"rule", "r"}}));
}

TEST_F(AdminApiTest, AnswersAFilterThatIsNotUnderstoodWith400) {
  sources_.alerts = [](const QueryParameters&) -> absl::StatusOr<std::string> {
    return absl::InvalidArgumentError("rul: unknown");
  };
  EXPECT_EQ(Get("/api/v1/alerts?rul=x").status, 400);
  EXPECT_THAT(Get("/api/v1/alerts?rul=x").body, HasSubstr("rul: unknown"));
}

TEST_F(AdminApiTest, GivesOneAlertOr404) {
  EXPECT_EQ(Get("/api/v1/alerts/a1").body, "{\"id\":\"a1\"}");
  EXPECT_EQ(Get("/api/v1/alerts/%3Cb%3E").status, 404);
  EXPECT_THAT(Get("/api/v1/alerts/%3Cb%3E").body, Not(HasSubstr("<b>")));
}

TEST_F(AdminApiTest, TurnsErrorsIntoStatusCodes) {
  sources_.status = []() -> absl::StatusOr<std::string> { return absl::UnavailableError("busy"); };
  EXPECT_EQ(Get("/api/v1/status").status, 503);
  sources_.status = []() -> absl::StatusOr<std::string> { return absl::DataLossError("disk"); };
  EXPECT_EQ(Get("/api/v1/status").status, 500);
}

TEST_F(AdminApiTest, ReloadsAndListsWhatIsWrong) {
  EXPECT_EQ(Ask(Method::kPost, "/-/reload").status, 200);
  errors_ = {"rules/a.yml:3:1: no", "rules/b.yml:1:1: neither"};
  const Response response = Ask(Method::kPost, "/-/reload");
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body,
              HasSubstr("\"errors\":[\"rules/a.yml:3:1: no\",\"rules/b.yml:1:1: neither\"]"));
  EXPECT_EQ(Get("/-/reload").status, 405);
}

TEST_F(AdminApiTest, HasNoPathForASourceThatIsAbsent) {
  sources_.alerts = nullptr;
  EXPECT_EQ(Get("/api/v1/alerts").status, 404);
}

}  // namespace
}  // namespace hark::server
