#include "alert/revision_filter.h"

#include "gtest/gtest.h"

#include "alert/revision.h"
#include "support/sample_alert.h"

namespace hark::alert {
namespace {

Revision Sample() {
  return MakeRevision(testing::SampleAlert(), 0);
}

TEST(RevisionFilterTest, LetsAllThroughByDefault) {
  EXPECT_TRUE((RevisionFilter().Passes(Sample())));
}

TEST(RevisionFilterTest, KeepsWhatIsBelowTheLevel) {
  EXPECT_TRUE((RevisionFilter{.min_level = Severity::kHigh}.Passes(Sample())));
  EXPECT_FALSE((RevisionFilter{.min_level = Severity::kCritical}.Passes(Sample())));
}

TEST(RevisionFilterTest, TakesRulesByNameOrId) {
  EXPECT_TRUE((RevisionFilter{.rules = {"other", "secret_read_burst"}}.Passes(Sample())));
  EXPECT_TRUE((RevisionFilter{.rules = {Sample().rule_id}}.Passes(Sample())));
  EXPECT_FALSE((RevisionFilter{.rules = {"other"}}.Passes(Sample())));
}

TEST(RevisionFilterTest, TakesTagsAsRulesWriteThem) {
  EXPECT_TRUE((RevisionFilter{.tags = {"attack.credential-access"}}.Passes(Sample())));
  EXPECT_TRUE((RevisionFilter{.tags = {"T1552.007"}}.Passes(Sample())));
  EXPECT_TRUE((RevisionFilter{.tags = {"attack.impact", "attack.t1552.007"}}.Passes(Sample())));
  EXPECT_FALSE((RevisionFilter{.tags = {"attack.impact"}}.Passes(Sample())));
}

}  // namespace
}  // namespace hark::alert
