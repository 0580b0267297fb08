#include "base/spelling.h"

#include <array>

#include "gtest/gtest.h"

namespace hark {
namespace {

constexpr std::array<std::string_view, 3> kCandidates = {"secrets", "pods", "Pods/exec"};

TEST(SpellingTest, TheNearestCandidateIsNamed) {
  EXPECT_EQ(Nearest("secerts", kCandidates), "secrets");
  EXPECT_EQ(DidYouMean("pod", kCandidates), "; did you mean 'pods'?");
}

TEST(SpellingTest, CaseDoesNotCount) {
  EXPECT_EQ(Nearest("pods/EXEC", kCandidates), "Pods/exec");
}

TEST(SpellingTest, WhatIsNearNothingIsNoMisspelling) {
  EXPECT_EQ(Nearest("deployments", kCandidates), "");
  EXPECT_EQ(DidYouMean("", kCandidates), "");
}

TEST(SpellingTest, AVeryLongTextIsNoMisspelling) {
  EXPECT_EQ(Nearest(std::string(101, 's'), kCandidates), "");
}

}  // namespace
}  // namespace hark
