#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/log.h"
#include "config/config.h"
#include "ingest/followed_files.h"
#include "ingest/input_errors.h"
#include "log/fact_log.h"
#include "pipeline/live_ingest.h"
#include "pipeline/live_source.h"
#include "pipeline/source_table.h"

namespace hark::pipeline {

// Finds the log files that a configuration names, those that appear later too, and gives them to
// the ingest, each where an earlier run, or this one, left it. An entry that is followed for the
// first time begins at the present end of its files, unless it asks for their start; what appears
// while it is followed, or between two runs, is read from its start. Not thread-safe.
class SourceFinder {
 public:
  // All of it outlives the finder.
  struct Parts {
    LiveIngest& ingest;
    log::FactLog& fact_log;
    Logger& logger;
    // Whether a source of that name is somebody else's to declare and to end. May be empty.
    std::function<bool(const std::string&)> is_others;
  };
  // `past`: the sources as the fact log has them at its end.
  SourceFinder(const config::Config& config, SourceTable past, Parts parts);

  // Adds what is new, and ends the sources of earlier runs that are not there any more: they would
  // hold the watermark. Where a folder cannot be looked into, nobody knows whether they are there:
  // then they do hold it. An error is one of the fact log: to be called again.
  absl::Status Find();

  // The entries of which no file was ever found.
  std::vector<std::string> EmptyEntries() const;

 private:
  struct Entry {
    config::FileSourceConfig config;
    bool is_known = false;  // it was followed before
    ingest::FollowedFiles files;
    std::set<std::string> names = {};  // of those that were added
    bool found_any = false;
  };

  Entry MakeEntry(const config::FileSourceConfig& config);
  absl::Status FindOf(Entry& entry);
  LiveSource::Settings SettingsOf(const Entry& entry, std::unique_ptr<Source> source);
  absl::Status EndOthers();
  bool MayBeThere(const std::string& name) const;
  absl::Status Append(const FactRecord& record);
  void ReportErrors();

  const config::Config& config_;
  SourceTable past_;
  const Parts parts_;
  ingest::InputErrors errors_;
  std::vector<Entry> entries_;
};

}  // namespace hark::pipeline
