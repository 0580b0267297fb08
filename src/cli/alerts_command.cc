#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "hark/clock.h"

#include "CLI/CLI.hpp"
#include "alert/parsed_alert.h"
#include "base/status_macros.h"
#include "cli/alert_source.h"
#include "cli/alerts_format.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/terminal.h"

namespace hark::cli {
namespace {

using alert::AlertEntry;
using alert::AlertPage;
using alert::AlertQuery;

// The options as text: an option and the query parameter of the same name mean the same.
struct Filters {
  std::string data_dir;
  alert::Parameters parameters;
  std::size_t limit = SIZE_MAX;  // of alerts
};

alert::TableOptions OptionsOf(std::FILE* file) {
  return {.color = WantsColor(file), .width = TerminalColumns(file)};
}

ExitCode Fail(const absl::Status& status) {
  PrintError(status);
  return status.code() == absl::StatusCode::kInvalidArgument ? ExitCode::kUsage
                                                             : ExitCode::kInputOutput;
}

// Turns pages until the limit; each page goes to `take`.
absl::Status ForEachPage(const Filters& filters, AlertQuery query,
                         const std::function<absl::Status(const AlertPage&)>& take) {
  ASSIGN_OR_RETURN(const std::unique_ptr<AlertSource> source, OpenAlertSource(filters.data_dir));
  std::size_t left = filters.limit;
  do {
    query.limit = std::min(left, AlertQuery::kMaxLimit);
    ASSIGN_OR_RETURN(const AlertPage page, source->Query(query));
    RETURN_IF_ERROR(take(page));
    left -= std::min(left, page.alerts.size());
    query.count = false;
    query.cursor = page.next;
  } while (left > 0 && !query.cursor.empty());
  return absl::OkStatus();
}

absl::StatusOr<AlertQuery> ToQuery(const alert::Parameters& parameters) {
  absl::StatusOr<AlertQuery> query =
      alert::ParseAlertQuery(parameters, absl::ToUnixMicros(Clock::System().Now()));
  if (!query.ok()) {
    return InvalidArgument("--%s", std::string(query.status().message()));
  }
  return query;
}

absl::Status List(const Filters& filters) {
  ASSIGN_OR_RETURN(AlertQuery query, ToQuery(filters.parameters));
  query.count = true;
  std::vector<AlertEntry> alerts;
  std::optional<std::uint64_t> total;
  RETURN_IF_ERROR(ForEachPage(filters, query, [&](const AlertPage& page) {
    alerts.insert(alerts.end(), page.alerts.begin(), page.alerts.end());
    total = page.total.has_value() ? page.total : total;
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const std::string text, FormatAlertList(alerts, OptionsOf(stdout)));
  Print(text);
  if (total.has_value() && *total > alerts.size()) {
    PrintWarning(absl::StrFormat("these are the newest %d of %d alerts: --limit shows more",
                                 alerts.size(), *total));
  }
  return absl::OkStatus();
}

absl::Status Export(const Filters& filters) {
  ASSIGN_OR_RETURN(const AlertQuery query, ToQuery(filters.parameters));
  return ForEachPage(filters, query, [](const AlertPage& page) {
    Print(FormatAlertLines(page.alerts));
    return absl::OkStatus();
  });
}

absl::Status Show(const std::string& data_dir, const std::string& id) {
  ASSIGN_OR_RETURN(AlertQuery query, ToQuery({{"id", id}}));
  query.limit = 2;
  ASSIGN_OR_RETURN(const std::unique_ptr<AlertSource> source, OpenAlertSource(data_dir));
  ASSIGN_OR_RETURN(const AlertPage found, source->Query(query));
  if (found.alerts.empty()) {
    return absl::NotFoundError(absl::StrFormat("there is no alert %s", id));
  }
  if (found.alerts.size() > 1) {
    return InvalidArgument("several alerts begin with %s: give more digits", id);
  }
  ASSIGN_OR_RETURN(const alert::ParsedAlert parsed, alert::ParseAlert(found.alerts[0].json));
  ASSIGN_OR_RETURN(const AlertPage revisions, source->RevisionsOf(parsed.alert.id));
  if (revisions.alerts.empty()) {
    return absl::NotFoundError(absl::StrFormat("alert %s has just been removed", id));
  }
  ASSIGN_OR_RETURN(const std::string text, FormatAlert(revisions.alerts, OptionsOf(stdout)));
  Print(text);
  return absl::OkStatus();
}

void AddDataDir(CLI::App& command, std::string& data_dir) {
  command.add_option("--data-dir", data_dir, "Folder of the daemon's data")->required();
}

void AddFilters(CLI::App& command, Filters& filters) {
  AddDataDir(command, filters.data_dir);
  const auto add = [&](const std::string& name, const std::string& help) {
    command.add_option_function<std::string>(
        "--" + name,
        [&filters, name](const std::string& value) {
          filters.parameters.emplace_back(name, value);
        },
        help);
  };
  add("rule", "Only of the rule with this id or name");
  add("level", "Only of this level and above");
  add("actor", "Only of this actor");
  add("cluster", "Only of this cluster");
  add("from", "Only alerts last seen at or after this time: 2026-11-23T18:00:00Z, or -2h: 2 h ago");
  add("to", "Only alerts first seen before this time");
  add("state", "open, opened, escalated or closed");
  command.add_option("--limit", filters.limit, "At most so many, the newest")
      ->check(CLI::PositiveNumber);
}

// A command over the alerts that the filters leave.
struct FilteredCommand {
  std::string name, help;
  absl::Status (*run)(const Filters&);
  std::size_t default_limit;
};

void AddFiltered(CLI::App& alerts, Command& chosen, const FilteredCommand& filtered) {
  CLI::App* const command = alerts.add_subcommand(filtered.name, filtered.help);
  auto filters = std::make_shared<Filters>();
  filters->limit = filtered.default_limit;
  AddFilters(*command, *filters);
  command->callback([filters, run = filtered.run, &chosen] {
    chosen = [filters, run] {
      const absl::Status status = run(*filters);
      return status.ok() ? ExitCode::kDone : Fail(status);
    };
  });
}

void AddShow(CLI::App& alerts, Command& chosen) {
  CLI::App* const command = alerts.add_subcommand("show", "Show all that is known of an alert");
  auto arguments = std::make_shared<std::pair<std::string, std::string>>();
  AddDataDir(*command, arguments->first);
  command->add_option("ID", arguments->second, "The alert's id, or the beginning of it")
      ->required();
  command->callback([arguments, &chosen] {
    chosen = [arguments] {
      const absl::Status status = Show(arguments->first, arguments->second);
      return status.ok() ? ExitCode::kDone : Fail(status);
    };
  });
}

}  // namespace

void AddAlertsCommand(CLI::App& app, Command& chosen) {
  CLI::App* const alerts = app.add_subcommand("alerts", "Look at the alerts of a daemon");
  alerts->require_subcommand(1);
  AddFiltered(*alerts, chosen,
              {.name = "list",
               .help = "List alerts, the newest first",
               .run = &List,
               .default_limit = AlertQuery::kDefaultLimit});
  AddShow(*alerts, chosen);
  AddFiltered(*alerts, chosen,
              {.name = "export",
               .help = "Write the newest revision of each alert as JSON lines",
               .run = &Export,
               .default_limit = SIZE_MAX});
}

}  // namespace hark::cli
