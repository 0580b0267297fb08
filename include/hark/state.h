#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hark {

// A named, versioned part of a state that is kept in a file. A version is that of the form of its
// bytes; a program knows one.
struct StateSection {
  std::string name;
  std::uint32_t version = 0;
  friend bool operator==(const StateSection&, const StateSection&) = default;
};

// Where a state is written to, one section after the other.
class SectionWriter {
 public:
  virtual ~SectionWriter() = default;
  // What is appended from here on belongs to this section. REQUIRES: its name is new.
  virtual void BeginSection(std::string_view name, std::uint32_t version) = 0;
  // Adds a piece of the section: it may have many, or none. REQUIRES: one was begun.
  virtual absl::Status Append(std::string_view bytes) = 0;
};

// Where a state is read from.
class SectionReader {
 public:
  virtual ~SectionReader() = default;
  // All bytes of the section, in one piece.
  virtual absl::StatusOr<std::string> Section(std::string_view name) = 0;
};

// The state of something at one moment, which goes on meanwhile. While it lives, what it shows and
// what took its place are both in memory: up to twice the state.
//
// One thread may use it at a time, and that may be another one than the state belongs to. It may
// be destroyed on any thread, before or after that to which the state belongs; the thread that
// destroys it frees what only it still knew.
class FrozenState {
 public:
  virtual ~FrozenState() = default;
  // Writes all sections, in order. Equal states give equal bytes. Fails only as `writer` does.
  virtual absl::Status Save(SectionWriter& writer) const = 0;
};

}  // namespace hark
