#pragma once

#include <algorithm>

#include "ingest/find_files.h"

namespace hark::ingest {

// Tells whether a file or folder has changed since somebody looked into it, by what the system
// knows of it: so that what rests costs one system call. The times of a file system are coarse, and
// two changes within a few ms may leave the same one; so only what was the same at four looks is
// believed to rest.
class LastLook {
 public:
  // False if it may have changed.
  bool Rests(const FileInfo& now) const { return looks_ >= kLooks && IsAsBefore(now); }
  // Somebody has looked into it. REQUIRES: `now` was asked for before that.
  void Note(const FileInfo& now) {
    looks_ = IsAsBefore(now) ? std::min(looks_ + 1, kLooks) : 1;
    last_ = now;
  }
  // It is known to rest.
  void NoteRest(const FileInfo& now) {
    looks_ = kLooks;
    last_ = now;
  }
  // As it was noted last.
  const FileInfo& last() const { return last_; }

 private:
  static constexpr int kLooks = 4;

  bool IsAsBefore(const FileInfo& now) const {
    return now.IsSameFile(last_) && now.size == last_.size && now.modified == last_.modified &&
           now.changed == last_.changed;
  }

  FileInfo last_;
  int looks_ = 0;
};

}  // namespace hark::ingest
