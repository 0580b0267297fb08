#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hark/fact.h"

namespace hark {

// The longest prefix of at most `max_bytes` that does not cut a UTF-8 character.
std::string_view CutUtf8(std::string_view text, std::size_t max_bytes);

// A key value as state keeps it: itself up to 256 bytes, else its first 200 bytes (at a character)
// and "#" with the 32 hex digits of its 128-bit hash, so that long values stay distinct.
std::string KeyValue(std::string_view value);

// The group key in canonical form: cluster, then each value, length-prefixed, null told from "".
std::string GroupKey(std::string_view cluster, const std::vector<GroupValue>& group);

// For a terminal: control characters (C0, DEL, C1), bidirectional overrides and other invisible
// format characters become \n, \x1b, \u202e; invalid UTF-8 becomes U+FFFD.
std::string EscapeForTerminal(std::string_view text);

// Columns that a string takes on a terminal, East Asian wide characters as two and common
// combining marks as none. The text is one that EscapeForTerminal returns.
std::size_t TerminalWidth(std::string_view text);
std::size_t TerminalWidthOf(char32_t code_point);

}  // namespace hark
