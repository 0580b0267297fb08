#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hark/alert.h"

namespace hark::alert {

// How tables look. The caller knows the terminal and the environment (NO_COLOR).
struct TableOptions {
  bool color = false;
  int width = 120;  // columns; at least 72 are used
  // Each change of an alert has a row: it says which one, and When is the time of that change.
  bool shows_changes = false;
};

struct Column {
  enum class Fit {
    kLeft,   // padded; a longer cell pushes the rest of its row to the right
    kRight,  // the same, aligned to the right
    kWrap,   // broken into at most three lines, the last of which ends in an ellipsis if cut
  };
  std::string_view title;
  std::size_t width = 0;  // in columns of a terminal
  Fit fit = Fit::kLeft;
};

// A text of a table. What stands in it is shown as it is: it must be escaped already.
struct Cell {
  std::string text;
  std::string_view style;  // an SGR sequence, "\x1b[31m"; empty: none
};

// SGR sequences. They are used only where TableOptions::color is true.
constexpr std::string_view kBold = "\x1b[1m";
std::string_view StyleOf(Severity level);

// The level in at most eight columns: informational is "info".
std::string LevelText(Severity level);

// The rows of the cells, each with a line end, without blanks at the end of a line.
std::string LayOutRow(const std::vector<Column>& columns, const std::vector<Cell>& cells);
// The same for the titles of the columns.
std::string LayOutTitles(const std::vector<Column>& columns, bool color);

// The text in lines of at most `width` columns, broken at blanks, else after punctuation, else
// anywhere. What does not fit in `max_lines` is cut and an ellipsis says so.
// REQUIRES: width >= 2, max_lines >= 1.
std::vector<std::string> WrapText(std::string_view text, std::size_t width, std::size_t max_lines);

}  // namespace hark::alert
