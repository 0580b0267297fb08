#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hark {

// Parses "64MiB": a number with a unit of 1024 (KiB, MiB, GiB, TiB) or of 1000 (KB, MB, GB, TB),
// with B, or bare, in bytes. nullopt for anything else, and for 2^63 bytes or more.
std::optional<std::int64_t> ParseByteSize(std::string_view text);

// "64MiB", "1536KiB", "1000B": in the largest unit of 1024 that divides it. Parses back to the
// same. REQUIRES: bytes >= 0.
std::string FormatByteSize(std::int64_t bytes);

}  // namespace hark
