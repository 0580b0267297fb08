#include "alert/table_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"

#include "alert/summary.h"
#include "base/rfc3339.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace hark::alert {
namespace {

constexpr int kMinWidth = 72;
constexpr int kMinOneLineWidth = 100;
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kMaxSentenceLines = 3;
constexpr std::string_view kIndent = "    ";

// Columns of fixed width and the gaps between the columns.
constexpr std::size_t kFixedWidth = 19 + 8 + 6 + kIdDigits + 2 * std::size_t{5};

constexpr std::size_t kIpv4Width = 15;
constexpr std::size_t kIpv6Width = 39;

struct Widths {
  std::size_t who, what, from;  // what: 0 if the sentence has no column
};

// Gives the sentence the most. 22 columns just hold "system:serviceaccount:".
Widths Divide(std::size_t width) {
  if (width < kMinOneLineWidth) {
    const std::size_t rest = width - kFixedWidth;
    const std::size_t from = std::min(kIpv4Width, (rest + 1) / 2);
    return {.who = rest - from, .what = 0, .from = from};
  }
  const std::size_t rest = width - kFixedWidth - 2;
  const std::size_t spare = rest > 67 ? rest - 67 : 0;  // beyond 120 columns
  const std::size_t from = std::min(kIpv6Width, kIpv4Width + spare / 4);
  const std::size_t who =
      std::min<std::size_t>(60, std::min<std::size_t>(22, rest / 3) + spare / 3);
  return {.who = who, .what = rest - who - from, .from = from};
}

std::vector<Column> MakeColumns(const Widths& widths) {
  std::vector<Column> columns = {{"When", 19, Column::Fit::kLeft},
                                 {"Level", 8, Column::Fit::kLeft},
                                 {"Who", widths.who, Column::Fit::kWrap}};
  if (widths.what > 0) {
    columns.push_back({"What", widths.what, Column::Fit::kWrap});
  }
  columns.push_back({"Count", 6, Column::Fit::kRight});
  columns.push_back({"From", widths.from, Column::Fit::kWrap});
  columns.push_back({"Id", kIdDigits, Column::Fit::kLeft});
  return columns;
}

std::string When(const Alert& alert) {
  constexpr std::size_t kDateSize = 10;
  constexpr std::size_t kTimeSize = 8;
  const std::string time = FormatRfc3339(alert.first);
  return time.substr(0, kDateSize) + " " + time.substr(kDateSize + 1, kTimeSize);
}

std::string Who(const Alert& alert) {
  std::string who(ActorName(alert));
  if (!alert.opening.impersonator.empty()) {
    who += " (by " + alert.opening.impersonator + ")";
  }
  return EscapeForTerminal(who);
}

std::string What(const Alert& alert) {
  constexpr std::string_view kBeginsWithActor = "{actor.name} ";
  std::string_view text = alert.rule->summary;
  std::string sentence;
  if (text.substr(0, kBeginsWithActor.size()) == kBeginsWithActor) {
    sentence = RenderTemplate(text.substr(kBeginsWithActor.size()), alert);
  } else {
    sentence = RenderSummary(alert);
  }
  if (alert.late) {
    sentence += " (late)";
  }
  return EscapeForTerminal(sentence);
}

std::string HowMany(const Alert& alert) {
  const std::uint64_t number = alert.total > 0 ? alert.total : alert.count;
  return absl::StrFormat("%s%d", alert.exact ? "" : "~", number);
}

}  // namespace

TableOutput::TableOutput(std::FILE* file, const TableOptions& options)
    : writer_(file), color_(options.color) {
  const auto width = static_cast<std::size_t>(std::max(options.width, kMinWidth));
  const Widths widths = Divide(width);
  columns_ = MakeColumns(widths);
  sentence_width_ = widths.what > 0 ? 0 : width - kIndent.size();
}

absl::Status TableOutput::Write(const Alert& alert) {
  std::string text;
  if (!has_rows_) {
    text = LayOutTitles(columns_, color_);
    has_rows_ = true;
  }
  const std::string& ip = alert.opening.source_ip;
  std::vector<Cell> cells = {{When(alert), ""},
                             {LevelText(alert.level), color_ ? StyleOf(alert.level) : ""},
                             {Who(alert), ""}};
  if (sentence_width_ == 0) {
    cells.push_back({What(alert), ""});
  }
  cells.push_back({HowMany(alert), ""});
  cells.push_back({ip.empty() ? "-" : EscapeForTerminal(ip), ""});
  cells.push_back({EscapeForTerminal(alert.id.substr(0, kIdDigits)), ""});
  text += LayOutRow(columns_, cells);
  if (sentence_width_ > 0) {
    for (const std::string& line : WrapText(What(alert), sentence_width_, kMaxSentenceLines)) {
      text.append(kIndent).append(line).push_back('\n');
    }
  }
  return writer_.Write(text);
}

absl::Status TableOutput::Finish() {
  if (!has_rows_) {
    RETURN_IF_ERROR(writer_.Write("no alerts\n"));
  }
  return writer_.Flush();
}

}  // namespace hark::alert
