#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hark::ingest {

// A regular file that is to be read.
struct InputFile {
  std::string name;  // of the source, if it is one of its own
  std::string path;
  std::string cluster;     // may be empty
  std::uint64_t size = 0;  // bytes on disk
};

// The files of one source, in the order in which they are read.
struct FileSeries {
  std::string name;
  std::string cluster;
  std::vector<std::string> paths;
  std::uint64_t size = 0;  // bytes on disk; 0 if a file is compressed by its name
};

// Puts the rotated files of one log together: those of one folder and cluster whose names differ
// only in what rotation adds (log_name.h), the oldest first and the current one last. Such a series
// is named [CLUSTER=]PATH of its current file or, if that is not among them, of the pattern of the
// others: "prod=/var/log/audit-*.log". All other files are series of one, named as they are.
//
// - Where a rotated file is there both plain and compressed, compression was in progress, and the
//   plain one is taken.
// - Kinds of rotation are not mixed: files of a second kind are a series of their own.
// - Numbered files without the current one are a series only if they are logs by their extension
//   (audit.log.1). part.1 and part.2 may as well count forwards, and a series in the wrong order
//   is worse than none: independent files are merged by their events' times.
//
// The series are in the order in which their first files come.
std::vector<FileSeries> GroupIntoSeries(std::vector<InputFile> files);

}  // namespace hark::ingest
