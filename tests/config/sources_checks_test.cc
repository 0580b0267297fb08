#include "config/sources_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "config/config_helper.h"

namespace hark::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ProblemsOf(const std::string& yaml) {
  return DiagnosticsOf(OneFile(yaml, Fake({}, {{"/k", "x"}, {"/t", "x"}})));
}

TEST(SourcesChecksTest, ReadsAListener) {
  const Config config = Load(OneFile(R"(
sources:
  webhooks:
    - listen: 0.0.0.0:9880
      tls: {cert_file: /c, key_file: /k, client_ca_file: /ca}
      clients:
        - {certificate_name: kube-apiserver, clusters: [prod, prod-2]}
        - {token_file: /t, clusters: [test]}
    - listen: 127.0.0.1:9880
      lateness: 10s
limits: {max_webhook_body_bytes: 64MiB}
)",
                                     Fake({}, {{"/k", "x"}, {"/t", "x"}})))
                            .config;
  ASSERT_EQ(config.sources.webhooks.size(), 2U);
  const WebhookSourceConfig& first = config.sources.webhooks[0];
  EXPECT_EQ(first.listen, "0.0.0.0:9880");
  EXPECT_EQ(first.tls,
            (TlsServerConfig{.cert_file = "/c", .key_file = "/k", .client_ca_file = "/ca"}));
  EXPECT_THAT(first.clients,
              ElementsAre(WebhookClientConfig{.certificate_name = "kube-apiserver",
                                              .token_file = "",
                                              .clusters = {"prod", "prod-2"}},
                          WebhookClientConfig{
                              .certificate_name = "", .token_file = "/t", .clusters = {"test"}}));
  EXPECT_EQ(first.lateness, 35 * kSecond);
  EXPECT_EQ(config.sources.webhooks[1].lateness, 10 * kSecond);
  EXPECT_EQ(config.limits.max_webhook_body_bytes, 64 * kMebibyte);
  EXPECT_EQ(config.limits.max_webhook_memory_bytes, 512 * kMebibyte);
}

TEST(SourcesChecksTest, ReportsWhatNoSettingShowsAlone) {
  const std::string tls = "tls: {cert_file: /c, key_file: /k}";
  const std::string client = "clients: [{token_file: /t, clusters: [a]}]";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"listen: ':9880'", "'sources.webhooks[0].listen': listen address \":9880\": expected an IP"},
      {"listen: 'example.com:9880'", "expected an IP address and a port"},
      {"listen: '0.0.0.0:9880', " + client,
       "is not loopback, so it needs tls.cert_file and key_file"},
      {"listen: '[::]:9880', " + tls,
       "'sources.webhooks[0].listen' is not loopback, so it needs clients"},
      {"listen: '127.0.0.1:1', tls: {cert_file: /c}",
       "'sources.webhooks[0].tls' needs both cert_file and key_file"},
      {"listen: '127.0.0.1:1', tls: {key_file: /k}", "needs both cert_file and key_file"},
      {"listen: '127.0.0.1:1', tls: {client_ca_file: /c}",
       "'sources.webhooks[0].tls.client_ca_file' needs cert_file and key_file"},
      {"listen: '127.0.0.1:1', " + tls + ", clients: [{clusters: [a]}]",
       "'sources.webhooks[0].clients[0]' needs either certificate_name or token_file"},
      {"listen: '127.0.0.1:1', clients: [{token_file: /t, certificate_name: b, clusters: [a]}]",
       "needs either certificate_name or token_file"},
      {"listen: '127.0.0.1:1', " + tls + ", clients: [{certificate_name: b, clusters: [a]}]",
       "'sources.webhooks[0].clients[0].certificate_name' needs tls.client_ca_file"},
      {"listen: '127.0.0.1:1', clients: [{token_file: /t}]",
       "'sources.webhooks[0].clients[0].clusters' must not be empty"},
      {"listen: '127.0.0.1:1', clients: [{token_file: /t, clusters: [a, 'b/c']}]",
       "'sources.webhooks[0].clients[0].clusters': \"b/c\" is no name of a cluster that posts"},
      {"listen: '127.0.0.1:1'}, {listen: '127.0.0.1:1'",
       "'sources.webhooks[1].listen' is the address of sources.webhooks[0], too"},
  };
  for (const auto& [webhook, message] : cases) {
    EXPECT_THAT(ProblemsOf("sources: {webhooks: [{" + webhook + "}]}\n"), HasSubstr(message))
        << webhook;
  }
}

TEST(SourcesChecksTest, TheMessageStandsWhereTheSettingDoes) {
  EXPECT_THAT(ProblemsOf("sources:\n  webhooks:\n    - listen: 127.0.0.1:1\n      clients:\n"
                         "        - token_file: /t\n          clusters: ['-']\n"),
              HasSubstr("h.yaml:6:"));
}

TEST(SourcesChecksTest, AnyFreePortMayBeAskedForTwice) {
  EXPECT_EQ(ProblemsOf("sources: {webhooks: [{listen: '127.0.0.1:0'}, {listen: '127.0.0.1:0'}]}\n"),
            "");
}

TEST(SourcesChecksTest, ABodyMustFitIntoTheMemoryOfAll) {
  EXPECT_THAT(ProblemsOf("limits: {max_webhook_memory_bytes: 64MiB}\n"),
              HasSubstr("h.yaml:1:36: error: 'limits.max_webhook_memory_bytes' is 64MiB, but one "
                        "body may have 128MiB"));
}

}  // namespace
}  // namespace hark::config
