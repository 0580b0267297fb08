#include "alert/alert_table.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"

#include "alert/summary.h"
#include "base/rfc3339.h"
#include "base/text.h"

namespace hark::alert {
namespace {

constexpr int kMinWidth = 72;
constexpr std::size_t kMinOneLineWidth = 100;
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMaxSentenceLines = 3;
constexpr std::string_view kIndent = "    ";

// Columns of fixed width and the gaps between the columns.
constexpr std::size_t kFixedWidth = 19 + 8 + 6 + kIdDigits + 2 * std::size_t{5};

constexpr std::size_t kIpv4Width = 15;
constexpr std::size_t kIpv6Width = 39;

constexpr std::size_t kChangeWidth = 9;  // "escalated"

struct Widths {
  std::size_t change, who, what, from;  // 0: no such column
};

// Gives the sentence the most. 22 columns just hold "system:serviceaccount:".
Widths Divide(std::size_t width, bool shows_changes) {
  const std::size_t change = shows_changes ? kChangeWidth + 2 : 0;
  if (width < kMinOneLineWidth + change) {
    const std::size_t rest = width - kFixedWidth;
    const std::size_t from = std::min(kIpv4Width, (rest + 1) / 2);
    return {.change = 0, .who = rest - from, .what = 0, .from = from};
  }
  const std::size_t rest = width - change - kFixedWidth - 2;
  const std::size_t spare = rest > 67 ? rest - 67 : 0;  // beyond 120 columns
  const std::size_t from = std::min(kIpv6Width, kIpv4Width + spare / 4);
  const std::size_t who =
      std::min<std::size_t>(60, std::min<std::size_t>(22, rest / 3) + spare / 3);
  return {.change = shows_changes ? kChangeWidth : 0,
          .who = who,
          .what = rest - who - from,
          .from = from};
}

std::vector<Column> MakeColumns(const Widths& widths) {
  std::vector<Column> columns = {{"When", 19, Column::Fit::kLeft},
                                 {"Level", 8, Column::Fit::kLeft}};
  if (widths.change > 0) {
    columns.push_back({"Change", widths.change, Column::Fit::kLeft});
  }
  columns.push_back({"Who", widths.who, Column::Fit::kWrap});
  if (widths.what > 0) {
    columns.push_back({"What", widths.what, Column::Fit::kWrap});
  }
  columns.push_back({"Count", 6, Column::Fit::kRight});
  columns.push_back({"From", widths.from, Column::Fit::kWrap});
  columns.push_back({"Id", kIdDigits, Column::Fit::kLeft});
  return columns;
}

Micros TimeOfChange(const Alert& alert) {
  switch (alert.state) {
    case AlertState::kOpened:
      break;
    case AlertState::kEscalated:
      return alert.last;
    case AlertState::kClosed:
      return alert.closed;
  }
  return alert.first;
}

std::string When(Micros moment) {
  constexpr std::size_t kDateSize = 10;
  constexpr std::size_t kTimeSize = 8;
  const std::string time = FormatRfc3339(moment);
  return time.substr(0, kDateSize) + " " + time.substr(kDateSize + 1, kTimeSize);
}

std::string Who(const Alert& alert) {
  std::string who(ActorName(alert));
  if (!alert.opening.impersonator.empty()) {
    who += " (by " + alert.opening.impersonator + ")";
  }
  return EscapeForTerminal(who);
}

std::string What(const Alert& alert, std::string_view sentence) {
  return EscapeForTerminal(absl::StrFormat("%s%s", sentence, alert.late ? " (late)" : ""));
}

std::string HowMany(const Alert& alert) {
  const std::uint64_t number = alert.total > 0 ? alert.total : alert.count;
  return absl::StrFormat("%s%d", alert.exact ? "" : "~", number);
}

}  // namespace

AlertTable::AlertTable(const TableOptions& options)
    : color_(options.color), shows_changes_(options.shows_changes) {
  const auto width = static_cast<std::size_t>(std::max(options.width, kMinWidth));
  const Widths widths = Divide(width, options.shows_changes);
  columns_ = MakeColumns(widths);
  sentence_width_ = widths.what > 0 ? 0 : width - kIndent.size();
}

std::string AlertTable::Row(const Alert& alert, std::string_view sentence) const {
  std::string what = What(alert, sentence);
  const std::string& ip = alert.opening.source_ip;
  std::vector<Cell> cells = {{When(shows_changes_ ? TimeOfChange(alert) : alert.first), ""},
                             {LevelText(alert.level), color_ ? StyleOf(alert.level) : ""}};
  if (shows_changes_) {
    const std::string change(AlertStateName(alert.state));
    if (sentence_width_ == 0) {
      cells.push_back({change, ""});
    } else {
      what.insert(0, change + ": ");
    }
  }
  cells.push_back({Who(alert), ""});
  if (sentence_width_ == 0) {
    cells.push_back({what, ""});
  }
  cells.push_back({HowMany(alert), ""});
  cells.push_back({ip.empty() ? "-" : EscapeForTerminal(ip), ""});
  cells.push_back({EscapeForTerminal(alert.id.substr(0, kIdDigits)), ""});
  std::string text = LayOutRow(columns_, cells);
  if (sentence_width_ > 0) {
    for (const std::string& line : WrapText(what, sentence_width_, kMaxSentenceLines)) {
      text.append(kIndent).append(line).push_back('\n');
    }
  }
  return text;
}

}  // namespace hark::alert
