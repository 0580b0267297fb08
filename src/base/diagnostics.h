#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hark {

// A file that people write, read.
struct TextFile {
  std::string path;  // as it is named in diagnostics
  std::string content;
};

// A place in a file. Lines and columns count from 1; 0 means the file as a whole.
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
};

struct Diagnostic {
  enum class Kind : std::uint8_t { kError, kWarning };
  Kind kind = Kind::kError;
  Location location;
  std::string message;
  bool shows_line = true;  // false where the line of the file may hold a secret
};

// Collects what is wrong with a set of files, so that a user sees all of it at once.
// Not thread-safe.
class Diagnostics {
 public:
  void Error(const Location& location, std::string message);
  void Warning(const Location& location, std::string message);
  void Add(const Diagnostic& diagnostic);

  bool has_errors() const { return errors_ > 0; }
  const std::vector<Diagnostic>& all() const { return all_; }

  // "file:line:column: error: message", and below it the line of the file with a caret, one
  // after the other sorted by place. The line is left out where `files` do not have it. What a
  // terminal would not show as it is gets escaped.
  std::string Format(const std::vector<TextFile>& files) const;

 private:
  std::vector<Diagnostic> all_;
  int errors_ = 0;
};

}  // namespace hark
