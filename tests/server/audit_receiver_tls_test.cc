// Who may post: certificates, tokens, and what a reload changes. The client is OpenSSL's.
#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/audit_receiver_fixture.h"
#include "support/test_certificates.h"
#include "support/tls_http_client.h"

namespace hark::server {
namespace {

using ::hark::testing::CertificateSubject;
using ::hark::testing::HttpAnswer;
using ::hark::testing::IsOk;
using ::hark::testing::IssuedCertificate;
using ::hark::testing::StatusIs;
using ::hark::testing::TestAuthority;
using ::hark::testing::TlsHttpClient;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* kList = R"({"kind":"EventList","items":[]})";
constexpr const char* kToken = "0123456789abcdef-token";
constexpr const char* kBearer = "Authorization: Bearer 0123456789abcdef-token\r\n";
constexpr long kDay = 86'400;

// A receiver whose clients are: the certificate "api-prod" for prod and prod-2, the one with the
// URI for spiffe, the token for staging.
class AuditReceiverTlsTest : public AuditReceiverFixture {
 protected:
  AuditReceiverTlsTest() {
    WriteServerCertificate("first");
    options_.cert_file = dir_.Path("server.crt");
    options_.key_file = dir_.Path("server.key");
    options_.client_ca_file = dir_.Write("ca.crt", authority_.certificate());
    options_.clients = {
        {.certificate_name = "api-prod", .clusters = {"prod", "prod-2"}},
        {.certificate_name = "spiffe://test/api", .clusters = {"spiffe"}},
        {.token_file = dir_.Write("token", kToken), .clusters = {"staging"}},
    };
  }

  void WriteServerCertificate(const std::string& name, long valid_to_seconds = 3600) {
    const IssuedCertificate own = authority_.Issue({.common_name = name,
                                                    .alternative_names = "IP:127.0.0.1",
                                                    .usage = "serverAuth",
                                                    .valid_to_seconds = valid_to_seconds});
    dir_.Write("server.crt", own.certificate);
    dir_.Write("server.key", own.key);
  }

  TlsHttpClient ConnectWith(const IssuedCertificate& certificate) {
    return TlsHttpClient("127.0.0.1", receiver_->port(),
                         {.ca = authority_.certificate(), .certificate = certificate});
  }
  TlsHttpClient ConnectAs(const CertificateSubject& subject) {
    return ConnectWith(authority_.Issue(subject));
  }
  // With no certificate.
  TlsHttpClient ConnectBare() { return ConnectWith({}); }

  static int StatusOf(TlsHttpClient&& client, const std::string& cluster,
                      std::string_view headers = "") {
    return client.Request("POST /audit/" + cluster, headers, kList).status;
  }

  TestAuthority authority_;
  TestAuthority other_authority_{"other CA"};
};

TEST_F(AuditReceiverTlsTest, ACertificateMayPostForItsClustersOnly) {
  Start();
  TlsHttpClient client = ConnectAs({.common_name = "api-prod"});
  EXPECT_EQ(client.Request("POST /audit/prod", "", kList).status, 200);
  EXPECT_EQ(client.Request("POST /audit/prod-2", "", kList).status, 200);
  EXPECT_EQ(client.Request("POST /audit/staging", "", kList).status, 403);
  EXPECT_THAT(sink_.texts(), ElementsAre(kList, kList));
  EXPECT_EQ(Requests("staging", "403"), "1");
}

TEST_F(AuditReceiverTlsTest, TheNameIsAUriOrDnsNameAndElseTheCommonName) {
  Start();
  EXPECT_EQ(StatusOf(ConnectAs({.alternative_names = "URI:spiffe://test/api"}), "spiffe"), 200);
  EXPECT_EQ(StatusOf(ConnectAs({.alternative_names = "DNS:api-prod"}), "prod"), 200);
  EXPECT_EQ(
      StatusOf(ConnectAs({.common_name = "api-prod", .alternative_names = "IP:10.0.0.1"}), "prod"),
      200);
  // Beside other names the common name counts for nothing.
  EXPECT_EQ(
      StatusOf(ConnectAs({.common_name = "api-prod", .alternative_names = "DNS:api-test"}), "prod"),
      403);
  EXPECT_EQ(StatusOf(ConnectAs({.alternative_names = "DNS:x,URI:spiffe://test/api"}), "spiffe"),
            200);
  for (const char* const name : {"api-prod2", "api-pro", "API-PROD", "*", ""}) {
    EXPECT_EQ(StatusOf(ConnectAs({.common_name = name}), "prod"), *name == '\0' ? 401 : 403)
        << name;
  }
}

TEST_F(AuditReceiverTlsTest, ATokenMayPostForItsClustersOnly) {
  Start();
  EXPECT_EQ(StatusOf(ConnectBare(), "staging", kBearer), 200);
  EXPECT_EQ(StatusOf(ConnectBare(), "prod", kBearer), 403);
  EXPECT_EQ(StatusOf(ConnectBare(), "staging", "Authorization: Bearer 0123456789abcdef-tokex\r\n"),
            401);
  EXPECT_EQ(StatusOf(ConnectBare(), "staging", "Authorization: Basic MDEyMzQ1Njc4OTphYmNkZWY=\r\n"),
            401);
  // Of a caller with both, either will do.
  EXPECT_EQ(StatusOf(ConnectAs({.common_name = "api-prod"}), "staging", kBearer), 200);
  EXPECT_EQ(StatusOf(ConnectAs({.common_name = "api-prod"}), "prod", kBearer), 200);
  EXPECT_EQ(StatusOf(ConnectWith(other_authority_.Issue({.common_name = "x"})), "staging", kBearer),
            200);
}

TEST_F(AuditReceiverTlsTest, WithoutEitherItIs401) {
  Start();
  const HttpAnswer answer = ConnectBare().Request("POST /audit/prod", "", kList);
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.headers, Contains(Pair("connection", "close")));
  EXPECT_THAT(answer.headers, Contains(Key("www-authenticate")));
  EXPECT_EQ(StatusOf(ConnectBare(), "unheard-of"), 401);
  EXPECT_THAT(sink_.calls(), ElementsAre());
  EXPECT_EQ(Requests("prod", "401"), "1");
  EXPECT_EQ(Requests("other", "401"), "1");
  EXPECT_EQ(Requests("unheard-of", "401"), "");
}

TEST_F(AuditReceiverTlsTest, ALookAtTheUrlShowsWhetherTheCredentialIsRight) {
  Start();
  EXPECT_EQ(ConnectAs({.common_name = "api-prod"}).Request("GET /audit/prod").status, 405);
  EXPECT_EQ(ConnectAs({.common_name = "api-prod"}).Request("GET /audit/staging").status, 403);
  EXPECT_EQ(ConnectBare().Request("GET /audit/prod").status, 401);
  EXPECT_EQ(ConnectBare().Request("GET /audit/staging", kBearer).status, 405);
  EXPECT_THAT(sink_.calls(), ElementsAre());
}

TEST_F(AuditReceiverTlsTest, RefusesCertificatesThatAreNotValid) {
  Start();
  const auto refusal = [&](TlsHttpClient&& client) {
    const HttpAnswer answer = client.Request("POST /audit/prod", "", kList);
    EXPECT_EQ(answer.status, 401);
    return answer.body;
  };
  EXPECT_THAT(
      refusal(ConnectAs(
          {.common_name = "api-prod", .valid_from_seconds = -2 * kDay, .valid_to_seconds = -kDay})),
      HasSubstr("expired"));
  EXPECT_THAT(
      refusal(ConnectAs(
          {.common_name = "api-prod", .valid_from_seconds = kDay, .valid_to_seconds = 2 * kDay})),
      HasSubstr("not yet"));
  EXPECT_THAT(refusal(ConnectWith(other_authority_.Issue({.common_name = "api-prod"}))),
              HasSubstr("issuer"));
  EXPECT_THAT(refusal(ConnectAs({.common_name = "api-prod", .usage = "serverAuth"})),
              HasSubstr("purpose"));
  // One of the same name as the CA, and not of its key.
  EXPECT_THAT(refusal(ConnectWith(TestAuthority().Issue({.common_name = "api-prod"}))),
              HasSubstr("NOT trusted"));
  EXPECT_THAT(sink_.calls(), ElementsAre());
  EXPECT_THAT(log_file_.text(), HasSubstr("expired"));
}

TEST_F(AuditReceiverTlsTest, SpeaksTls12And13AndNothingOlder) {
  Start();
  const IssuedCertificate own = authority_.Issue({.common_name = "api-prod"});
  for (const auto& [version, name] : std::vector<std::pair<int, std::string>>{
           {TLS1_2_VERSION, "TLSv1.2"}, {TLS1_3_VERSION, "TLSv1.3"}}) {
    TlsHttpClient client("127.0.0.1", receiver_->port(),
                         {.ca = authority_.certificate(),
                          .certificate = own,
                          .max_version = version,
                          .min_version = version});
    EXPECT_EQ(client.version(), name);
    EXPECT_EQ(client.Request("POST /audit/prod", "", kList).status, 200) << name;
  }
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_FALSE(TlsHttpClient("127.0.0.1", receiver_->port(),
                               {.ca = authority_.certificate(),
                                .certificate = own,
                                .max_version = version,
                                .min_version = version})
                     .is_secure());
  }
}

TEST_F(AuditReceiverTlsTest, SaysThatAClientHasGoneWithoutARequest) {
  Start();
  EXPECT_FALSE(TlsHttpClient("127.0.0.1", receiver_->port(), {.ca = other_authority_.certificate()})
                   .is_secure());
  EXPECT_TRUE(
      Eventually([&] { return log_file_.text().find("webhook_no_request") != std::string::npos; }));
  // Plain HTTP is no handshake.
  EXPECT_EQ(Post("/audit/prod", kList).status, 0);
}

TEST_F(AuditReceiverTlsTest, TakesLargeBodiesAndAnswersThoseThatAreTooLargeBeforeTheirEnd) {
  options_.limits = {.max_body_bytes = std::size_t{20} << 20,
                     .drain_bytes = 1'000'000,
                     .linger = absl::Seconds(30)};
  Start();
  TlsHttpClient client = ConnectAs({.common_name = "api-prod"});
  const std::string body(std::size_t{20} << 20, 'x');
  EXPECT_EQ(client.Request("POST /audit/prod", "", body).status, 200);
  const HttpAnswer answer = client.Request("POST /audit/prod", "", body + "x");
  EXPECT_EQ(answer.status, 429);
  EXPECT_THAT(answer.headers, Contains(Pair("retry-after", "2")));
  EXPECT_TRUE(client.WaitForEnd());
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(AuditReceiverTlsTest, AReloadedCertificateDropsNoConnection) {
  Start();
  const IssuedCertificate own = authority_.Issue({.common_name = "api-prod"});
  TlsHttpClient kept = ConnectWith(own);
  EXPECT_EQ(kept.server_name(), "first");
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 200);
  WriteServerCertificate("second");
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 200);
  EXPECT_EQ(ConnectWith(own).server_name(), "second");
}

TEST_F(AuditReceiverTlsTest, AReloadedCaJudgesTheNextRequestOfEveryConnection) {
  Start();
  TlsHttpClient kept = ConnectAs({.common_name = "api-prod"});
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 200);
  // First both, as one should, then the new one alone.
  dir_.Write("ca.crt", authority_.certificate() + other_authority_.certificate());
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 200);
  const IssuedCertificate renewed = other_authority_.Issue({.common_name = "api-prod"});
  EXPECT_EQ(StatusOf(ConnectWith(renewed), "prod"), 200);
  dir_.Write("ca.crt", other_authority_.certificate());
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_EQ(kept.Request("POST /audit/prod", "", kList).status, 401);
  EXPECT_EQ(StatusOf(ConnectWith(renewed), "prod"), 200);
}

TEST_F(AuditReceiverTlsTest, AReloadedTokenJudgesTheNextRequest) {
  Start();
  TlsHttpClient kept = ConnectBare();
  EXPECT_EQ(kept.Request("POST /audit/staging", kBearer, kList).status, 200);
  dir_.Write("token", "fedcba9876543210\n");
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_EQ(kept.Request("POST /audit/staging", "Authorization: Bearer fedcba9876543210\r\n", kList)
                .status,
            200);
  EXPECT_EQ(kept.Request("POST /audit/staging", kBearer, kList).status, 401);
}

TEST_F(AuditReceiverTlsTest, AReloadThatFailsChangesNothing) {
  Start();
  const IssuedCertificate own = authority_.Issue({.common_name = "api-prod"});
  const auto works = [&] {
    return ConnectWith(own).server_name() == "first" && StatusOf(ConnectWith(own), "prod") == 200 &&
           StatusOf(ConnectBare(), "staging", kBearer) == 200;
  };
  const IssuedCertificate stranger = authority_.Issue({.common_name = "second"});
  const std::vector<std::pair<std::string, std::string>> files = {
      {"server.crt", stranger.certificate},  // not of the key
      {"server.crt", "no PEM"},
      {"ca.crt", ""},
      {"ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
      {"token", "short"},
      {"server.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
  };
  for (const auto& [name, text] : files) {
    WriteServerCertificate("second");
    dir_.Write("ca.crt", other_authority_.certificate());
    dir_.Write("token", "fedcba9876543210");
    dir_.Write(name, text);
    EXPECT_THAT(receiver_->Reload(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(name)));
    EXPECT_TRUE(works()) << name;
  }
  WriteServerCertificate("second");
  std::filesystem::remove(dir_.Path("ca.crt"));
  EXPECT_THAT(receiver_->Reload(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("ca.crt")));
  EXPECT_TRUE(works());
}

TEST_F(AuditReceiverTlsTest, ReloadsWhileClientsPost) {
  Start();
  const IssuedCertificate own = authority_.Issue({.common_name = "api-prod"});
  std::atomic<bool> ended{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      TlsHttpClient kept = ConnectWith(own);
      while (!ended) {
        failures += kept.Request("POST /audit/prod", "", kList).status != 200;
        failures += StatusOf(ConnectWith(own), "prod") != 200;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    WriteServerCertificate("renewed");
    EXPECT_THAT(receiver_->Reload(), IsOk());
  }
  ended = true;
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_EQ(failures, 0);
}

TEST_F(AuditReceiverTlsTest, KnowsWhenItsCertificateExpires) {
  Start();
  const auto in = [](absl::Duration from_now) {
    return absl::ToUnixMicros(absl::Now() + from_now);
  };
  EXPECT_NEAR(static_cast<double>(*receiver_->certificate_expiry()),
              static_cast<double>(in(absl::Hours(1))), 60e6);
  WriteServerCertificate("third", 10 * kDay);
  ASSERT_THAT(receiver_->Reload(), IsOk());
  // The CA goes first now.
  EXPECT_NEAR(static_cast<double>(*receiver_->certificate_expiry()),
              static_cast<double>(in(absl::Hours(2))), 60e6);
  EXPECT_THAT(log_file_.text(), Not(HasSubstr("certificate_expired")));
  WriteServerCertificate("old", -60);
  ASSERT_THAT(receiver_->Reload(), IsOk());
  EXPECT_THAT(log_file_.text(), HasSubstr("certificate_expired"));
}

TEST_F(AuditReceiverTlsTest, NamesTheFilesThatItReads) {
  Start();
  EXPECT_THAT(receiver_->files(), ElementsAre(options_.cert_file, options_.key_file,
                                              options_.client_ca_file, dir_.Path("token")));
}

TEST_F(AuditReceiverTlsTest, OffLoopbackItStartsWithBoth) {
  options_.listen = "0.0.0.0:0";
  Start();
  EXPECT_EQ(StatusOf(ConnectAs({.common_name = "api-prod"}), "prod"), 200);
  EXPECT_EQ(StatusOf(ConnectBare(), "prod"), 401) << "loopback is no credential";
}

TEST_F(AuditReceiverTlsTest, DoesNotStartWithOptionsThatContradictEachOther) {
  const auto refusal = [&](AuditReceiverOptions options) {
    return std::string(
        AuditReceiver::Start(options, sink_, budget_, metrics_, log_).status().message());
  };
  AuditReceiverOptions options = options_;
  options.key_file.clear();
  EXPECT_THAT(refusal(options), HasSubstr("a certificate and a key need each other"));
  options = options_;
  options.client_ca_file.clear();
  EXPECT_THAT(refusal(options), HasSubstr("api-prod needs a client CA"));
  options = options_;
  options.clients.push_back({.certificate_name = "x", .token_file = "y"});
  EXPECT_THAT(refusal(options), HasSubstr("either a certificate name or a token"));
  options = options_;
  options.listen = "0.0.0.0:0";
  options.clients.clear();
  EXPECT_THAT(refusal(options), HasSubstr("a certificate and clients are needed"));
  options = options_;
  options.listen = "example.com:1";
  EXPECT_THAT(refusal(options), HasSubstr("expected an IP address"));
}

}  // namespace
}  // namespace hark::server
