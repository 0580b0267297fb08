#include "base/codec.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

using ::testing::Eq;
using ::testing::Optional;

std::string Encode(std::uint64_t value) {
  ByteWriter writer;
  writer.Unsigned(value);
  return writer.Take();
}

std::string EncodeSigned(std::int64_t value) {
  ByteWriter writer;
  writer.Signed(value);
  return writer.Take();
}

// Is reading an unsigned number from the bytes damage?
bool RefusesUnsigned(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t value = reader.Unsigned();
  return !reader.ok() && value == 0;
}

TEST(CodecTest, UnsignedNumbersAreLeb128) {
  EXPECT_EQ(Encode(0), std::string("\0", 1));
  EXPECT_EQ(Encode(127), "\x7f");
  EXPECT_EQ(Encode(128), "\x80\x01");
  EXPECT_EQ(Encode(300), "\xac\x02");
  EXPECT_EQ(Encode(std::numeric_limits<std::uint64_t>::max()),
            "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(CodecTest, SignedNumbersCloseToZeroAreShort) {
  EXPECT_EQ(EncodeSigned(0), std::string("\0", 1));
  EXPECT_EQ(EncodeSigned(-1), "\x01");
  EXPECT_EQ(EncodeSigned(1), "\x02");
  EXPECT_EQ(EncodeSigned(-64), "\x7f");
}

TEST(CodecTest, EveryPowerOfTwoAndItsNeighboursComeBack) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {power - 1, power, power + 1}) {
      const std::string bytes = Encode(value);
      ByteReader reader(bytes);
      EXPECT_EQ(reader.Unsigned(), value);
      EXPECT_TRUE(reader.ok() && reader.at_end()) << value;

      const auto number = static_cast<std::int64_t>(value);
      const std::string signed_bytes = EncodeSigned(number);
      ByteReader signed_reader(signed_bytes);
      EXPECT_EQ(signed_reader.Signed(), number);
      EXPECT_TRUE(signed_reader.ok() && signed_reader.at_end()) << number;
    }
  }
}

TEST(CodecTest, EveryKindOfValueComesBackInOrder) {
  const Hash128 hash = {1, 2, 3, 255};
  ByteWriter writer;
  writer.Bool(true);
  writer.Text(std::string_view("a\0b", 3));
  writer.OptionalText(std::nullopt);
  writer.OptionalText("");
  writer.Hash(hash);
  writer.Bool(false);

  ByteReader reader(writer.bytes());
  EXPECT_TRUE(reader.Bool());
  EXPECT_EQ(reader.Text(), std::string("a\0b", 3));
  EXPECT_EQ(reader.OptionalText(), std::nullopt);
  EXPECT_THAT(reader.OptionalText(), Optional(Eq("")));
  EXPECT_EQ(reader.Hash(), hash);
  EXPECT_FALSE(reader.Bool());
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.at_end());
}

TEST(CodecTest, TakeLeavesAnEmptyWriter) {
  ByteWriter writer;
  writer.Text("x");
  EXPECT_EQ(writer.Take(), "\x01x");
  EXPECT_EQ(writer.bytes(), "");
}

TEST(CodecTest, RefusesANumberOfMoreThan64Bits) {
  EXPECT_TRUE(RefusesUnsigned("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  EXPECT_TRUE(RefusesUnsigned("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
}

TEST(CodecTest, RefusesASecondEncodingOfANumber) {
  EXPECT_TRUE(RefusesUnsigned(std::string_view("\x80\x00", 2)));
  EXPECT_TRUE(RefusesUnsigned(std::string_view("\xff\x80\x00", 3)));
}

TEST(CodecTest, RefusesANumberThatIsCutOff) {
  EXPECT_TRUE(RefusesUnsigned(""));
  EXPECT_TRUE(RefusesUnsigned("\x80"));
}

TEST(CodecTest, RefusesABoolThatIsNeitherZeroNorOne) {
  ByteReader reader("\x02");
  EXPECT_FALSE(reader.Bool());
  EXPECT_FALSE(reader.ok());
}

TEST(CodecTest, RefusesATextThatIsLongerThanTheRest) {
  const std::string bytes = Encode(std::numeric_limits<std::uint64_t>::max()) + "abc";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Text(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(CodecTest, AnOptionalTextThatIsCutOffIsAbsent) {
  ByteReader reader(
      "\x01\x05"
      "ab");
  EXPECT_EQ(reader.OptionalText(), std::nullopt);
  EXPECT_FALSE(reader.ok());
}

TEST(CodecTest, RefusesACountOfThingsThatCannotAllBeThere) {
  const std::string bytes = Encode(4) + std::string(11, 'x');
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Count(3), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(CodecTest, TakesACountOfThingsThatJustFit) {
  const std::string bytes = Encode(4) + std::string(12, 'x');
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Count(3), 4U);
  EXPECT_TRUE(reader.ok());
}

TEST(CodecTest, ACountIsBoundedEvenForThingsOfNoBytes) {
  const std::string bytes = Encode(1'000'000'000) + "x";
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Count(0), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(CodecTest, AfterDamageEveryReadIsEmpty) {
  const std::string bytes = "\x02" + Encode(77);
  ByteReader reader(bytes);
  reader.Bool();
  EXPECT_EQ(reader.Unsigned(), 0U);
  EXPECT_EQ(reader.Signed(), 0);
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Hash(), Hash128{});
  EXPECT_EQ(reader.Count(), 0U);
  EXPECT_FALSE(reader.ok());
}

// A random sequence of values, written and read back by the same choices.
TEST(CodecTest, RandomSequencesComeBackAndEveryPrefixOfThemIsDamage) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> texts;
    ByteWriter writer;
    for (int i = 0; i < 5; ++i) {
      numbers.push_back(random() >> (random() % 64));
      texts.emplace_back(random() % 200, static_cast<char>(random() % 256));
      writer.Unsigned(numbers.back());
      writer.Text(texts.back());
    }
    const auto read_all = [&](std::string_view bytes) {
      ByteReader reader(bytes);
      for (std::size_t i = 0; i < numbers.size() && reader.ok(); ++i) {
        const bool same = reader.Unsigned() == numbers[i] && reader.Text() == texts[i];
        EXPECT_TRUE(same || !reader.ok());
      }
      return reader.ok() && reader.at_end();
    };
    EXPECT_TRUE(read_all(writer.bytes()));
    EXPECT_FALSE(
        read_all(std::string_view(writer.bytes()).substr(0, random() % writer.bytes().size())));
  }
}

TEST(CodecTest, RandomBytesNeverReadBeyondTheirEnd) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random() % 256);
    }
    ByteReader reader(bytes);
    for (int i = 0; i < 20 && reader.ok(); ++i) {
      const std::size_t before = reader.remaining();
      switch (random() % 6) {
        case 0:
          reader.Unsigned();
          break;
        case 1:
          reader.Signed();
          break;
        case 2:
          reader.Bool();
          break;
        case 3:
          EXPECT_LE(reader.Text().size(), before);
          break;
        case 4:
          reader.Hash();
          break;
        default:
          EXPECT_LE(reader.Count(), before);
          break;
      }
      EXPECT_LE(reader.remaining(), before);
    }
  }
}

TEST(CodecTest, FixedNumbersAreLittleEndian) {
  ByteWriter writer;
  writer.Fixed32(0x01020304);
  writer.Fixed64(0xf1f2f3f4f5f6f7f8);
  EXPECT_EQ(writer.bytes(), "\x04\x03\x02\x01\xf8\xf7\xf6\xf5\xf4\xf3\xf2\xf1");
  ByteReader reader(writer.bytes());
  EXPECT_EQ(reader.Fixed32(), 0x01020304U);
  EXPECT_EQ(reader.Fixed64(), 0xf1f2f3f4f5f6f7f8U);
  EXPECT_TRUE(reader.ok());
}

TEST(CodecTest, AFixedNumberThatIsCutOffIsDamage) {
  ByteReader reader("1234567");
  reader.Fixed64();
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace hark
