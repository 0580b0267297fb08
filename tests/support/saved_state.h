#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

#include "hark/detector.h"
#include "hark/state.h"

#include "support/status_matchers.h"

namespace hark::testing {

// Sections in memory, to be looked at, changed and read back.
class SavedState final : public SectionWriter, public SectionReader {
 public:
  void BeginSection(std::string_view name, std::uint32_t version) override {
    sections.push_back({.section = {.name = std::string(name), .version = version}, .bytes = ""});
  }
  absl::Status Append(std::string_view bytes) override {
    sections.back().bytes += bytes;
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Section(std::string_view name) override {
    for (const Part& part : sections) {
      if (part.section.name == name) {
        return part.bytes;
      }
    }
    return absl::NotFoundError(absl::StrFormat("no section \"%s\"", name));
  }

  // REQUIRES: there is such a section.
  std::string& bytes(std::string_view name) {
    for (Part& part : sections) {
      if (part.section.name == name) {
        return part.bytes;
      }
    }
    ADD_FAILURE() << "no section " << name;
    return sections.front().bytes;
  }

  struct Part {
    StateSection section;
    std::string bytes;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> sections;

  friend bool operator==(const SavedState& a, const SavedState& b) {
    return a.sections == b.sections;
  }
  // Only where two states differ: a snapshot is no text.
  friend void PrintTo(const SavedState& state, std::ostream* out) {
    for (const Part& part : state.sections) {
      *out << part.section.name << ": " << part.bytes.size() << " bytes with hash "
           << std::hash<std::string>()(part.bytes) << "\n";
    }
  }
};

inline SavedState SavedOf(const FrozenState& frozen) {
  SavedState saved;
  EXPECT_THAT(frozen.Save(saved), IsOk());
  return saved;
}

inline SavedState SavedOf(Detector& detector) {
  return SavedOf(*detector.Freeze());
}

}  // namespace hark::testing
