#include "pipeline/source_finder.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/find_files.h"
#include "ingest/followed_series.h"

namespace hark::pipeline {
namespace {

// The name under which the fact log keeps that an entry was followed: as a source that has ended.
std::string MarkerOf(const config::FileSourceConfig& config) {
  return absl::StrFormat("%s%s=%s", SourceTable::kMarkerPrefix, config.cluster, config.path);
}

bool IsPatternOrFolder(const std::string& path) {
  const absl::StatusOr<ingest::FileInfo> info = ingest::InfoOf(path);
  return info.ok() ? info->kind == ingest::FileInfo::Kind::kFolder : ingest::IsPattern(path);
}

ingest::RecordSource::Limits LimitsOf(const config::Config& config) {
  return {.max_record_bytes = static_cast<std::size_t>(config.limits.max_record_bytes)};
}

bool CanBeListed(const std::string& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(folder, error);
  return !error;
}

FactRecord EndOf(const std::string& name, const SourceTable::Entry& entry) {
  FactRecord record;
  record.kind = FactRecord::Kind::kEnd;
  record.source = name;
  record.position = entry.position;
  record.cursor = entry.cursor;
  return record;
}

// The part of a path or pattern that must be there for its files to be looked for.
std::string RootOf(const std::string& path) {
  if (!ingest::IsPattern(path)) {
    return path;
  }
  const std::size_t special = path.find_first_of("*?[");
  const std::size_t slash = path.rfind('/', special);
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace

SourceFinder::SourceFinder(const config::Config& config, SourceTable past, Parts parts)
    : config_(config), past_(std::move(past)), parts_(std::move(parts)) {
  for (const config::FileSourceConfig& entry : config.sources.files) {
    entries_.push_back(MakeEntry(entry));
  }
}

SourceFinder::Entry SourceFinder::MakeEntry(const config::FileSourceConfig& config) {
  const bool is_known = past_.Find(MarkerOf(config)) != nullptr;
  ingest::FollowedFiles::Past past;
  past.knows_entry = is_known;
  for (const auto& [name, entry] : past_.entries()) {
    past.cursors.emplace(name, entry.cursor);
  }
  using From = ingest::FollowedFiles::From;
  return {.config = config,
          .is_known = is_known,
          .files = ingest::FollowedFiles({.path = config.path,
                                          .cluster = config.cluster,
                                          .from = config.from_start ? From::kBeginning : From::kEnd,
                                          .limits = LimitsOf(config_)},
                                         std::move(past), errors_)};
}

absl::Status SourceFinder::Find() {
  absl::Status status;
  for (Entry& entry : entries_) {
    status.Update(FindOf(entry));
  }
  if (status.ok()) {
    status = EndOthers();
  }
  ReportErrors();
  return status;
}

absl::Status SourceFinder::FindOf(Entry& entry) {
  for (auto name = entry.names.begin(); name != entry.names.end();) {
    if (parts_.ingest.Has(*name)) {
      ++name;
    } else {
      // Should it come back, it is a source as any other that appears.
      if (const SourceTable::Entry* const past = past_.Find(*name)) {
        SourceTable::Entry vanished = *past;
        vanished.cursor.clear();
        past_.Apply(EndOf(*name, vanished));
      }
      entry.files.Forget(*name);
      name = entry.names.erase(name);
    }
  }
  for (std::unique_ptr<Source>& source : entry.files.Find()) {
    const std::string name = source->name();
    entry.found_any = true;
    if (!parts_.ingest.Has(name)) {
      parts_.ingest.Add(SettingsOf(entry, std::move(source)));
      parts_.logger.Write({.level = LogLevel::kInfo,
                           .key = "source_added",
                           .text = "The source is followed.",
                           .about = name},
                          {{"source", std::string_view(name)}});
      entry.names.insert(name);
    }
  }
  if (!entry.is_known) {
    FactRecord marker;
    marker.kind = FactRecord::Kind::kEnd;
    marker.source = MarkerOf(entry.config);
    marker.cursor = "followed";
    RETURN_IF_ERROR(Append(marker));
    entry.is_known = true;
  }
  return absl::OkStatus();
}

LiveSource::Settings SourceFinder::SettingsOf(const Entry& entry, std::unique_ptr<Source> source) {
  const std::string name = source->name();
  const std::string& cluster = entry.config.cluster;
  LiveSource::Settings settings;
  settings.cluster = config_.cluster;
  settings.lateness = entry.config.lateness;
  settings.may_vanish = IsPatternOrFolder(entry.config.path);
  if (const SourceTable::Entry* const past = past_.Find(name)) {
    settings.position = past->position;
    settings.highest_time = past->highest_time;
    settings.is_declared = !past->ended && past->lateness == settings.lateness;
  }
  const ingest::RecordSource::Limits limits = LimitsOf(config_);
  const std::string path = cluster.empty() ? name : name.substr(cluster.size() + 1);
  settings.reopen = [this, name, cluster, path,
                     limits](const std::string& cursor) -> absl::StatusOr<std::unique_ptr<Source>> {
    using From = ingest::FollowedSeries::From;
    return ingest::FollowedSeries::Create(
        {.identity = {.name = name, .cluster = cluster},
         .path = path,
         .start = {.from = cursor.empty() ? From::kBeginning : From::kCursor, .cursor = cursor},
         .limits = limits},
        errors_);
  };
  settings.source = std::move(source);
  return settings;
}

// Whether a source that was not found lies where this time nobody could look.
bool SourceFinder::MayBeThere(const std::string& name) const {
  if (parts_.is_others && parts_.is_others(name)) {
    return true;
  }
  for (const Entry& entry : entries_) {
    const std::string root = RootOf(entry.config.path);
    const std::string prefix =
        entry.config.cluster.empty() ? root : entry.config.cluster + "=" + root;
    if (name.starts_with(prefix) && !CanBeListed(root)) {
      return true;
    }
  }
  return false;
}

absl::Status SourceFinder::EndOthers() {
  std::vector<std::string> gone;
  for (const auto& [name, entry] : past_.entries()) {
    if (!entry.ended && !parts_.ingest.Has(name) && !MayBeThere(name)) {
      gone.push_back(name);
    }
  }
  for (const std::string& name : gone) {
    const FactRecord end = EndOf(name, *past_.Find(name));
    RETURN_IF_ERROR(Append(end));
    past_.Apply(end);
    parts_.logger.Write({.level = LogLevel::kWarning,
                         .key = "source_gone",
                         .text = "A source of an earlier run is not there any more, or is not in "
                                 "the configuration. It has ended.",
                         .about = name},
                        {{"source", std::string_view(name)}});
  }
  return absl::OkStatus();
}

std::vector<std::string> SourceFinder::EmptyEntries() const {
  std::vector<std::string> paths;
  for (const Entry& entry : entries_) {
    if (!entry.found_any) {
      paths.push_back(entry.config.path);
    }
  }
  return paths;
}

absl::Status SourceFinder::Append(const FactRecord& record) {
  ASSIGN_OR_RETURN(const log::Appended appended, parts_.fact_log.Append(record));
  return parts_.fact_log.WaitDurable(appended);
}

void SourceFinder::ReportErrors() {
  for (const absl::Status& error : errors_.TakeNew()) {
    const bool is_loss = absl::IsDataLoss(error);
    parts_.logger.Write(
        {.level = is_loss ? LogLevel::kError : LogLevel::kWarning,
         .key = is_loss ? "log_lost" : "input_error",
         .text = is_loss ? "A log file was not read to its end and is nowhere to be found."
                         : "Something of the input cannot be read.",
         .about = ErrorText(error)},
        {ErrorField(error)});
  }
  errors_.Forget();  // the logger limits how often it is said
}

}  // namespace hark::pipeline
