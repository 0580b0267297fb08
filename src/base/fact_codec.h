#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "hark/fact.h"

#include "base/codec.h"

namespace hark {

// Facts and their parts as bytes: the same form in the fact log and in a snapshot. Equal values
// give equal bytes. Decoding damaged bytes gives some value and a reader that is not ok().
void EncodeFact(const Fact& fact, ByteWriter& writer);
Fact DecodeFact(ByteReader& reader);
void EncodeEvidence(const Evidence& evidence, ByteWriter& writer);
Evidence DecodeEvidence(ByteReader& reader);
void EncodeMatchedField(const MatchedField& matched, ByteWriter& writer);
MatchedField DecodeMatchedField(ByteReader& reader);
void EncodeGroupValue(const GroupValue& value, ByteWriter& writer);
GroupValue DecodeGroupValue(ByteReader& reader);
void EncodeText(const std::string& text, ByteWriter& writer);
std::string DecodeText(ByteReader& reader);

// The fewest bytes that one of them takes: a count of more than fit is damage.
inline constexpr std::size_t kMinFactBytes = 2 * sizeof(Hash128) + 27;
inline constexpr std::size_t kMinMatchedFieldBytes = 2;
// Memory is taken at once for so many at most: the count may be damaged.
inline constexpr std::size_t kMostReserved = 1024;

template <typename T, typename EncodeOne>
void EncodeList(const std::vector<T>& list, ByteWriter& writer, EncodeOne encode_one) {
  writer.Unsigned(list.size());
  for (const T& item : list) {
    encode_one(item, writer);
  }
}

template <typename T, typename DecodeOne>
std::vector<T> DecodeList(ByteReader& reader, std::size_t min_bytes, DecodeOne decode_one) {
  const std::size_t count = reader.Count(min_bytes);
  std::vector<T> list;
  list.reserve(std::min(count, kMostReserved));
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    list.push_back(decode_one(reader));
  }
  return list;
}

// A number that has to fit into T, and for an enum, be at most its last value.
template <typename T>
T Number(ByteReader& reader, std::uint64_t max = std::numeric_limits<T>::max()) {
  const std::uint64_t value = reader.Unsigned();
  if (value > max) {
    reader.Fail();
    return T{};
  }
  return static_cast<T>(value);
}

template <typename Enum>
Enum Enumerator(ByteReader& reader, Enum last) {
  return static_cast<Enum>(Number<std::uint8_t>(reader, static_cast<std::uint64_t>(last)));
}

}  // namespace hark
