#include "server/router.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::server {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Handler Says(const std::string& text) {
  return [text](const Request&) { return Response{.body = text}; };
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.Add(Method::kGet, "/alerts", Access::kAnyone, Says("list"));
    router_.Add(Method::kPost, "/alerts", Access::kAnyone, Says("post"));
    router_.Add(Method::kGet, "/alerts/count", Access::kAnyone, Says("count"));
    router_.Add(Method::kGet, "/alerts/{id}", Access::kAnyone, Says("one"));
  }

  // What the handler says, or "404", or the methods allowed.
  std::string Ask(Method method, const std::vector<std::string>& segments) {
    const Router::Result result = router_.Find(method, segments);
    if (const auto* const found = std::get_if<Router::Found>(&result)) {
      return found->route->handler({}).body;
    }
    const auto* const not_allowed = std::get_if<Router::NotAllowed>(&result);
    return not_allowed == nullptr ? "404" : not_allowed->allow;
  }

  Router router_;
};

TEST_F(RouterTest, FindsByMethodAndPath) {
  EXPECT_EQ(Ask(Method::kGet, {"alerts"}), "list");
  EXPECT_EQ(Ask(Method::kPost, {"alerts"}), "post");
}

TEST_F(RouterTest, GivesTheParameterOfAPattern) {
  const Router::Result result = router_.Find(Method::kGet, {"alerts", "x"});
  EXPECT_THAT(std::get<Router::Found>(result).parameters, ElementsAre(Pair("id", "x")));
}

TEST_F(RouterTest, TakesTheRouteAddedFirst) {
  EXPECT_EQ(Ask(Method::kGet, {"alerts", "count"}), "count");
}

TEST_F(RouterTest, TakesHeadForGet) {
  EXPECT_EQ(Ask(Method::kHead, {"alerts", "x"}), "one");
}

TEST_F(RouterTest, SaysWhichMethodsThereAre) {
  EXPECT_EQ(Ask(Method::kDelete, {"alerts"}), "GET, HEAD, POST");
  EXPECT_EQ(Ask(Method::kOther, {"alerts"}), "GET, HEAD, POST");
}

TEST_F(RouterTest, FindsNoOtherPath) {
  EXPECT_EQ(Ask(Method::kGet, {}), "404");
  EXPECT_EQ(Ask(Method::kGet, {"alerts", ""}), "404");
  EXPECT_EQ(Ask(Method::kGet, {"alerts", "x", "y"}), "404");
  EXPECT_EQ(Ask(Method::kGet, {"alerts/x"}), "404");
}

}  // namespace
}  // namespace hark::server
