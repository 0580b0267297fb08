#include "base/hash128.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hark {
namespace {

// The definition, spelled out: the lengths and parts in one buffer, hashed at once.
Hash128 HashOfWhole(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      whole.push_back(static_cast<char>((part.size() >> shift) & 0xff));
    }
    whole += part;
  }
  const std::vector<unsigned char> bytes(whole.begin(), whole.end());
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  Hash128 hash{};
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

TEST(Hash128Test, NoPartsGiveTheHashOfNothing) {
  EXPECT_EQ(ToHex(HashParts({})), "e3b0c44298fc1c149afbf4c8996fb924");
}

TEST(Hash128Test, PartsAreHashedWithTheirLengths) {
  EXPECT_EQ(HashParts({"ab", "c", ""}), HashOfWhole({"ab", "c", ""}));
}

TEST(Hash128Test, ACutInAnotherPlaceIsAnotherHash) {
  EXPECT_NE(HashParts({"ab", "c"}), HashParts({"a", "bc"}));
}

TEST(Hash128Test, AnEmptyPartCounts) {
  EXPECT_NE(HashParts({"a"}), HashParts({"a", ""}));
}

TEST(Hash128Test, LongPartsAreHashedWhole) {
  const std::string a(10'000, 'a');
  const std::string b(300'000, 'b');
  EXPECT_EQ(HashParts({a, b}), HashOfWhole({a, b}));
}

TEST(Sha256StreamTest, PiecesAreHashedAsOneText) {
  Sha256Stream stream;
  for (const std::string& text : {std::string("abc"), std::string(300'000, 'x'), std::string()}) {
    stream.Reset();
    stream.Add(std::string_view(text).substr(0, text.size() / 3));
    stream.Add(std::string_view(text).substr(text.size() / 3));
    EXPECT_EQ(stream.Hex(), Sha256Hex(text));
  }
}

TEST(Hash128Test, ThreadsGetTheSameHash) {
  const Hash128 expected = HashParts({"one", "two"});
  std::array<Hash128, 4> hashes{};
  std::vector<std::thread> threads;
  threads.reserve(hashes.size());
  for (Hash128& hash : hashes) {
    threads.emplace_back([&hash] {
      for (int i = 0; i < 100; ++i) {
        hash = HashParts({"one", "two"});
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(hashes, ::testing::Each(expected));
}

TEST(Hash128Test, HexHasTwoLowerCaseDigitsForEachByte) {
  EXPECT_EQ(ToHex({0x00, 0x0f, 0xf0, 0xab}), "000ff0ab000000000000000000000000");
}

TEST(Hash128Test, TheTableHashDiffersInTheFirstBytes) {
  const Hash128Hasher hasher;
  EXPECT_NE(hasher(HashParts({"a"})), hasher(HashParts({"b"})));
}

}  // namespace
}  // namespace hark
