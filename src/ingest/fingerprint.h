#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hark/fact.h"

namespace hark::ingest {

// The first bytes of a file's content, uncompressed. A hole of NULs before them, as it is left by a
// writer that does not notice that its file was truncated, is no content.
struct ContentHead {
  std::uint64_t start = 0;  // of `bytes` in the file
  std::string bytes;        // at most Fingerprint::kMaxBytes; empty: there is no content yet

  // Whether they tell the file from others. The beginning of the first record does not: nearly all
  // begin alike.
  bool IsDistinct() const;
};

// What a file is known by, whatever its name, its inode and its compression: its first bytes. Of a
// file that is still short there are few of them, and more are taken as it grows.
struct Fingerprint {
  static constexpr std::size_t kMaxBytes = 1024;

  std::uint64_t start = 0;  // NULs before the first byte
  std::uint64_t size = 0;   // bytes; 0: there are none, and it is no file's fingerprint
  Hash128 hash{};           // of the bytes

  bool is_known() const { return size > 0; }
  // Does a file with that head begin so? REQUIRES: is_known().
  bool IsBeginningOf(const ContentHead& head) const;
  // Is it the file? If the bytes are not distinct, only if they are all that it has: a file that
  // was cut off and does not grow any more. REQUIRES: is_known().
  bool Fits(const ContentHead& head) const;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint FingerprintOf(const ContentHead& head);

// A place in a file.
struct FilePlace {
  // Behind all that the file has, however much that is.
  static constexpr std::uint64_t kEndOfFile = UINT64_MAX;

  Fingerprint file;
  std::uint64_t offset = 0;  // in uncompressed bytes
  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

}  // namespace hark::ingest
