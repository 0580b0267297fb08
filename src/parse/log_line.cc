#include "parse/log_line.h"

#include <algorithm>

namespace hark::parse {
namespace {

// Removes the first word and the blank behind it.
std::string_view TakeWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

std::size_t TimePrefix(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  constexpr std::size_t kLongest = 40;
  if (text.size() <= kShape.size()) {
    return 0;
  }
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool fits = kShape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
    if (!fits) {
      return 0;
    }
  }
  const std::size_t end = text.substr(0, kLongest).find_first_of(" \t\r\n");
  return end == std::string_view::npos || text[end] != ' ' ? 0 : end + 1;
}

bool ParseCriLine(std::string_view line, CriLine& parsed) {
  const std::size_t prefix = TimePrefix(line);
  if (prefix == 0) {
    return false;
  }
  line.remove_prefix(prefix);
  const std::string_view stream = TakeWord(line);
  const std::string_view tags = TakeWord(line);
  const std::string_view first_tag = tags.substr(0, tags.find(':'));
  if ((stream != "stdout" && stream != "stderr") || (first_tag != "F" && first_tag != "P")) {
    return false;
  }
  parsed = {.content = line, .is_partial = first_tag == "P"};
  return true;
}

std::size_t JoinCriLines(std::string_view text, std::string& message) {
  message.clear();
  std::size_t used = 0;
  CriLine parsed{.content = {}, .is_partial = true};
  while (parsed.is_partial && used < text.size()) {
    std::string_view line = text.substr(used);
    line = line.substr(0, line.find('\n'));
    const std::size_t length = std::min(line.size() + 1, text.size() - used);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (!ParseCriLine(line, parsed)) {
      break;
    }
    message += parsed.content;
    used += length;
  }
  return used;
}

}  // namespace hark::parse
