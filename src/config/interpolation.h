#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/surroundings.h"

namespace hark::config {

// The text of a scalar with what it refers to put in.
//
//   text      = { character | "$${" | reference }        "$${" stands for "${"
//   reference = "${" name "}" | "${" name ":-" default "}" | "${file:" path "}"
//   name      = ( letter | "_" ) { letter | digit | "_" }
//
// As in a shell the default is for a variable that is not set or is empty. A default and a path
// go to the next "}" and refer to nothing themselves. What is put in is text: it is not looked at
// for references, and it is put in after YAML was read, so it cannot be more than a scalar.
struct Interpolated {
  struct Problem {
    std::size_t offset = 0;  // in the text that was given
    std::string message;
  };
  std::string text;
  bool secret = false;            // something of it comes from a file
  std::vector<Problem> problems;  // if there are any, the text is not complete
};

// A relative path is relative to `folder`, unless that is empty. The result has at most 1 MiB.
Interpolated Interpolate(std::string_view text, const std::string& folder,
                         const Surroundings& surroundings);

// `path`, made relative to `folder` unless it is absolute or one of the two is empty.
std::string ResolvePath(const std::string& folder, std::string_view path);

}  // namespace hark::config
