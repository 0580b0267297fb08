#include "rules/value_matcher.h"

#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "base/spelling.h"
#include "rules/ast.h"

namespace hark::rules {
namespace {

FieldValue Text(std::string_view text) {
  return {FieldValue::Kind::kText, text, 0};
}

FieldValue Number(std::string_view text, double number) {
  return {FieldValue::Kind::kNumber, text, number};
}

// The matcher of a value as a rule writes it.
ValueMatcher Matcher(std::string_view sigma_text, bool cased = false) {
  Value value;
  value.cased = cased;
  value.text = ParsePattern(sigma_text);
  if (!cased) {
    value.text = LowerAscii(value.text);
  }
  return *CompileValue(value);
}

ValueMatcher Matcher(Value::Kind kind, const std::string& text, double number = 0) {
  Value value;
  value.kind = kind;
  value.text = text;
  value.number = number;
  return *CompileValue(value);
}

bool InNetwork(const std::string& network, std::string_view address) {
  return Matcher(Value::Kind::kCidr, network).Matches(Text(address));
}

// Every way of writing wildcards and escapes, and what it is compiled to.
struct PatternCase {
  std::string_view sigma;
  std::string_view compiled;
};

class PatternTest : public ::testing::TestWithParam<PatternCase> {};

TEST_P(PatternTest, IsCompiledToTheSimplestMatcher) {
  EXPECT_EQ(Print(Matcher(GetParam().sigma)), GetParam().compiled);
}

INSTANTIATE_TEST_SUITE_P(
    Golden, PatternTest,
    ::testing::Values(
        PatternCase{R"(Pods)", R"(= "pods")"}, PatternCase{R"()", R"(= "")"},
        PatternCase{R"(a*)", R"(starts with "a")"}, PatternCase{R"(*a)", R"(ends with "a")"},
        PatternCase{R"(*a*)", R"(contains "a")"}, PatternCase{R"(*)", R"(contains "")"},
        PatternCase{R"(***)", R"(contains "")"}, PatternCase{R"(a*b)", R"(like "a*b")"},
        PatternCase{R"(a**b)", R"(like "a*b")"}, PatternCase{R"(a?)", R"(like "a?")"},
        PatternCase{R"(\*)", R"(= "*")"}, PatternCase{R"(\?x)", R"(= "?x")"},
        PatternCase{R"(\\*)", R"(starts with "\\")"}, PatternCase{R"(\\\*)", R"(= "\\*")"},
        PatternCase{R"(C:\Windows)", R"(= "c:\\windows")"}, PatternCase{R"(a\\b)", R"(= "a\\b")"},
        PatternCase{R"(a\)", R"(= "a\\")"}, PatternCase{R"(a\**b)", R"(like "a\\**b")"},
        PatternCase{R"(*a*b\?*)", R"(like "*a*b\\?*")"}));

TEST(ValueMatcherTest, LettersOfAsciiCompareEqualInBothCases) {
  EXPECT_TRUE(Matcher("Secrets").Matches(Text("sEcReTs")));
}

TEST(ValueMatcherTest, LettersBeyondAsciiCompareEqualOnlyWithThemselves) {
  EXPECT_TRUE(Matcher("größe").Matches(Text("GRößE")));
  EXPECT_FALSE(Matcher("größe").Matches(Text("GRÖßE")));
}

TEST(ValueMatcherTest, CasedTellsTheCasesApart) {
  EXPECT_TRUE(Matcher("Pods", true).Matches(Text("Pods")));
  EXPECT_FALSE(Matcher("Pods", true).Matches(Text("pods")));
}

TEST(ValueMatcherTest, EqualityIsOfTheWholeText) {
  EXPECT_FALSE(Matcher("pod").Matches(Text("pods")));
  EXPECT_FALSE(Matcher("pods").Matches(Text("pod")));
  EXPECT_FALSE(Matcher("").Matches(Text("pod")));
  EXPECT_TRUE(Matcher("").Matches(Text("")));
}

TEST(ValueMatcherTest, PrefixSuffixAndContentsMatchWhereTheyStand) {
  EXPECT_TRUE(Matcher("sh.helm.*").Matches(Text("SH.helm.release")));
  EXPECT_FALSE(Matcher("sh.helm.*").Matches(Text("sh.hel")));
  EXPECT_TRUE(Matcher("*-token").Matches(Text("default-TOKEN")));
  EXPECT_FALSE(Matcher("*-token").Matches(Text("token")));
  EXPECT_TRUE(Matcher("*admin*").Matches(Text("cluster-ADMIN-2")));
  EXPECT_FALSE(Matcher("*admin*").Matches(Text("cluster-admi")));
}

TEST(ValueMatcherTest, AStarAloneMatchesEveryValueButNull) {
  EXPECT_TRUE(Matcher("*").Matches(Text("")));
  EXPECT_TRUE(Matcher("*").Matches(Number("1", 1)));
  EXPECT_FALSE(Matcher("*").Matches({}));
}

TEST(ValueMatcherTest, AStarInTheMiddleIsTriedAtEveryPlace) {
  EXPECT_TRUE(Matcher("a*b*c").Matches(Text("aXbYbZc")));
  EXPECT_TRUE(Matcher("a*bc").Matches(Text("abbc")));
  EXPECT_FALSE(Matcher("a*b*c").Matches(Text("aXcYb")));
  EXPECT_TRUE(Matcher("a*b").Matches(Text("a\nb")));
}

TEST(ValueMatcherTest, AQuestionMarkStandsForOneCharacterHoweverLong) {
  EXPECT_TRUE(Matcher("a?c").Matches(Text("abc")));
  EXPECT_TRUE(Matcher("a?c").Matches(Text("a€c")));
  EXPECT_FALSE(Matcher("a??c").Matches(Text("a€c")));
  EXPECT_FALSE(Matcher("a?").Matches(Text("a")));
  EXPECT_FALSE(Matcher("*??").Matches(Text("€")));
}

TEST(ValueMatcherTest, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) {
    pattern += "a*";
  }
  EXPECT_FALSE(Matcher(pattern + "b").Matches(Text(std::string(5000, 'a'))));
}

TEST(ValueMatcherTest, NumbersCompareAsNumbersIfBothParse) {
  EXPECT_TRUE(Matcher("403").Matches(Number("403.0", 403)));
  EXPECT_TRUE(Matcher("403").Matches(Text("4.03e2")));
  EXPECT_TRUE(Matcher("0403").Matches(Number("403", 403)));
  EXPECT_FALSE(Matcher("403").Matches(Number("404", 404)));
}

TEST(ValueMatcherTest, ANumberAndATextThatIsNoneCompareAsTexts) {
  EXPECT_FALSE(Matcher("ALLOW").Matches(Number("200", 200)));
  EXPECT_FALSE(Matcher("0").Matches(Text("nan")));
  EXPECT_FALSE(Matcher("16").Matches(Text("0x10")));
}

TEST(ValueMatcherTest, NumbersTooLongForADoubleCompareAsTexts) {
  EXPECT_FALSE(Matcher("9007199254740993").Matches(Text("9007199254740992")));
  EXPECT_TRUE(Matcher("9007199254740993").Matches(Text("9007199254740993")));
}

TEST(ValueMatcherTest, BooleansCompareAsTheirText) {
  EXPECT_TRUE(Matcher("True").Matches({FieldValue::Kind::kBool, "true", 0}));
}

TEST(ValueMatcherTest, NullMatchesNullOnly) {
  EXPECT_TRUE(Matcher(Value::Kind::kNull, "").Matches({}));
  EXPECT_FALSE(Matcher(Value::Kind::kNull, "").Matches(Text("")));
  EXPECT_FALSE(Matcher("").Matches({}));
}

TEST(ValueMatcherTest, AnExpressionIsSearchedForAndTellsTheCasesApart) {
  const ValueMatcher matcher = Matcher(Value::Kind::kRegex, "s[ae]cret");
  EXPECT_TRUE(matcher.Matches(Text("the secrets")));
  EXPECT_FALSE(matcher.Matches(Text("SECRET")));
  EXPECT_TRUE(Matcher(Value::Kind::kRegex, "(?i)s[ae]cret").Matches(Text("SECRET")));
}

TEST(ValueMatcherTest, ComparisonsTakeNumbersOnly) {
  EXPECT_TRUE(Matcher(Value::Kind::kLess, "", 500).Matches(Number("499", 499)));
  EXPECT_FALSE(Matcher(Value::Kind::kLess, "", 500).Matches(Number("500", 500)));
  EXPECT_TRUE(Matcher(Value::Kind::kLessOrEqual, "", 500).Matches(Text("500")));
  EXPECT_TRUE(Matcher(Value::Kind::kGreater, "", 400).Matches(Text("401")));
  EXPECT_FALSE(Matcher(Value::Kind::kGreater, "", 400).Matches(Text("400")));
  EXPECT_TRUE(Matcher(Value::Kind::kGreaterOrEqual, "", 400).Matches(Text("400")));
  EXPECT_FALSE(Matcher(Value::Kind::kGreaterOrEqual, "", 400).Matches(Text("many")));
}

TEST(ValueMatcherTest, ANetworkHoldsItsAddresses) {
  EXPECT_TRUE(InNetwork("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(InNetwork("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(InNetwork("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(InNetwork("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(InNetwork("fd00::/8", "fdab::1"));
  EXPECT_FALSE(InNetwork("fd00::/8", "fe80::1"));
}

TEST(ValueMatcherTest, AnAddressAloneIsANetworkOfOne) {
  EXPECT_TRUE(InNetwork("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(InNetwork("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(InNetwork("::1", "0:0::1"));
}

TEST(ValueMatcherTest, TheWholeOfOneAddressFamilyLeavesOutTheOther) {
  EXPECT_TRUE(InNetwork("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(InNetwork("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(InNetwork("::/0", "8.8.8.8"));
}

TEST(ValueMatcherTest, AnIpv4AddressWrittenAsIpv6IsTheSameAddress) {
  EXPECT_TRUE(InNetwork("10.0.0.0/8", "::ffff:10.0.0.1"));
}

TEST(ValueMatcherTest, WhatIsNoAddressIsInNoNetwork) {
  EXPECT_FALSE(InNetwork("0.0.0.0/0", "localhost"));
  EXPECT_FALSE(InNetwork("0.0.0.0/0", ""));
  EXPECT_FALSE(InNetwork("0.0.0.0/0", std::string(1000, '1')));
  EXPECT_FALSE(InNetwork("0.0.0.0/0", std::string_view("1.1.1.1\0x", 9)));
}

TEST(ParseCidrTest, RefusesWhatIsNoNetwork) {
  for (const std::string_view text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8",
                                      "10.0.0.0/-1", "fd00::/129", "", "/8", "a"}) {
    EXPECT_FALSE(ParseCidr(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace hark::rules
