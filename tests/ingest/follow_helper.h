#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

#include "hark/source.h"

#include "ingest/followed_series.h"
#include "ingest/input_errors.h"
#include "support/compression.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::ingest {

// A line that no other number has.
inline std::string Line(int number) {
  return "{\"n\":" + std::to_string(number) + "}\n";
}

// Lines from `first` up to and without `last`.
inline std::string Lines(int first, int last) {
  std::string text;
  for (int i = first; i < last; ++i) {
    text += Line(i);
  }
  return text;
}

// What a source gives until there is nothing more now, or an error.
struct Followed {
  std::string text;
  std::vector<Damage> damages;
  absl::Status status;
};

inline Followed ReadOn(Source& source, std::size_t max_bytes = 1000) {
  Followed followed;
  RecordBatch batch;
  while (true) {
    followed.status = source.Read(max_bytes, batch);
    if (!followed.status.ok() || batch.at_end()) {
      return followed;
    }
    followed.text += batch.data;
    followed.damages.insert(followed.damages.end(), batch.damages.begin(), batch.damages.end());
  }
}

// A folder in which a log is written and rotated by hand.
class FollowTest : public ::testing::Test {
 protected:
  using From = FollowedSeries::From;

  std::unique_ptr<FollowedSeries> Follow(FollowedSeries::Start start = {}) {
    auto source = FollowedSeries::Create({.identity = {.name = "log", .cluster = {}},
                                          .path = Path("audit.log"),
                                          .start = std::move(start),
                                          .limits = limits_,
                                          .listing = {}},
                                         notices_);
    EXPECT_THAT(source, testing::IsOk());
    return *std::move(source);
  }
  std::unique_ptr<FollowedSeries> GoOn(const Source& source) {
    return Follow({.from = From::kCursor, .cursor = source.cursor()});
  }

  std::string Path(std::string_view name) const { return dir_.Path(name); }
  void Append(std::string_view text, std::string_view name = "audit.log") const {
    std::ofstream(Path(name), std::ios::binary | std::ios::app) << text;
  }
  void Rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(Path(from), Path(to));
  }
  void Remove(std::string_view name) const { std::filesystem::remove(Path(name)); }
  std::string Content(std::string_view name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  // As `gzip` does.
  void Compress(std::string_view name) const {
    dir_.Write(std::string(name) + ".gz", testing::Gzip(Content(name)));
    Remove(name);
  }
  // As logrotate's copytruncate does.
  void CopyAndTruncate(std::string_view to) const {
    std::filesystem::copy_file(Path("audit.log"), Path(to));
    std::filesystem::resize_file(Path("audit.log"), 0);
  }

  const testing::TempDir dir_;
  InputErrors notices_;
  RecordSource::Limits limits_;
};

}  // namespace hark::ingest
