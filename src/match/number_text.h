#pragma once

#include <charconv>
#include <string>

namespace hark::match {

// A number as it is compared with what a rule says: the shortest text that reads as it.
template <typename Number>
std::string NumberText(Number number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, result.ptr);
}

}  // namespace hark::match
