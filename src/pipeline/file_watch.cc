#include "pipeline/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace hark::pipeline {
namespace {

namespace fs = std::filesystem;

// A folder with more is not one of rules.
constexpr std::size_t kMaxFiles = 10'000;

void Describe(const std::string& path, std::string& text) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    absl::StrAppendFormat(&text, "%s -\n", path);
    return;
  }
  absl::StrAppendFormat(&text, "%s %d %d %d %d.%09d\n", path, info.st_dev, info.st_ino,
                        info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

}  // namespace

FileWatch::FileWatch(std::vector<std::string> paths)
    : paths_(std::move(paths)), reported_(Look()), last_(reported_) {}

std::string FileWatch::Look() const {
  std::vector<std::string> files;
  for (const std::string& path : paths_) {
    files.push_back(path);
    std::error_code error;
    fs::recursive_directory_iterator entry(path, error);
    for (; !error && entry != fs::recursive_directory_iterator() && files.size() < kMaxFiles;
         entry.increment(error)) {
      files.push_back(entry->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const std::string& file : files) {
    Describe(file, text);
  }
  return text;
}

bool FileWatch::HasChanged() {
  std::string now = Look();
  const bool has_settled = now == last_;
  last_ = std::move(now);
  if (!has_settled || last_ == reported_) {
    return false;
  }
  reported_ = last_;
  return true;
}

}  // namespace hark::pipeline
