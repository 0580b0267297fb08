#include "server/audit_access.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::server {
namespace {

using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::HasSubstr;
using Decision = AuditAccess::Decision;

class AuditAccessTest : public ::testing::Test {
 protected:
  std::shared_ptr<AuditAccess> Load(const std::vector<AuditClient>& clients) {
    auto access = AuditAccess::Load(clients);
    EXPECT_TRUE(access.ok()) << access.status();
    return access.ok() ? *access : nullptr;
  }
  AuditClient ByName(std::string name, std::vector<std::string> clusters) {
    return {.certificate_name = std::move(name), .clusters = std::move(clusters)};
  }
  AuditClient ByToken(const std::string& token, std::vector<std::string> clusters) {
    return {.token_file = dir_.Write(token, token), .clusters = std::move(clusters)};
  }

  TempDir dir_;
};

TEST_F(AuditAccessTest, ACallerMayPostForTheClustersOfAllThatItIs) {
  const auto access = Load(
      {ByName("a", {"one"}), ByName("b", {"two", "three"}), ByToken("0123456789abcdef", {"four"})});
  const AuditAccess::Caller caller{.certificate_names = {"x", "a", "b"},
                                   .authorization = "Bearer 0123456789abcdef"};
  for (const char* const cluster : {"one", "two", "three", "four"}) {
    EXPECT_EQ(access->Decide(caller, cluster), Decision::kAllowed) << cluster;
    EXPECT_TRUE(access->Knows(cluster));
  }
  EXPECT_EQ(access->Decide(caller, "five"), Decision::kOtherClusters);
  EXPECT_FALSE(access->Knows("five"));
}

TEST_F(AuditAccessTest, OneNameMayBeSeveralClients) {
  const auto access = Load({ByName("a", {"one"}), ByName("a", {"two"})});
  EXPECT_EQ(access->Decide({.certificate_names = {"a"}}, "one"), Decision::kAllowed);
  EXPECT_EQ(access->Decide({.certificate_names = {"a"}}, "two"), Decision::kAllowed);
}

TEST_F(AuditAccessTest, NobodyIsAClientWithoutShowingIt) {
  const auto access = Load({ByName("a", {"one"}), ByToken("0123456789abcdef", {"one"})});
  EXPECT_EQ(access->Decide({}, "one"), Decision::kUnknown);
  EXPECT_EQ(access->Decide({.certificate_names = {"", "b"}, .authorization = "Bearer "}, "one"),
            Decision::kUnknown);
  EXPECT_EQ(access->Decide({.authorization = "0123456789abcdef"}, "one"), Decision::kUnknown);
}

TEST_F(AuditAccessTest, ATokenThatCannotBeReadIsAnError) {
  EXPECT_THAT(
      AuditAccess::Load({{.token_file = dir_.Path("missing"), .clusters = {"one"}}}).status(),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("missing")));
}

TEST_F(AuditAccessTest, WithoutClientsSomeClustersAreOpenToAnybody) {
  const auto access = Load({});
  EXPECT_TRUE(access->is_open());
  const AuditAccess::Caller nobody{};
  for (std::size_t i = 0; i < AuditAccess::kMaxOpenClusters; ++i) {
    EXPECT_EQ(access->Decide(nobody, "c" + std::to_string(i)), Decision::kAllowed);
  }
  EXPECT_EQ(access->Decide(nobody, "more"), Decision::kTooMany);
  EXPECT_EQ(access->Decide(nobody, "c0"), Decision::kAllowed);
}

}  // namespace
}  // namespace hark::server
