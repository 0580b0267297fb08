#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

#include "CLI/CLI.hpp"
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "cli/api_answer.h"
#include "cli/api_caller.h"
#include "cli/command.h"
#include "cli/message.h"

namespace hark::cli {
namespace {

using server::Method;

struct Arguments {
  std::string data_dir;
  std::string matchers, reason, author, until;
  std::int64_t number = 0;
  bool all = false, json = false;
};

absl::Status List(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  const std::string target = arguments.all ? "/api/v1/silences?all=true" : "/api/v1/silences";
  ASSIGN_OR_RETURN(const std::string answer, api->Call(Method::kGet, target, ""));
  if (arguments.json) {
    Print(answer + "\n");
    return absl::OkStatus();
  }
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::array silences, ListIn(parser, answer, "silences"));
  if (silences.size() == 0) {
    Print("no silences\n");
    return absl::OkStatus();
  }
  Print(absl::StrFormat("%6s  %-27s  %-12s  %s\n", "Number", "Until", "Author",
                        "Matchers and reason"));
  for (const simdjson::dom::element silence : silences) {
    Print(absl::StrFormat("%6d  %-27s  %-12s  %s (%s)\n", NumberIn(silence, "number"),
                          ShownText(silence, "until"), ShownText(silence, "author"),
                          ShownText(silence, "matchers"), ShownText(silence, "reason")));
  }
  return absl::OkStatus();
}

absl::Status Add(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  JsonWriter json;
  json.BeginObject().Key("matchers").String(arguments.matchers);
  json.Key("reason").String(arguments.reason).Key("author").String(arguments.author);
  json.Key("until").String(arguments.until).EndObject();
  ASSIGN_OR_RETURN(const std::string answer,
                   api->Call(Method::kPost, "/api/v1/silences", json.Take()));
  simdjson::dom::parser parser;
  ASSIGN_OR_RETURN(const simdjson::dom::element document, ParseAnswer(parser, answer));
  Print(absl::StrFormat("silence %d\n", NumberIn(document, "number")));
  return absl::OkStatus();
}

absl::Status Expire(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ApiCaller> api, OpenApiCaller(arguments.data_dir));
  const std::string target = absl::StrFormat("/api/v1/silences/%d", arguments.number);
  return api->Call(Method::kDelete, target, "").status();
}

std::string LoginName() {
  const char* const user = std::getenv("USER");  // NOLINT(concurrency-mt-unsafe)
  return user == nullptr ? "" : user;
}

}  // namespace

void AddSilenceCommand(CLI::App& app, Command& chosen) {
  CLI::App* const silence =
      app.add_subcommand("silence", "Keep alerts from the outputs for some time");
  silence->require_subcommand(1);
  auto arguments = std::make_shared<Arguments>();
  arguments->author = LoginName();
  const auto add_command = [&](const std::string& name, const std::string& help,
                               absl::Status (*run)(const Arguments&)) {
    CLI::App* const command = silence->add_subcommand(name, help);
    command->add_option("--data-dir", arguments->data_dir, "Folder of the daemon's data")
        ->required();
    command->callback([arguments, run, &chosen] {
      chosen = [arguments, run] { return ReportOutcome(run(*arguments)); };
    });
    return command;
  };

  CLI::App* const list = add_command("list", "List the silences that hold", &List);
  list->add_flag("--all", arguments->all, "Those that have ended, too");
  list->add_flag("--json", arguments->json, "As JSON");

  CLI::App* const add =
      add_command("add", "Add a silence; alerts are stored and counted all the same", &Add);
  add->add_option("MATCHERS", arguments->matchers,
                  "Which alerts: rule=NAME,actor.name=~\"REGEX\"; all must hold")
      ->required();
  add->add_option("--until", arguments->until, "Until this time, or for so long: 2h")->required();
  add->add_option("--reason", arguments->reason, "Why")->required();
  add->add_option("--author", arguments->author, "Who; default: you");

  CLI::App* const expire = add_command("expire", "End a silence now", &Expire);
  expire->add_option("NUMBER", arguments->number, "Of the silence")->required();
}

}  // namespace hark::cli
