#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/message.h"
#include "rules/fields.h"

namespace hark::cli {
namespace {

ExitCode RunFields() {
  std::size_t width = 0;
  for (const rules::FieldDoc& field : rules::AllFields()) {
    width = std::max(width, field.name.size());
  }
  for (const rules::FieldDoc& field : rules::AllFields()) {
    Print(absl::StrFormat("%-*s  %s\n", static_cast<int>(width), field.name, field.doc));
  }
  return ExitCode::kDone;
}

}  // namespace

void AddFieldsCommand(CLI::App& app, Command& chosen) {
  CLI::App* const command = app.add_subcommand("fields", "List the fields that rules can use");
  command->callback([&chosen] { chosen = RunFields; });
}

}  // namespace hark::cli
