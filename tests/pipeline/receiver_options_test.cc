#include "pipeline/receiver_options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::pipeline {
namespace {

using ::testing::ElementsAre;

TEST(ReceiverOptionsTest, AreWhatTheConfigurationSays) {
  config::WebhookSourceConfig webhook;
  webhook.listen = "0.0.0.0:9880";
  webhook.tls = {.cert_file = "/cert", .key_file = "/key", .client_ca_file = "/ca"};
  webhook.clients = {
      {.certificate_name = "api", .token_file = "", .clusters = {"a", "b"}},
      {.certificate_name = "", .token_file = "/token", .clusters = {"c"}},
  };
  config::LimitsConfig limits;
  limits.max_webhook_body_bytes = 1'234'567;
  const server::AuditReceiverOptions options = ReceiverOptionsOf(webhook, limits);
  EXPECT_EQ(options.listen, "0.0.0.0:9880");
  EXPECT_EQ(options.cert_file, "/cert");
  EXPECT_EQ(options.key_file, "/key");
  EXPECT_EQ(options.client_ca_file, "/ca");
  ASSERT_EQ(options.clients.size(), 2U);
  EXPECT_EQ(options.clients[0].certificate_name, "api");
  EXPECT_THAT(options.clients[0].clusters, ElementsAre("a", "b"));
  EXPECT_EQ(options.clients[1].token_file, "/token");
  EXPECT_EQ(options.limits.max_body_bytes, 1'234'567U);
  EXPECT_TRUE(CheckAuditReceiverOptions(options).ok());
}

}  // namespace
}  // namespace hark::pipeline
