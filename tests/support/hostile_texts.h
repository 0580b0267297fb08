#pragma once

#include <string>
#include <vector>

namespace hark::testing {

// What a client may put into a name to deceive whoever reads of it.
inline std::vector<std::string> HostileTexts() {
  return {
      "\x1b[2J\x1b]0;owned\x07\x1b[31mred",             // terminal escape sequences
      "\u009b31m\u0085",                                // the same as C1 controls
      "alice\n2026-11-23 18:04:22  critical  mallory",  // a forged row
      "alice\r\t\b\b\b\b\bmallory",                     // overwrites what stands before
      "\u202eecila\u202c\u2066x\u2069",                 // bidirectional overrides
      "al\u200bi\u00adce\ufeff",                        // invisible characters
      "<script>alert('&')</script>",                    // HTML
      "\",\"level\":\"informational\",\"x\":\"\\",      // JSON
      std::string("nul\0nul", 7),
      "\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80",  // invalid UTF-8
      "{total} {actor.name} {",                        // placeholders of templates
      "\u0633\u0644\u0627\u0645 \u4e2d\u6587 \U0001f600 e\u0301",
      std::string(5'000, 'x'),
      std::string(3'999, '\xe2'),
      " ",
      "",
  };
}

}  // namespace hark::testing
