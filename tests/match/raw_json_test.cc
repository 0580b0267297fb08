#include "match/raw_json.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/event_json.h"

namespace hark::match {
namespace {

using ::hark::testing::PaddedText;
using rules::FieldValue;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Described(const FieldValue& value) {
  switch (value.kind) {
    case FieldValue::Kind::kNull:
      return "null";
    case FieldValue::Kind::kText:
      return "'" + std::string(value.text) + "'";
    case FieldValue::Kind::kNumber:
    case FieldValue::Kind::kBool:
      break;
  }
  return std::string(value.text);
}

// The values at a path: texts in quotes.
std::vector<std::string> ReadFrom(RawJsonReader& reader, std::string_view path) {
  std::vector<FieldValue> values;
  reader.Read(path, values);
  std::vector<std::string> described;
  described.reserve(values.size());
  for (const FieldValue& value : values) {
    described.push_back(Described(value));
  }
  return described;
}

std::vector<std::string> Read(std::string_view json, std::string_view path) {
  const PaddedText text(json);
  RawJsonReader reader;
  reader.Start(text.view());
  return ReadFrom(reader, path);
}

bool Exists(std::string_view json, std::string_view path) {
  const PaddedText text(json);
  RawJsonReader reader;
  reader.Start(text.view());
  return reader.Exists(path);
}

TEST(RawJsonTest, EveryKindOfValueIsRead) {
  const std::string_view json =
      R"({"a":{"t":"x","n":-12,"u":18446744073709551615,"d":1.5,"b":true,"z":null,"o":{},"e":""}})";
  EXPECT_THAT(Read(json, "a.t"), ElementsAre("'x'"));
  EXPECT_THAT(Read(json, "a.n"), ElementsAre("-12"));
  EXPECT_THAT(Read(json, "a.u"), ElementsAre("18446744073709551615"));
  EXPECT_THAT(Read(json, "a.d"), ElementsAre("1.5"));
  EXPECT_THAT(Read(json, "a.b"), ElementsAre("true"));
  EXPECT_THAT(Read(json, "a.z"), ElementsAre("null"));
  EXPECT_THAT(Read(json, "a.o"), ElementsAre("'{}'"));
  EXPECT_THAT(Read(json, "a.e"), ElementsAre("''"));
}

TEST(RawJsonTest, APathThatLeadsNowhereHasNoValue) {
  const std::string_view json = R"({"a":{"b":1},"s":"x"})";
  for (const char* const path : {"b", "a.c", "a.b.c", "s.x", ".", ".a", "a..b"}) {
    EXPECT_THAT(Read(json, path), IsEmpty()) << path;
    EXPECT_FALSE(Exists(json, path)) << path;
  }
}

TEST(RawJsonTest, NullIsThere) {
  EXPECT_TRUE(Exists(R"({"a":null})", "a"));
}

TEST(RawJsonTest, ALiteralKeyWithDotsIsFound) {
  const std::string_view json = R"({"annotations":{"authorization.k8s.io/reason":"r"}})";
  EXPECT_THAT(Read(json, "annotations.authorization.k8s.io/reason"), ElementsAre("'r'"));
}

TEST(RawJsonTest, TheLongestLiteralKeyWins) {
  const std::string_view json = R"({"a":{"b":{"c":1}},"a.b":{"c":2},"a.b.c":3})";
  EXPECT_THAT(Read(json, "a.b.c"), ElementsAre("3"));
}

TEST(RawJsonTest, ALongKeyThatLeadsNowhereYieldsToAShorterOne) {
  EXPECT_THAT(Read(R"({"a.b":{"x":1},"a":{"b":{"c":2}}})", "a.b.c"), ElementsAre("2"));
}

TEST(RawJsonTest, DottedKeysAreTriedAtEveryLevel) {
  EXPECT_THAT(Read(R"({"m":{"labels":{"app.io/x":{"y.z":1}}}})", "m.labels.app.io/x.y.z"),
              ElementsAre("1"));
}

TEST(RawJsonTest, EveryMemberOfAListIsAValue) {
  EXPECT_THAT(Read(R"({"a":[1,"x",null,[2,[3]],true]})", "a"),
              ElementsAre("1", "'x'", "null", "2", "3", "true"));
}

TEST(RawJsonTest, APathGoesOnInEveryMemberOfAList) {
  const std::string_view json =
      R"({"spec":{"containers":[{"image":"a"},{"name":"n"},5,{"image":["b","c"]}]}})";
  EXPECT_THAT(Read(json, "spec.containers.image"), ElementsAre("'a'", "'b'", "'c'"));
}

TEST(RawJsonTest, TheTextMayBeAListItself) {
  EXPECT_THAT(Read(R"([{"op":"add"},{"op":"remove"}])", "op"), ElementsAre("'add'", "'remove'"));
}

TEST(RawJsonTest, AnEmptyListIsThereWithoutAValue) {
  EXPECT_THAT(Read(R"({"a":[]})", "a"), IsEmpty());
  EXPECT_TRUE(Exists(R"({"a":[]})", "a"));
  EXPECT_FALSE(Exists(R"({"a":[]})", "a.b"));
}

TEST(RawJsonTest, TheLastOfDuplicateKeysWins) {
  EXPECT_THAT(Read(R"({"a":1,"a":2,"x":0})", "a"), ElementsAre("2"));
  EXPECT_THAT(Read(R"({"a":{"b":1},"a":{"b":2,"b":3}})", "a.b"), ElementsAre("3"));
  EXPECT_THAT(Read(R"({"a":{"b":1},"a":5})", "a.b"), IsEmpty());
}

TEST(RawJsonTest, AnObjectOfAnEventIsPutOverTheOneBefore) {
  EXPECT_THAT(Read(R"({"a":{"b":1,"c":{"x":1}},"a":{"c":{"y":2}}})", "a.b"), ElementsAre("1"));
  EXPECT_THAT(Read(R"({"a":{"b":1,"c":{"x":1}},"a":{"c":{"y":2}}})", "a.c.x"), ElementsAre("1"));
  EXPECT_THAT(Read(R"({"a":{"b":1},"a":null})", "a.b"), IsEmpty());
  EXPECT_THAT(Read(R"({"a":{"b":1},"a":null,"a":{"c":1}})", "a.b"), IsEmpty());
}

TEST(RawJsonTest, ABodyIsReplacedByTheNext) {
  for (const char* const body : {"requestObject", "responseObject"}) {
    const std::string key = '"' + std::string(body) + "\":";
    EXPECT_THAT(
        Read(absl::StrCat("{", key, R"({"b":1},)", key, R"({"c":2}})"), std::string(body) + ".b"),
        IsEmpty());
    EXPECT_THAT(
        Read("{" + key + R"({"spec":{"b":1},"spec":{"c":2}}})", std::string(body) + ".spec.b"),
        IsEmpty());
  }
}

TEST(RawJsonTest, KeysAreComparedUnescaped) {
  EXPECT_THAT(Read(R"({"\u0061":1})", "a"), ElementsAre("1"));
  EXPECT_THAT(Read(R"({"a":1,"\u0061":2})", "a"), ElementsAre("2"));
  EXPECT_THAT(Read(R"({"a\u002eb":1})", "a.b"), ElementsAre("1"));
}

TEST(RawJsonTest, ManyNumbersKeepTheirTexts) {
  std::string json = R"({"a":[0)";
  for (int i = 1; i < 500; ++i) {
    json += "," + std::to_string(i);
  }
  const std::vector<std::string> values = Read(json + "]}", "a");
  ASSERT_EQ(values.size(), 500);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i], std::to_string(i));
  }
}

TEST(RawJsonTest, ANumberOfAnySizeHidesNothing) {
  const std::string big(400, '9');
  const std::string json = R"({"x":[1e999,-1E+999,)" + big + R"(,"1e5"],"a":{"b":true,"n":-7}})";
  EXPECT_THAT(Read(json, "a.b"), ElementsAre("true"));
  EXPECT_THAT(Read(json, "a.n"), ElementsAre("'-7'"));
  EXPECT_THAT(Read(json, "x"), ElementsAre("'1e999'", "'-1E+999'", "'" + big + "'", "'1e5'"));
}

TEST(RawJsonTest, HalfASurrogatePairHidesNothing) {
  for (const char* const half : {R"(\ud800)", R"(\udc00)", R"(\uDBFFx)", R"(\ud800\u0041)",
                                 R"(\ud800\ud800)", R"(\\\ud800\n)"}) {
    const std::string json = std::string(R"({"x":")") + half + R"(","a":{"b":"\ud83d\ude00\"7"}})";
    EXPECT_THAT(Read(json, "a.b"), ElementsAre("'\U0001f600\"7'")) << half;
  }
  EXPECT_THAT(Read(R"({"x":"a\ud800\ud800b"})", "x"), ElementsAre("'a\ufffd\ufffdb'"));
  EXPECT_THAT(Read(R"({"\udfff":1,"a":2})", "a"), ElementsAre("'2'"));
}

TEST(RawJsonTest, DeepNestingHidesNothing) {
  const std::string deep = std::string(9'990, '[') + std::string(9'990, ']');
  EXPECT_THAT(Read("{\"x\":" + deep + R"(,"a":{"b":1}})", "a.b"), ElementsAre("1"));
}

TEST(RawJsonTest, ListsInListsAreFollowedToABound) {
  const auto nested = [](std::size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + "1" + std::string(depth, ']') + "}";
  };
  EXPECT_THAT(Read(nested(64), "a"), ElementsAre("1"));
  EXPECT_THAT(Read(nested(65), "a"), IsEmpty());
}

TEST(RawJsonTest, ATextThatIsNoJsonHasNothing) {
  for (const char* const json : {"", "{", R"({"a":1)", R"({"a":"\ud800)", R"({"a":tru})", "\\",
                                 R"({"a":"\)", R"({"a":1e999)"}) {
    EXPECT_THAT(Read(json, "a"), IsEmpty()) << json;
    EXPECT_FALSE(Exists(json, "a")) << json;
  }
}

// A text over 1 MiB is read in another way, which must make no difference.
std::string Enlarged(std::string text) {
  text.pop_back();
  return text + R"(,"filler":")" + std::string(1'100'000, 'x') + "\"}";
}

TEST(RawJsonTest, ALargeTextIsReadAsASmallOneIs) {
  const std::vector<std::string> texts = {
      R"({"a":{"t":"x\n\ud83d\ude00","n":-12,"u":18446744073709551615,"d":1.50,"b":true}})",
      R"({"a":{"z":null,"o":{},"e":""},"a.b":{"c":2},"a.b.c":3})",
      R"({"a.b":{"x":1},"a":{"b":{"c":2}}})",
      R"({"a":[1,"x",null,[2,[3]],true,{"b":4},[{"b":5}]],"b":[]})",
      R"({"a":{"b":1,"c":{"x":1}},"a":{"c":{"y":2}}, "\u0061" : {"n":7}})",
      R"({"a":{"b":1},"a":null,"a":{"c":1}})",
      R"({"requestObject":{"a":{"b":1}},"requestObject":{"a":{"c":[{"b":2},3]}}})",
      R"({"":{"":1},"a.":2,".":3})",
      "{\"a\":" + std::string(64, '[') + "1" + std::string(64, ']') + "}",
      "{\"a\":" + std::string(65, '[') + "1" + std::string(65, ']') + "}"};
  for (const std::string& text : texts) {
    const PaddedText large(Enlarged(text));
    RawJsonReader reader;
    reader.Start(large.view());
    for (const char* const path : {"a",
                                   "a.t",
                                   "a.n",
                                   "a.u",
                                   "a.d",
                                   "a.b",
                                   "a.z",
                                   "a.o",
                                   "a.e",
                                   "a.b.c",
                                   "a.c.x",
                                   "a.c.y",
                                   "a.c",
                                   "b",
                                   "b.c",
                                   "requestObject.a.b",
                                   "requestObject.a.c.b",
                                   ".",
                                   "a.",
                                   "a..b",
                                   "x"}) {
      EXPECT_EQ(ReadFrom(reader, path), Read(text, path)) << text << " " << path;
      EXPECT_EQ(reader.Exists(path), Exists(text, path)) << text << " " << path;
    }
  }
}

TEST(RawJsonTest, WhatHidesNothingInASmallTextHidesNothingInALargeOne) {
  const std::string large = Enlarged(R"({"a":1e999,"b":7,"c":"\ud800","d":"\x","e":"\u0062"})");
  EXPECT_THAT(Read(large, "a"), ElementsAre("'1e999'"));
  EXPECT_THAT(Read(large, "b"), ElementsAre("7"));
  EXPECT_THAT(Read(large, "c"), ElementsAre("'\ufffd'"));
  EXPECT_THAT(Read(large, "d"), IsEmpty());
  EXPECT_THAT(Read(large, "e"), ElementsAre("'b'"));
}

TEST(RawJsonTest, AReaderIsUsedForOneTextAfterAnother) {
  const PaddedText first(R"({"a":[1,2,3],"b":"x"})");
  const PaddedText second(R"({"b":"y"})");
  RawJsonReader reader;
  std::vector<FieldValue> values;
  reader.Start(first.view());
  reader.Read("a", values);
  reader.Start(second.view());
  values.clear();
  reader.Read("a", values);
  EXPECT_THAT(values, IsEmpty());
  reader.Read("b", values);
  ASSERT_EQ(values.size(), 1);
  EXPECT_EQ(values.front().text, "y");
}

}  // namespace
}  // namespace hark::match
