#include "rules/known_components.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark::rules {
namespace {

KnownComponents Some() {
  KnownComponents known;
  known.AddPattern("flux-system", "controller");
  known.AddPattern("cert-manager", "cert-manager");
  known.AddExact("system:kube-scheduler");
  known.AddPattern("cert-manager", "cainjector");
  known.AddExact("system:apiserver");
  return known;
}

TEST(KnownComponentsTest, AnExactNameIsKnownExactly) {
  EXPECT_EQ(Some().Lookup("system:kube-scheduler"), Known::kExact);
}

TEST(KnownComponentsTest, NamesTellTheCasesApart) {
  EXPECT_EQ(Some().Lookup("System:kube-scheduler"), Known::kNone);
}

TEST(KnownComponentsTest, AServiceAccountMatchesAPatternWithItsWholeName) {
  EXPECT_EQ(Some().Lookup("system:serviceaccount:cert-manager:cert-manager"), Known::kPattern);
}

TEST(KnownComponentsTest, AServiceAccountMatchesAPatternWithWhatIsAfterADash) {
  EXPECT_EQ(Some().Lookup("system:serviceaccount:cert-manager:my-cert-manager"), Known::kPattern);
  EXPECT_EQ(Some().Lookup("system:serviceaccount:flux-system:helm-controller"), Known::kPattern);
}

TEST(KnownComponentsTest, ASuffixWithinAWordDoesNotCount) {
  EXPECT_EQ(Some().Lookup("system:serviceaccount:flux-system:subcontroller"), Known::kNone);
}

TEST(KnownComponentsTest, TheNamespaceMatchesWhole) {
  EXPECT_EQ(Some().Lookup("system:serviceaccount:my-cert-manager:cert-manager"), Known::kNone);
  EXPECT_EQ(Some().Lookup("system:serviceaccount:flux-system:cert-manager"), Known::kNone);
}

TEST(KnownComponentsTest, OnlyServiceAccountsMatchPatterns) {
  EXPECT_EQ(Some().Lookup("cert-manager:cert-manager"), Known::kNone);
  EXPECT_EQ(Some().Lookup("system:serviceaccount:cert-manager"), Known::kNone);
  EXPECT_EQ(Some().Lookup(""), Known::kNone);
}

TEST(KnownComponentsTest, TheCanonicalTextIsSortedAndWithoutDuplicates) {
  KnownComponents known = Some();
  known.AddExact("system:apiserver");
  known.AddPattern("flux-system", "controller");
  EXPECT_EQ(known.Canonical(),
            "exact system:apiserver\n"
            "exact system:kube-scheduler\n"
            "pattern cert-manager:cainjector\n"
            "pattern cert-manager:cert-manager\n"
            "pattern flux-system:controller\n");
}

}  // namespace
}  // namespace hark::rules
