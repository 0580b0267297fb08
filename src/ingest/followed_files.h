#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/source.h"

#include "base/string_map.h"
#include "ingest/find_files.h"
#include "ingest/followed_series.h"
#include "ingest/input_errors.h"
#include "ingest/last_look.h"
#include "ingest/rotated_files.h"

namespace hark::ingest {

// The logs that one entry of the configuration names, some of which may appear only later: a file,
// all files in a folder and below it, or those of a pattern (find_files.h).
//
// The files of one log, the current one and the rotated ones, are one source (FollowedSeries),
// named [CLUSTER=]PATH of the current file, whether or not that is there at the time. A path that
// does not exist and is no pattern is that of a file, and a source all the same, unless it ends in
// "/". Of several names of one file in a folder or pattern one is taken. Not thread-safe.
class FollowedFiles {
 public:
  enum class From { kBeginning, kEnd };
  struct Entry {
    std::string path;
    std::string cluster;  // may be empty
    From from = From::kEnd;
    RecordSource::Limits limits = {};
  };
  // What is left of an earlier run.
  struct Past {
    bool knows_entry = false;
    StringMap<std::string> cursors;  // by the source's name; others than the entry's are harmless
  };

  // `errors` is told of folders and files that cannot be read, of cursors that are damaged (their
  // logs are read from the beginning), and of losses (FollowedSeries); it must outlive this and the
  // sources.
  FollowedFiles(Entry entry, Past past, InputErrors& errors);

  // The sources that are new since the last call, in the order of their names. They begin at their
  // cursor, if the past has one (it is used once); at the entry's `from`, if it is the first call
  // ever; else at the beginning, since they appeared while the entry was followed.
  //
  // Meant to be called every second or two. Of 10,000 files in a folder that has changed it takes
  // 50 ms, of a folder in which nothing was added, renamed or deleted one system call; every 30th
  // time such a folder is looked into all the same.
  std::vector<std::unique_ptr<Source>> Find();

  // The source has been given up: if there are, or will be, files of that name, they are a new one.
  void Forget(std::string_view source_name) { known_.erase(source_name); }

 private:
  // By the path of the current file. Of logs nothing is known but that they are there if they were
  // not listed twice with the same result.
  using Logs = std::map<std::string, std::optional<SeriesFiles>>;

  Logs FindLogs();
  // All regular files that the entry names.
  std::vector<FoundFile> FindAll();
  Logs GroupIntoLogs(std::vector<FoundFile> files) const;
  // Whether no folder has changed since it was looked into.
  bool FoldersRest();
  bool IsNew(const std::string& path) const { return !known_.contains(NameOf(path)); }
  std::string NameOf(const std::string& path) const;
  // Takes out what is another name of a file that has one.
  void DropAliases(Logs& logs) const;
  std::unique_ptr<Source> Follow(const std::string& path, std::optional<SeriesFiles> listing);
  FollowedSeries::Start StartOf(const std::string& name);

  const Entry entry_;
  Past past_;
  InputErrors& errors_;
  bool is_first_ = true;
  StringSet known_;  // names of sources
  StringMap<LastLook> folders_;
  int rests_ = 0;  // calls since all files were looked at
};

}  // namespace hark::ingest
