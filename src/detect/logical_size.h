#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hark/fact.h"

namespace hark::detect {

// What things count for in the state budget, in bytes. The numbers are those of a 64-bit GCC 12
// with glibc, within some 20 % of what such a process takes, and the same on every machine: where
// the budget cuts must not depend on a compiler or an allocator.

// Of a text in a list, without what it has on the heap.
constexpr std::uint64_t kTextBytes = 32;

// Each is what the thing has on the heap, without the object itself.
std::uint64_t HeapBytesOf(std::string_view text);
std::uint64_t HeapBytesOf(const std::vector<GroupValue>& group);
std::uint64_t HeapBytesOf(const std::vector<MatchedField>& matched);
std::uint64_t HeapBytesOf(const Evidence& evidence);

// A fact with all that belongs to it, as a node of an ordered map.
std::uint64_t BytesOf(const Fact& fact);

}  // namespace hark::detect
