#include "alert/webhook_signature.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/revision_builder.h"
#include "support/status_matchers.h"

namespace hark::alert {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

// The example of the Standard Webhooks specification's reference libraries.
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr char kBody[] = R"({"test": 2432232314})";
const absl::Time kTime = absl::FromUnixSeconds(1'614'265'330);

TEST(WebhookSignatureTest, IsTheOneOfTheReferenceImplementation) {
  const absl::StatusOr<WebhookSigner> signer = WebhookSigner::Create({kSecret});
  ASSERT_THAT(signer, IsOk());
  EXPECT_THAT(
      signer->Headers("msg_p5jXN8AQM9LWM0D4loKWxJek", kTime, kBody),
      ElementsAre(Pair("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                  Pair("webhook-timestamp", "1614265330"),
                  Pair("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
}

TEST(WebhookSignatureTest, EverySecretSigns) {
  const std::string other = "whsec_" + std::string(32, 'A');
  const HttpHeaders headers = WebhookSigner::Create({other, kSecret})
                                  ->Headers("msg_p5jXN8AQM9LWM0D4loKWxJek", kTime, kBody);
  EXPECT_THAT(
      headers[2].second,
      ::testing::MatchesRegex("v1,[^ ]{44} v1,g0hM9SsE.OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

TEST(WebhookSignatureTest, WithoutASecretNothingIsSigned) {
  EXPECT_THAT(WebhookSigner::Create({})->Headers("x", kTime, kBody),
              ElementsAre(Pair("webhook-id", "x"), Pair("webhook-timestamp", "1614265330")));
}

TEST(WebhookSignatureTest, RefusesWhatIsNoSecretWithoutSayingIt) {
  for (const std::string& secret :
       {std::string("hunter2"), std::string("whsec_"), std::string("whsec_aHVudGVyMg=="),
        "whsec_" + std::string(100, 'A'), std::string("whsec_!!!!")}) {
    EXPECT_THAT(WebhookSigner::Create({secret}),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         ::testing::AllOf(HasSubstr("24 to 64 bytes"), Not(HasSubstr("hunter")))))
        << secret;
  }
}

TEST(WebhookSignatureTest, TheIdIsThatOfTheRevision) {
  const std::string id = WebhookId(MakeTestRevision(1, 1));
  EXPECT_EQ(id, WebhookId(MakeTestRevision(1, 1)));
  EXPECT_NE(id, WebhookId(MakeTestRevision(1, 2)));
  EXPECT_NE(id, WebhookId(MakeTestRevision(2, 1)));
  EXPECT_EQ(id.find('.'), std::string::npos);
}

}  // namespace
}  // namespace hark::alert
