#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"
#include "ingest/fingerprint.h"
#include "ingest/input_errors.h"
#include "ingest/last_look.h"
#include "ingest/log_file.h"
#include "ingest/series_search.h"

namespace hark::ingest {

// The files of a log as one stream that goes on as long as the log does: one file after the other,
// each to its end, with a line feed between two where the first does not end in one.
//
// A file is left when another one with content follows it: while the next one is empty, the writer
// may still hold the last one. Read never waits and never fails; it gives nothing where there is
// nothing now, and where status() says why. Not thread-safe.
class FileChain final : public ByteStream {
 public:
  struct Origin {
    enum class At {
      kOldest,  // the beginning of the first file there is
      kSince,   // the same, but of files last written before a time
      kPlace,   // in the file with that fingerprint; where there is none, kOldest
      kCopy,    // the same, but the current file was truncated; where there is no copy, kSince
    };
    At at = At::kOldest;
    FilePlace place = {};       // kPlace and kCopy
    std::int64_t modified = 0;  // kSince and kCopy: as in FileInfo
    // kOldest: the current file, if it is known that it is empty and no rotated one exists.
    std::optional<FileInfo> nothing_but = {};
  };

  // `notices` as for FollowedSeries.
  FileChain(std::string path, const Origin& origin, InputErrors& notices);

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override;
  bool may_go_on() const override { return true; }
  // Bytes given, and those known to follow in the file that is open.
  std::uint64_t size_hint() const override;
  void TakeDamages(std::vector<Damage>& damages) override;

  // False if a Read would give nothing; costs one system call. REQUIRES: a Read gave nothing last.
  bool MayHaveMore() const;
  // Why the last Read gave nothing; OK if all was read that is there.
  const absl::Status& status() const { return status_; }

  // Where in the files the byte at `offset` of the stream is; nullopt if that cannot be told.
  std::optional<FilePlace> PlaceOf(std::uint64_t offset) const;
  // PlaceOf is not asked for what is before `offset` any more.
  void ForgetBefore(std::uint64_t offset);

 private:
  // A part of the stream that comes from one file.
  struct Segment {
    std::uint64_t begin = 0;  // in the stream
    std::uint64_t end = 0;    // of what was given so far, in the stream
    FilePlace place;          // of its first byte; the fingerprint is kept up to date

    // Where the byte at `offset` of the stream is. REQUIRES: offset >= begin.
    FilePlace PlaceOf(std::uint64_t offset) const;
  };
  enum class Step { kAgain, kNothing };

  // Reads from the file; `count` stays 0 if there was nothing to be had from it.
  Step ReadFile(char* data, std::size_t size, std::size_t& count);
  // The file could not be read.
  Step LoseFile(absl::Status status);
  // Opens the file in which to read on.
  Step OpenFile();
  absl::StatusOr<SeriesSearch::Found> Search() const;
  // The file at origin_.place is gone.
  void GiveUpPlace();
  // After a Read of the file that gave nothing.
  Step AtEnd();
  Step AtEndOfRotated(const absl::StatusOr<FileInfo>& watched);
  // There is no file to go on with.
  Step Wait(const SeriesSearch::Found& none, const absl::StatusOr<FileInfo>& watched);
  // What changes before a next file can appear: the current file, which has no content yet, or the
  // folder in which there is none.
  absl::StatusOr<FileInfo> Watched(const absl::StatusOr<FileInfo>& current) const;
  // Begins to read a file; finishes the last line of the one before.
  Step Adopt(std::unique_ptr<LogFile> file);
  void SetFile(std::unique_ptr<LogFile> file);
  // Whether the file still begins as it did; takes more of it into its fingerprint.
  absl::StatusOr<bool> IsStillTheSame();
  // The same, and it has all that was read.
  absl::StatusOr<bool> IsWhole();
  // How far the file was read. REQUIRES: there was one.
  FilePlace Position() const { return segments_.back().PlaceOf(segments_.back().end); }
  // Closes the file, to be found again at the place that was given last.
  Step Close(Origin::At at);
  void Account(std::string_view bytes);
  void CollectDamages();
  Step Fail(absl::Status status);

  const std::string path_;
  const SeriesSearch search_;
  InputErrors& notices_;
  Origin origin_;                  // where to begin if no file is open
  std::unique_ptr<LogFile> file_;  // null if closed, or none was found yet
  std::deque<Segment> segments_;   // the last one belongs to the file, open or not
  std::uint64_t given_ = 0;        // bytes of the stream
  std::string file_path_;          // of the file, open or not, as it was found
  std::uint64_t known_size_ = 0;   // of the file, if it is a plain one
  bool in_line_ = false;           // the last byte given was no line feed
  bool owes_feed_ = false;         // the next byte is a line feed, to end the last file's last line
  bool saw_next_ = false;          // another file follows, so that a Read of 0 bytes means the end
  LastLook file_look_;             // at the file, by its path
  LastLook wait_look_;             // at what is watched while there is no next file
  absl::Status wait_status_;       // of that time
  std::vector<Damage> damages_;
  absl::Status status_;
};

}  // namespace hark::ingest
