#include "base/json_writer.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "base/utf8.h"

namespace hark {
namespace {

std::string Quoted(std::string_view text) {
  return JsonWriter().String(text).Take();
}

TEST(JsonWriterTest, WritesNestedValuesWithoutWhiteSpace) {
  JsonWriter writer;
  writer.BeginObject();
  writer.Key("a").Unsigned(1);
  writer.Key("b").BeginArray().String("x").Null().BeginObject().EndObject().EndArray();
  writer.Key("c").BeginObject().Key("d").Bool(true).Key("e").Bool(false).EndObject();
  writer.Key("f").BeginArray().EndArray();
  writer.EndObject();
  EXPECT_EQ(writer.text(), R"({"a":1,"b":["x",null,{}],"c":{"d":true,"e":false},"f":[]})");
}

TEST(JsonWriterTest, WritesTheWholeRangeOfNumbers) {
  JsonWriter writer;
  writer.BeginArray();
  writer.Unsigned(0).Unsigned(std::numeric_limits<std::uint64_t>::max());
  writer.Signed(std::numeric_limits<std::int64_t>::min()).Signed(-1);
  writer.EndArray();
  EXPECT_EQ(writer.text(), "[0,18446744073709551615,-9223372036854775808,-1]");
}

TEST(JsonWriterTest, TakeLeavesAWriterForTheNextDocument) {
  JsonWriter writer;
  EXPECT_EQ(writer.Unsigned(1).Take(), "1");
  EXPECT_EQ(writer.Unsigned(2).Take(), "2");
}

TEST(JsonWriterTest, QuotesAndControlCharactersHaveTheirShortForms) {
  EXPECT_EQ(Quoted("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
}

TEST(JsonWriterTest, OtherControlCharactersAreNumbers) {
  EXPECT_EQ(Quoted(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(Quoted("\u009b"), R"("\u009b")");
}

TEST(JsonWriterTest, MarkupIsEscaped) {
  EXPECT_EQ(Quoted("<script>&'/"), R"("\u003cscript\u003e\u0026'/")");
}

TEST(JsonWriterTest, LineSeparatorsAndOverridesAreEscaped) {
  EXPECT_EQ(Quoted("\u2028\u2029\u202e\ufeff"), R"("\u2028\u2029\u202e\ufeff")");
}

TEST(JsonWriterTest, InvisibleCharactersBeyondTheFirstPlaneAreSurrogatePairs) {
  EXPECT_EQ(Quoted("\U000e0041"), R"("\udb40\udc41")");
}

TEST(JsonWriterTest, InvalidUtf8IsReplaced) {
  EXPECT_EQ(Quoted("a\xff\xc3(\xe2\x82"), "\"a\ufffd\ufffd(\ufffd\"");
}

TEST(JsonWriterTest, TextOfAnyLanguageStaysAsItIs) {
  EXPECT_EQ(Quoted("J\u00fcrgen \u4e2d\u6587 \U0001f600"),
            "\"J\u00fcrgen \u4e2d\u6587 \U0001f600\"");
}

TEST(JsonWriterTest, KeysAreEscapedToo) {
  JsonWriter writer;
  writer.BeginObject().Key("a\"\n").Null().EndObject();
  EXPECT_EQ(writer.text(), R"({"a\"\n":null})");
}

TEST(JsonWriterTest, ValidTextComesBackThroughAParser) {
  std::mt19937_64 random(4);
  simdjson::dom::parser parser;
  for (int round = 0; round < 2'000; ++round) {
    std::string text;
    for (std::uint64_t i = random() % 20; i > 0; --i) {
      const char32_t limit = random() % 2 == 0 ? 0x100 : 0x11000;
      const auto code_point = static_cast<char32_t>(random() % limit);
      if (code_point < 0xd800 || code_point > 0xdfff) {
        AppendUtf8(text, code_point);
      }
    }
    const std::string json = "[" + Quoted(text) + "]";
    std::string_view parsed;
    ASSERT_EQ(parser.parse(json).at(0).get(parsed), simdjson::SUCCESS) << json;
    ASSERT_EQ(parsed, text);
  }
}

TEST(JsonWriterTest, RandomBytesGiveAsciiSafeValidJson) {
  std::mt19937_64 random(5);
  simdjson::dom::parser parser;
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 256);
    }
    const std::string json = "[" + Quoted(bytes) + "]";
    ASSERT_EQ(parser.parse(json).error(), simdjson::SUCCESS) << json;
    ASSERT_EQ(json.find_first_of("<>&\n\x1b"), std::string::npos) << json;
  }
}

}  // namespace
}  // namespace hark
