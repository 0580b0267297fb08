#include "pipeline/daemon_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "alert/alert_reader.h"
#include "base/status_macros.h"
#include "pipeline/source_table.h"

namespace hark::pipeline {
namespace {

using Marks = std::vector<alert::SnapshotMark>;

void AddSections(const std::shared_ptr<const rules::RuleSet>& rules,
                 const detect::EngineOptions& engine, std::vector<log::KnownSection>& known) {
  for (StateSection& section : detect::MakeEngine(rules, engine)->Sections()) {
    known.push_back({.name = std::move(section.name), .version = section.version});
  }
}

// The sections that a snapshot of any of the rule sets may have.
absl::StatusOr<std::vector<log::KnownSection>> KnownSections(const RuleArchive& archive,
                                                             const DaemonStoreOptions& options) {
  std::vector<log::KnownSection> known = {
      {.name = std::string(SourceTable::kSection), .version = SourceTable::kVersion}};
  if (options.rules != nullptr) {
    AddSections(options.rules, options.engine, known);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, archive.Ids());
  for (const std::string& id : ids) {
    // What cannot be loaded is reported if the snapshot or the fact log needs it.
    if (const auto rules = archive.Load(id); rules.ok()) {
      AddSections(*rules, options.engine, known);
    }
  }
  return known;
}

absl::Status CheckNothingMissing(const DaemonStore& store, std::uint64_t database_position) {
  const log::FactLogStats stats = store.fact_log->stats();
  const std::string& path = store.directory.path();
  if (database_position > stats.durable_position) {
    return absl::DataLossError(absl::StrFormat(
        "%s: a part of the fact log is gone: it ends with record %u, but hark.db holds the alerts "
        "up to record %u. Put facts/ back as it was, or begin with a new data directory",
        path, stats.durable_position, database_position));
  }
  if (!store.snapshot.has_value() && stats.oldest_position > 1) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: there is no snapshot to go on from, and the fact log begins only with record %u: what "
        "was before it is needed. %s",
        path, stats.oldest_position,
        store.skipped.empty() ? "state/ holds no snapshot" : absl::StrJoin(store.skipped, "; ")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DaemonStore> OpenDaemonStore(FileSystem& file_system,
                                            const DaemonStoreOptions& options) {
  ASSIGN_OR_RETURN(log::DataDir directory, log::DataDir::Open(file_system, options.data_dir));
  RETURN_IF_ERROR(directory.CheckNotEnded());
  ASSIGN_OR_RETURN(const bool is_draining, directory.IsDraining());
  if (is_draining && !options.drain) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s is being ended: a `hark run --drain` did not come to its end. Run it again",
        options.data_dir));
  }
  ASSIGN_OR_RETURN(alert::AlertStore alerts,
                   alert::AlertStore::Open(JoinPath(options.data_dir, "hark.db")));
  ASSIGN_OR_RETURN(alert::AlertReader reader, alerts.OpenReader());
  ASSIGN_OR_RETURN(const Marks marks, reader.Snapshots());
  ASSIGN_OR_RETURN(const std::uint64_t database_position, reader.Position());
  ASSIGN_OR_RETURN(RuleArchive archive,
                   RuleArchive::Open(file_system, JoinPath(options.data_dir, "rules")));
  ASSIGN_OR_RETURN(std::unique_ptr<log::FactLog> fact_log,
                   log::FactLog::Open(file_system, directory.facts(), options.fact_log));
  ASSIGN_OR_RETURN(std::unique_ptr<log::SnapshotStore> snapshots,
                   log::SnapshotStore::Open(file_system, directory.state(),
                                            marks.empty() ? 0 : marks.back().number));
  ASSIGN_OR_RETURN(const std::vector<log::KnownSection> known, KnownSections(archive, options));
  ASSIGN_OR_RETURN(
      log::LoadedSnapshot loaded, snapshots->Load(known, [&marks](std::uint64_t number) {
        return std::any_of(marks.begin(), marks.end(), [number](const alert::SnapshotMark& mark) {
          return mark.number == number;
        });
      }));
  DaemonStore store = {.directory = std::move(directory),
                       .alerts = std::move(alerts),
                       .archive = std::move(archive),
                       .fact_log = std::move(fact_log),
                       .snapshots = std::move(snapshots),
                       .snapshot = std::move(loaded.snapshot),
                       .is_draining = is_draining,
                       .skipped = std::move(loaded.skipped)};
  RETURN_IF_ERROR(CheckNothingMissing(store, database_position));
  return store;
}

}  // namespace hark::pipeline
