#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hark::ingest {

// What the name of a log file says of its place among the rotated files of one log:
//
//   name    = member [".gz" | ".zst"]
//   member  = PREFIX EXT                                the current file: audit.log
//           | PREFIX "-" 2026-11-23T18-04-22.921 EXT    as kube-apiserver rotates (lumberjack), UTC
//           | PREFIX EXT "-" 20261123                   logrotate with dateext; the hour or
//                                                       "-" and seconds may follow
//           | PREFIX EXT "." 20261123-180422            as the kubelet rotates logs of containers
//           | PREFIX EXT "." 1                          logrotate: the higher, the older
//
// EXT is the last "." and what follows it, or nothing.
struct LogName {
  enum class Kind : std::uint8_t { kCurrent, kTime, kDate, kNumber };

  std::string family;  // the current file's name, uncompressed: "audit.log"
  Kind kind = Kind::kCurrent;
  std::string moment;        // kTime and kDate: as in the name; later ones are greater
  char separator = '-';      // kDate: what stands before it
  std::uint32_t number = 0;  // kNumber
  bool compressed = false;   // by its name

  // The names of all rotated files of the kind, as a pattern: "audit-*.log".
  std::string Pattern() const;
};

// Any name is at least that of a current file.
LogName ParseLogName(std::string_view file_name);

// Whether a file of that name is a log by its extension: .log, .json, .txt, ...
bool HasLogExtension(std::string_view family);

// True if `a` was rotated before `b`. REQUIRES: one family; both of one kind, or kCurrent.
bool IsOlder(const LogName& a, const LogName& b);

}  // namespace hark::ingest
