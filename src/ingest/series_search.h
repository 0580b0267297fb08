#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "ingest/fingerprint.h"
#include "ingest/log_file.h"
#include "ingest/rotated_files.h"

namespace hark::ingest {

// Finds the files of one log, while others rename, compress and delete them. Files without content
// do not count, nor does a current file that has no more than a part of a record: nobody could tell
// one from another.
//
// An error is one of a file or folder that cannot be read. Not thread-safe.
class SeriesSearch {
 public:
  struct Found {
    std::unique_ptr<LogFile> file;  // null: there is none
    bool is_moving = false;         // and that may be wrong, because files are just being renamed
    // Next only: whether the file that was asked for, or a current one, still has a name.
    bool is_named = true;
  };
  enum class Among { kAll, kRotated };

  explicit SeriesSearch(std::string current_path) : path_(std::move(current_path)) {}

  // The file that the place is in, read up to there: the current one, else a rotated one, the
  // newest first. A file that is shorter than the place's offset is another one.
  absl::StatusOr<Found> Find(const FilePlace& place, Among among) const;
  // The first file, at its beginning.
  absl::StatusOr<Found> Oldest() const;
  // The first file that follows `file`, whose fingerprint is known; if that is no file of the log
  // any more, the first one: what is older has been deleted before it.
  absl::StatusOr<Found> Next(LogFile& file, const Fingerprint& fingerprint) const;
  // The first file that was written to at that time or later; times are as in FileInfo. The current
  // one always was.
  absl::StatusOr<Found> WrittenSince(std::int64_t modified) const;
  // The last file, behind the last whole line that it has now.
  absl::StatusOr<Found> End() const;

 private:
  // Whether the file is the place's; if so, goes there.
  static absl::StatusOr<bool> GoTo(LogFile& file, const FilePlace& place);

  // Asks `search`, a function of SeriesFiles that gives an absl::StatusOr<Found>, until its answer
  // is one about files that have not changed meanwhile.
  template <typename Search>
  absl::StatusOr<Found> Settle(Search search) const;
  // The first file with content from rotated[begin] on.
  absl::StatusOr<Found> FirstFrom(const SeriesFiles& files, std::size_t begin) const;
  absl::StatusOr<Found> EndOf(const SeriesFiles& files) const;
  absl::StatusOr<Found> FindAmongRotated(const SeriesFiles& files, const FilePlace& place) const;
  static absl::StatusOr<bool> Begins(const FoundFile& listed, const Fingerprint& fingerprint);
  // Where it is among the rotated ones.
  static absl::StatusOr<std::optional<std::size_t>> IndexOf(const SeriesFiles& files,
                                                            const LogFile& file,
                                                            const Fingerprint& fingerprint);

  const std::string path_;
};

}  // namespace hark::ingest
