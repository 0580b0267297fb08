#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// The prefixes that log shippers put before a message.
namespace hark::parse {

// The bytes of "2026-11-23T18:04:22.921545Z " at the start of a text; 0 if it starts otherwise. The
// time is not judged beyond its shape.
std::size_t TimePrefix(std::string_view text);

// A line of a container's log as container runtimes write it (CRI):
//
//   line = time " " ("stdout" | "stderr") " " tags " " content
//   tags = ("P" | "F") { ":" tag }        P: the next line goes on with it; F: it ends here
struct CriLine {
  std::string_view content;
  bool is_partial = false;
};

// False if it is none. REQUIRES: no line feed in `line`.
bool ParseCriLine(std::string_view line, CriLine& parsed);

// Joins the message that begins with the CRI line at the start of `text`: all lines up to the first
// that is not partial. Returns the bytes of the lines, their line feeds included, and 0 if the
// first line is none. The message goes on behind the text if its last line is partial.
std::size_t JoinCriLines(std::string_view text, std::string& message);

}  // namespace hark::parse
