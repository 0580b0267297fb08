#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/status_macros.h"
#include "cli/api_answer.h"
#include "cli/api_caller.h"
#include "cli/command.h"
#include "cli/message.h"

namespace hark::cli {
namespace {

using server::Method;

struct Arguments {
  std::string data_dir, output;
  std::int64_t number = 0;
  std::int64_t limit = 100;
  bool all = false, json = false;
};

constexpr char kLetters[] = "/api/v1/dead-letters";

void PrintLetter(const simdjson::dom::element& letter) {
  const std::int64_t status = NumberIn(letter, "status");
  Print(absl::StrFormat(
      "%6d  %-27s  %-16s  %s/%d  %s%s\n", NumberIn(letter, "number"), ShownText(letter, "failed"),
      ShownText(letter, "output"), ShownText(letter, "id").substr(0, 8), NumberIn(letter, "n"),
      ShownText(letter, "reason"), status == 0 ? "" : absl::StrFormat(" (%d)", status)));
}

absl::Status List(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  ASSIGN_OR_RETURN(const std::string answer,
                   api->Call(Method::kGet,
                             absl::StrFormat("%s?limit=%d&output=%s", kLetters, arguments.limit,
                                             PercentEncoded(arguments.output)),
                             ""));
  if (arguments.json) {
    Print(answer + "\n");
    return absl::OkStatus();
  }
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::array letters, ListIn(parser, answer, "dead_letters"));
  if (letters.size() == 0) {
    Print("no dead letters\n");
    return absl::OkStatus();
  }
  Print(absl::StrFormat("%6s  %-27s  %-16s  %-10s  %s\n", "Number", "Failed", "Output", "Alert",
                        "Why"));
  for (const simdjson::dom::element letter : letters) {
    PrintLetter(letter);
  }
  ASSIGN_OR_RETURN(const simdjson::dom::element document, ParseAnswer(parser, answer));
  if (NumberIn(document, "next") != 0) {
    PrintWarning(absl::StrFormat("these are the first %d: --limit shows more", arguments.limit));
  }
  return absl::OkStatus();
}

absl::Status Show(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  ASSIGN_OR_RETURN(
      const std::string answer,
      api->Call(Method::kGet, absl::StrFormat("%s/%d", kLetters, arguments.number), ""));
  Print(answer + "\n");
  return absl::OkStatus();
}

// "3 dead letters are tried again", if that is what becomes of them.
absl::Status PrintCount(const std::string& answer, const std::string& what) {
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::element document, ParseAnswer(parser, answer));
  const std::int64_t number = NumberIn(document, "dead_letters");
  Print(absl::StrFormat("%d dead letter%s %s\n", number, number == 1 ? " is" : "s are", what));
  return absl::OkStatus();
}

// Nobody means all of them by leaving something out.
absl::Status CheckChoice(const Arguments& arguments) {
  const int choices = (arguments.output.empty() ? 0 : 1) + (arguments.number == 0 ? 0 : 1) +
                      (arguments.all ? 1 : 0);
  return choices == 1 ? absl::OkStatus()
                      : InvalidArgument("name either a number, --output or --all");
}

absl::Status Replay(const Arguments& arguments) {
  RETURN_IF_ERROR(CheckChoice(arguments));
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  ASSIGN_OR_RETURN(const std::string answer,
                   api->Call(Method::kPost,
                             absl::StrFormat("%s/replay?output=%s&number=%d", kLetters,
                                             PercentEncoded(arguments.output), arguments.number),
                             ""));
  return PrintCount(answer, "tried again");
}

absl::Status Purge(const Arguments& arguments) {
  RETURN_IF_ERROR(CheckChoice(arguments));
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  ASSIGN_OR_RETURN(const std::string answer,
                   api->Call(Method::kDelete,
                             absl::StrFormat("%s?output=%s&number=%d", kLetters,
                                             PercentEncoded(arguments.output), arguments.number),
                             ""));
  return PrintCount(answer, "gone");
}

}  // namespace

void AddDlqCommand(CLI::App& app, Command& chosen) {
  CLI::App* const dlq = app.add_subcommand("dlq", "Alerts that an output could not deliver");
  dlq->require_subcommand(1);
  auto arguments = std::make_shared<Arguments>();
  const auto add_command = [&](const std::string& name, const std::string& help,
                               absl::Status (*run)(const Arguments&)) {
    CLI::App* const command = dlq->add_subcommand(name, help);
    command->add_option("--data-dir", arguments->data_dir, "Folder of the daemon's data")
        ->required();
    command->callback([arguments, run, &chosen] {
      chosen = [arguments, run] { return ReportOutcome(run(*arguments)); };
    });
    return command;
  };
  const auto add_output = [&](CLI::App* command) {
    command->add_option("--output", arguments->output, "Those of this output");
  };

  CLI::App* const list = add_command("list", "List dead letters, the oldest first", &List);
  add_output(list);
  list->add_option("--limit", arguments->limit, "At most so many")->check(CLI::Range(1, 1000));
  list->add_flag("--json", arguments->json, "As JSON");

  CLI::App* const show = add_command("show", "Show a dead letter and its alert as JSON", &Show);
  show->add_option("NUMBER", arguments->number, "Of the dead letter")->required();

  CLI::App* const replay = add_command("replay", "Try to deliver dead letters again", &Replay);
  add_output(replay);
  replay->add_option("NUMBER", arguments->number, "This one only");
  replay->add_flag("--all", arguments->all, "All of them");

  CLI::App* const purge = add_command("purge", "Delete dead letters", &Purge);
  add_output(purge);
  purge->add_option("NUMBER", arguments->number, "This one only");
  purge->add_flag("--all", arguments->all, "All of them");
}

}  // namespace hark::cli
