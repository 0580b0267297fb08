#include "alert/table_output.h"

#include <string>
#include <string_view>

#include "alert/summary.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

std::string SentenceWithoutActor(const Alert& alert) {
  constexpr std::string_view kBeginsWithActor = "{actor.name} ";
  const std::string_view text = alert.rule->summary;
  return text.starts_with(kBeginsWithActor)
             ? RenderTemplate(text.substr(kBeginsWithActor.size()), alert)
             : RenderSummary(alert);
}

}  // namespace

TableOutput::TableOutput(std::FILE* file, const TableOptions& options)
    : writer_(file), table_(options) {}

absl::Status TableOutput::Write(const Alert& alert) {
  std::string text = has_rows_ ? "" : table_.Titles();
  has_rows_ = true;
  text += table_.Row(alert, SentenceWithoutActor(alert));
  return writer_.Write(text);
}

absl::Status TableOutput::Finish() {
  if (!has_rows_) {
    RETURN_IF_ERROR(writer_.Write("no alerts\n"));
  }
  return writer_.Flush();
}

}  // namespace hark::alert
