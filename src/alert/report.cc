#include "alert/report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"

#include "base/text.h"

namespace hark::alert {

void Report::Add(const Alert& alert) {
  Row& row = rows_[{alert.rule->id, alert.level}];
  row.title = alert.rule->title;
  row.level = alert.level;
  ++row.alerts;
  row.events += alert.count;
}

std::string Report::Render(const TableOptions& options) const {
  if (rows_.empty()) {
    return "";
  }
  std::vector<Row> rows;
  for (const auto& [key, row] : rows_) {
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.level != b.level ? a.level > b.level : a.alerts > b.alerts;
  });

  constexpr std::size_t kFixedWidth = 8 + 6 + 10 + 2 * 3;
  constexpr std::size_t kMinTitleWidth = 40;
  const auto width = static_cast<std::size_t>(std::max(options.width, 0));
  const std::size_t title_width = std::max(width, kFixedWidth + kMinTitleWidth) - kFixedWidth;
  const std::vector<Column> columns = {{"Level", 8, Column::Fit::kLeft},
                                       {"Alerts", 6, Column::Fit::kRight},
                                       {"Events", 10, Column::Fit::kRight},
                                       {"Rule", title_width, Column::Fit::kWrap}};
  std::string text = LayOutTitles(columns, options.color);
  for (const Row& row : rows) {
    text += LayOutRow(columns, {{LevelText(row.level), options.color ? StyleOf(row.level) : ""},
                                {absl::StrFormat("%d", row.alerts), ""},
                                {absl::StrFormat("%d", row.events), ""},
                                {EscapeForTerminal(row.title), ""}});
  }
  return text;
}

}  // namespace hark::alert
