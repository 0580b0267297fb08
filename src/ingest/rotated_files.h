#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "ingest/find_files.h"

namespace hark::ingest {

// The files of one log at one moment.
struct SeriesFiles {
  std::vector<FoundFile> rotated;   // the oldest first
  std::optional<FileInfo> current;  // nullopt if it does not exist

  // Whether they are the same files under the same names; what is in them may differ.
  bool IsSameAs(const SeriesFiles& other) const;
};

// The path of the log's current file, for any file of it: what rotation adds to a name is taken
// away (log_name.h), so is what compression adds. A numbered file of what is no log by its
// extension is its own current file, unless `is_log` knows the current one.
std::string CurrentPathOf(const std::string& path,
                          const std::function<bool(const std::string& current)>& is_log);

// Puts the rotated files of one log in order, the oldest first. Of a plain file and a compressed
// copy of it one is left, the plain one. Where rotated files are named in more than one way, those
// of each way are in the order of their names, and among the ways the time of the last write
// decides. The current file, compressed under its own name, is the newest.
void SortRotated(std::vector<FoundFile>& files);

// Looks for the rotated files of the log whose current file has, or would have, that path: in its
// folder or, if there are none and it is a symbolic link, in the folder of what it points to. None
// for a path that itself is one of a rotated or compressed file. While the files are just being
// renamed, they may be incomplete: two equal answers, one after the other, are complete.
absl::StatusOr<SeriesFiles> ListSeries(const std::string& current_path);

}  // namespace hark::ingest
