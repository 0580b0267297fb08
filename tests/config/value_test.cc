#include "config/value.h"

#include <array>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "base/text.h"
#include "support/hostile_texts.h"

namespace hark::config {
namespace {

constexpr std::array<std::string_view, 2> kColours = {"red", "green"};

std::string ErrorOf(const ValueType& type, std::string_view text) {
  return std::string(ParseValue(type, text).status().message());
}

TEST(ValueTest, EachKindReadsWhatItPrints) {
  const ValueType choice = {.kind = ValueKind::kChoice, .choices = kColours};
  const std::vector<std::pair<ValueType, std::string>> cases = {
      {{.kind = ValueKind::kText}, "any text"},
      {{.kind = ValueKind::kBool}, "true"},
      {{.kind = ValueKind::kBool}, "false"},
      {{.kind = ValueKind::kInteger}, "42"},
      {{.kind = ValueKind::kDuration}, "1m30s"},
      {{.kind = ValueKind::kBytes}, "64MiB"},
      {choice, "green"},
      {{.kind = ValueKind::kPath}, "/a/*.log"},
      {{.kind = ValueKind::kSecretFile}, "/a/b"},
      {{.kind = ValueKind::kAddress}, "[::1]:80"}};
  for (const auto& [type, text] : cases) {
    const absl::StatusOr<Value> value = ParseValue(type, text);
    ASSERT_TRUE(value.ok()) << text << value.status();
    EXPECT_EQ(PrintValue(type, *value), type.kind == ValueKind::kDuration ? "90s" : text);
  }
}

TEST(ValueTest, ARangeIncludesItsEnds) {
  const ValueType type = {.kind = ValueKind::kInteger, .min = 2, .max = 4};
  EXPECT_TRUE(ParseValue(type, "2").ok());
  EXPECT_TRUE(ParseValue(type, "4").ok());
  EXPECT_EQ(ErrorOf(type, "1"), "must be an integer from 2 to 4");
  EXPECT_EQ(ErrorOf(type, "5"), "must be an integer from 2 to 4");
}

TEST(ValueTest, ARangeIsNamedInTheUnitsOfTheSetting) {
  EXPECT_EQ(ErrorOf({.kind = ValueKind::kDuration, .min = 1'000'000, .max = 3'600'000'000}, "5"),
            "must be a duration from 1s to 1h, such as 30s");
  EXPECT_EQ(ErrorOf({.kind = ValueKind::kBytes, .min = 1 << 20}, "1KiB"),
            "must be a size of at least 1MiB, such as 64MiB");
}

TEST(ValueTest, ADurationNeedsAUnitAndIsNotNegative) {
  for (const char* const text : {"30", "-5s", "", "5 s", "forever"}) {
    EXPECT_FALSE(ParseValue({.kind = ValueKind::kDuration}, text).ok()) << text;
  }
}

TEST(ValueTest, ABoolIsWrittenInOneWay) {
  for (const char* const text : {"yes", "on", "1", "True", ""}) {
    EXPECT_FALSE(ParseValue({.kind = ValueKind::kBool}, text).ok()) << text;
  }
}

TEST(ValueTest, AnAddressHasAPort) {
  const ValueType type = {.kind = ValueKind::kAddress};
  for (const char* const text : {":9881", "localhost:0", "0.0.0.0:65535", "[fe80::1]:80"}) {
    EXPECT_TRUE(ParseValue(type, text).ok()) << text;
  }
  for (const char* const text : {"", "localhost", "localhost:", "localhost:65536", "a:-1", "::1:80",
                                 "[]:80", "[a.b]", "http://a:80", "a b:80", "a:80/x", "[x]:80"}) {
    EXPECT_FALSE(ParseValue(type, text).ok()) << text;
  }
}

TEST(ValueTest, OnlySomeTextsMayBeEmpty) {
  EXPECT_EQ(ErrorOf({.kind = ValueKind::kPath}, ""), "must not be empty");
  EXPECT_TRUE(ParseValue({.kind = ValueKind::kPath, .may_be_empty = true}, "").ok());
}

TEST(ValueTest, OnlyATextThatATerminalShowsAsItIsIsRead) {
  int read = 0;
  for (const std::string& text : hark::testing::HostileTexts()) {
    const absl::StatusOr<Value> value = ParseValue({.kind = ValueKind::kText}, text);
    const bool is_good = !text.empty() && text.size() <= 4096 && EscapeForTerminal(text) == text;
    EXPECT_EQ(value.ok(), is_good) << text;
    read += value.ok() ? 1 : 0;
  }
  EXPECT_GT(read, 2);
}

}  // namespace
}  // namespace hark::config
