#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hark/source.h"

#include "base/string_map.h"
#include "ingest/input_errors.h"

namespace hark::ingest {

// The logs that one entry of the configuration names, some of which may appear only later: a file,
// all files in a folder and below it, or those of a pattern (find_files.h).
//
// The files of one log, the current one and the rotated ones, are one source (FollowedSeries),
// named [CLUSTER=]PATH of the current file, whether or not that is there at the time. A file that
// is named and does not exist yet is a source all the same; so is a path that nobody could tell
// from one, unless it ends in "/". Of several names of one file in a folder or pattern one is
// taken. Not thread-safe.
class FollowedFiles {
 public:
  enum class From { kBeginning, kEnd };
  struct Entry {
    std::string path;
    std::string cluster;  // may be empty
    From from = From::kEnd;
  };
  // What is left of an earlier run.
  struct Past {
    bool knows_entry = false;
    StringMap<std::string> cursors;  // by the source's name; others than the entry's are harmless
  };

  // `errors` is told of folders and files that cannot be read, of cursors that are damaged, and of
  // losses (FollowedSeries); it must outlive this and the sources.
  FollowedFiles(Entry entry, Past past, InputErrors& errors);

  // The sources that are new since the last call. They begin at their cursor, if the past has one
  // (it is used once); at the entry's `from`, if it is the first call ever; else at the beginning,
  // since they appeared while the entry was followed.
  //
  // Meant to be called every second or two. A folder in which nothing was added, renamed or deleted
  // costs one system call, and every 30th time as much as a changed one.
  std::vector<std::unique_ptr<Source>> Find();

  // The source has been given up: should there be files of that name, they are a new one.
  void Forget(std::string_view source_name);

 private:
  const Entry entry_;
  Past past_;
  InputErrors& errors_;
  bool is_first_ = true;
  StringSet known_;  // names of sources
};

}  // namespace hark::ingest
