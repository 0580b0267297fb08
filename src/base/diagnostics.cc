#include "base/diagnostics.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/text.h"

namespace hark {
namespace {

// The lines of files, split when first asked for: a file may have as many diagnostics as lines.
class Lines {
 public:
  explicit Lines(const std::vector<TextFile>& files) : files_(files) {}

  // Without its end; empty if there is no such line.
  std::string_view At(const Location& location) {
    const auto [entry, is_new] = lines_.try_emplace(location.file);
    if (is_new) {
      entry->second = Split(location.file);
    }
    const auto index = static_cast<std::size_t>(location.line) - 1;
    return location.line > 0 && index < entry->second.size() ? entry->second[index]
                                                             : std::string_view();
  }

 private:
  std::vector<std::string_view> Split(std::string_view path) const {
    const auto file = std::find_if(files_.begin(), files_.end(), [path](const TextFile& candidate) {
      return candidate.path == path;
    });
    std::vector<std::string_view> lines;
    if (file == files_.end()) {
      return lines;
    }
    std::string_view rest = file->content;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      lines.push_back(line);
    }
    return lines;
  }

  const std::vector<TextFile>& files_;
  std::map<std::string, std::vector<std::string_view>> lines_;
};

// A line of a file, safe to show on a terminal. Its tabs stay tabs.
std::string Shown(std::string_view line) {
  std::string shown;
  while (true) {
    const std::size_t tab = line.find('\t');
    shown += EscapeForTerminal(line.substr(0, tab));
    if (tab == std::string_view::npos) {
      return shown;
    }
    shown.push_back('\t');
    line.remove_prefix(tab + 1);
  }
}

// The white space that puts a caret below byte `column` of `line`: tabs stay tabs.
std::string Indent(std::string_view line, int column) {
  std::string_view before = line.substr(0, static_cast<std::size_t>(std::max(column, 1)) - 1);
  std::string indent;
  while (true) {
    const std::size_t tab = before.find('\t');
    indent.append(TerminalWidth(EscapeForTerminal(before.substr(0, tab))), ' ');
    if (tab == std::string_view::npos) {
      return indent;
    }
    indent.push_back('\t');
    before.remove_prefix(tab + 1);
  }
}

}  // namespace

void Diagnostics::Error(const Location& location, std::string message) {
  Add({Diagnostic::Kind::kError, location, std::move(message)});
}

void Diagnostics::Warning(const Location& location, std::string message) {
  Add({Diagnostic::Kind::kWarning, location, std::move(message)});
}

void Diagnostics::Add(const Diagnostic& diagnostic) {
  errors_ += diagnostic.kind == Diagnostic::Kind::kError ? 1 : 0;
  all_.push_back(diagnostic);
}

std::string Diagnostics::Format(const std::vector<TextFile>& files) const {
  std::vector<const Diagnostic*> sorted;
  sorted.reserve(all_.size());
  for (const Diagnostic& diagnostic : all_) {
    sorted.push_back(&diagnostic);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::tie(a->location.file, a->location.line, a->location.column) <
           std::tie(b->location.file, b->location.line, b->location.column);
  });
  Lines lines(files);
  std::string text;
  for (const Diagnostic* diagnostic : sorted) {
    const Location& location = diagnostic->location;
    text += EscapeForTerminal(location.file);
    if (location.line > 0) {
      absl::StrAppendFormat(&text, ":%d:%d", location.line, location.column);
    }
    absl::StrAppendFormat(&text, ": %s: %s\n",
                          diagnostic->kind == Diagnostic::Kind::kError ? "error" : "warning",
                          EscapeForTerminal(diagnostic->message));
    const std::string_view line = lines.At(location);
    if (diagnostic->shows_line && !line.empty()) {
      absl::StrAppendFormat(&text, "  %s\n  %s^\n", Shown(line), Indent(line, location.column));
    }
  }
  return text;
}

}  // namespace hark
