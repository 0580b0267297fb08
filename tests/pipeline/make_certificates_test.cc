// deploy/kube-apiserver/make-certificates, and that what it makes works: hark with its part of the
// configuration, a client with its kubeconfig.
#include <openssl/evp.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/diagnostics.h"
#include "config/loader.h"
#include "config/surroundings.h"
#include "pipeline/receiver_options.h"
#include "server/audit_receiver_fixture.h"
#include "support/recorded_data.h"
#include "support/tls_http_client.h"

namespace hark::pipeline {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::TlsClientOptions;
using ::hark::testing::TlsHttpClient;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kList = R"({"kind":"EventList","items":[]})";

std::string Content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Of a line "  key: value".
std::string ValueOf(std::string_view key, const std::string& yaml) {
  const std::string begin = " " + std::string(key) + ": ";
  const std::size_t found = yaml.find(begin);
  EXPECT_NE(found, std::string::npos) << key;
  const std::size_t value = found + begin.size();
  return yaml.substr(value, yaml.find('\n', value) - value);
}

std::string DecodedValueOf(std::string_view key, const std::string& yaml) {
  const std::string encoded = ValueOf(key, yaml);
  std::string decoded(encoded.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(encoded.data()),
                                   static_cast<int>(encoded.size()));
  EXPECT_GT(size, 0) << key;
  decoded.resize(decoded.find_last_not_of('\0') + 1);
  return decoded;
}

class MakeCertificatesTest : public server::AuditReceiverFixture {
 protected:
  // Its output; nothing if it fails.
  std::optional<std::string> Make(const std::string& arguments) {
    // Nothing in a test changes the environment.
    const char* const source = std::getenv("HARK_SOURCE_DIR");  // NOLINT(concurrency-mt-unsafe)
    EXPECT_NE(source, nullptr);
    return hark::testing::OutputOf(
        std::string(source) + "/deploy/kube-apiserver/make-certificates --out " + dir_.Path("tls") +
        " --path " + dir_.Path("tls") + " " + arguments + " 2>&1");
  }

  std::string File(const std::string& name) { return Content(dir_.Path("tls/" + name)); }

  // A receiver as webhooks.yaml says, but on loopback and on a free port.
  void StartAsConfigured() {
    Diagnostics diagnostics;
    const config::ConfigInput input = {.files = {{"webhooks.yaml", File("webhooks.yaml")}},
                                       .folder = dir_.Path("tls"),
                                       .surroundings = config::SystemSurroundings()};
    const std::optional<config::LoadedConfig> loaded = config::LoadConfig(input, diagnostics);
    ASSERT_EQ(diagnostics.Format(input.files), "");
    ASSERT_EQ(loaded->config.sources.webhooks.size(), 1U);
    config::WebhookSourceConfig webhook = loaded->config.sources.webhooks.front();
    EXPECT_EQ(webhook.listen, "0.0.0.0:9880");
    webhook.listen = "127.0.0.1:0";
    options_ = ReceiverOptionsOf(webhook, loaded->config.limits);
    Start();
  }

  // What an API server with that kubeconfig is answered.
  int StatusOfPost(const std::string& kubeconfig, const std::string& cluster) {
    TlsHttpClient client(
        "127.0.0.1", receiver_->port(),
        TlsClientOptions{
            .ca = DecodedValueOf("certificate-authority-data", kubeconfig),
            .certificate = {.certificate = DecodedValueOf("client-certificate-data", kubeconfig),
                            .key = DecodedValueOf("client-key-data", kubeconfig)}});
    return client.Request("POST /audit/" + cluster, "", kList).status;
  }
};

TEST_F(MakeCertificatesTest, WhatItMakesWorks) {
  ASSERT_TRUE(
      Make("--address 127.0.0.1 --address hark.example --cluster production "
           "--cluster eu-1.staging"));
  StartAsConfigured();
  const std::string production = File("production.kubeconfig");
  EXPECT_EQ(ValueOf("server", production), "https://127.0.0.1:9880/audit/production");
  EXPECT_EQ(StatusOfPost(production, "production"), 200);
  EXPECT_EQ(StatusOfPost(production, "eu-1.staging"), 403);
  EXPECT_EQ(StatusOfPost(File("eu-1.staging.kubeconfig"), "eu-1.staging"), 200);
  EXPECT_THAT(sink_.texts(), ElementsAre(kList, kList));
}

TEST_F(MakeCertificatesTest, ASecondRunRenewsAllButTheCa) {
  ASSERT_TRUE(Make("--address 127.0.0.1 --cluster production"));
  StartAsConfigured();
  const std::string authority = File("ca.crt");
  const std::string certificate = File("server.crt");
  const std::string before = File("production.kubeconfig");
  ASSERT_TRUE(Make("--address 127.0.0.1 --cluster production --days 30"));
  EXPECT_EQ(File("ca.crt"), authority);
  EXPECT_NE(File("server.crt"), certificate);
  EXPECT_NE(File("production.kubeconfig"), before);
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_EQ(StatusOfPost(before, "production"), 200);
  EXPECT_EQ(StatusOfPost(File("production.kubeconfig"), "production"), 200);
}

TEST_F(MakeCertificatesTest, SaysWhatItDoesNotTake) {
  EXPECT_FALSE(Make(""));
  EXPECT_FALSE(Make("--address 127.0.0.1"));
  EXPECT_FALSE(Make("--address 127.0.0.1 --cluster a/b"));
  EXPECT_FALSE(Make("--address 'a b' --cluster a"));
  EXPECT_FALSE(Make("--address 127.0.0.1 --cluster a --days x"));
  EXPECT_FALSE(Make("--unknown"));
  EXPECT_FALSE(std::filesystem::exists(dir_.Path("tls/server.crt")));
  EXPECT_THAT(Make("--help").value_or(""), HasSubstr("--cluster NAME"));
}

TEST_F(MakeCertificatesTest, KeepsKeysToItsUser) {
  ASSERT_TRUE(Make("--address ::1 --cluster a"));
  for (const char* const name : {"ca.key", "server.key", "a.kubeconfig"}) {
    EXPECT_EQ(std::filesystem::status(dir_.Path("tls/" + std::string(name))).permissions() &
                  (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
              std::filesystem::perms::none)
        << name;
  }
  EXPECT_EQ(ValueOf("server", File("a.kubeconfig")), "https://[::1]:9880/audit/a");
  EXPECT_THAT(File("a.kubeconfig"), Not(HasSubstr("PRIVATE KEY")));
}

}  // namespace
}  // namespace hark::pipeline
