#include "alert/layout.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

namespace hark::alert {
namespace {

constexpr std::string_view kEllipsis = "\u2026";
constexpr std::string_view kResetStyle = "\x1b[0m";
constexpr std::string_view kGap = "  ";
constexpr std::size_t kMaxLines = 3;

// Bytes of the longest prefix that takes at most `width` columns.
std::size_t PrefixOfWidth(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const Utf8Character character = DecodeUtf8(text.substr(bytes));
    used += TerminalWidthOf(character.code_point);
    if (used > width) {
      break;
    }
    bytes += character.length;
  }
  return bytes;
}

// Where to break a text of which the first `fitting` bytes fit in a line: the end of the line, and
// where the next one begins.
std::pair<std::size_t, std::size_t> BreakAt(std::string_view text, std::size_t fitting) {
  const std::size_t blank = text.rfind(' ', fitting);
  if (blank != std::string_view::npos && blank > 0) {
    return {blank, blank + 1};
  }
  const std::size_t mark = text.substr(0, fitting).find_last_of(":/-.,@");
  if (mark != std::string_view::npos && mark > 0) {
    return {mark + 1, mark + 1};
  }
  return {fitting, fitting};
}

void AppendPadding(std::string& out, std::size_t width, std::string_view text) {
  const std::size_t used = TerminalWidth(text);
  out.append(width > used ? width - used : 0, ' ');
}

void AppendCell(std::string& out, const Column& column, std::string_view text,
                std::string_view style) {
  if (column.fit == Column::Fit::kRight) {
    AppendPadding(out, column.width, text);
  }
  if (!style.empty() && !text.empty()) {
    out.append(style).append(text).append(kResetStyle);
  } else {
    out.append(text);
  }
  if (column.fit != Column::Fit::kRight) {
    AppendPadding(out, column.width, text);
  }
}

}  // namespace

std::string_view StyleOf(Severity level) {
  switch (level) {
    case Severity::kCritical:
      return "\x1b[1;31m";
    case Severity::kHigh:
      return "\x1b[31m";
    case Severity::kMedium:
      return "\x1b[33m";
    case Severity::kLow:
      return "\x1b[36m";
    case Severity::kInformational:
      break;
  }
  return "\x1b[2m";
}

std::string LevelText(Severity level) {
  return level == Severity::kInformational ? "info" : std::string(SeverityName(level));
}

std::vector<std::string> WrapText(std::string_view text, std::size_t width, std::size_t max_lines) {
  std::vector<std::string> lines;
  while (TerminalWidth(text) > width) {
    if (lines.size() + 1 == max_lines) {
      lines.emplace_back(text.substr(0, PrefixOfWidth(text, width - 1)));
      lines.back().append(kEllipsis);
      return lines;
    }
    const auto [end, next] = BreakAt(text, PrefixOfWidth(text, width));
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  lines.emplace_back(text);
  return lines;
}

std::string LayOutRow(const std::vector<Column>& columns, const std::vector<Cell>& cells) {
  std::vector<std::vector<std::string>> lines_of_cells;
  std::size_t height = 1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    lines_of_cells.push_back(columns[i].fit == Column::Fit::kWrap
                                 ? WrapText(cells[i].text, columns[i].width, kMaxLines)
                                 : std::vector<std::string>{cells[i].text});
    height = std::max(height, lines_of_cells.back().size());
  }
  std::string out;
  for (std::size_t line = 0; line < height; ++line) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool has_line = line < lines_of_cells[i].size();
      AppendCell(out, columns[i], has_line ? lines_of_cells[i][line] : "", cells[i].style);
      out.append(kGap);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out.push_back('\n');
  }
  return out;
}

std::string LayOutTitles(const std::vector<Column>& columns, bool color) {
  std::vector<Cell> titles;
  titles.reserve(columns.size());
  for (const Column& column : columns) {
    titles.push_back({.text = std::string(column.title), .style = color ? kBold : ""});
  }
  return LayOutRow(columns, titles);
}

}  // namespace hark::alert
