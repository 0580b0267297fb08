#include "ingest/find_files.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

namespace hark::ingest {
namespace {

namespace fs = std::filesystem;

// The paths that match, and what glob(3) has allocated for them.
class Matches {
 public:
  // Unsafe is only what is not asked for: ~user, and a locale that changes.
  explicit Matches(const std::string& pattern)
      // NOLINTNEXTLINE(concurrency-mt-unsafe)
      : found_(glob(pattern.c_str(), GLOB_NOSORT, nullptr, &result_) == 0) {}
  ~Matches() { globfree(&result_); }
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;

  std::size_t size() const { return found_ ? result_.gl_pathc : 0; }
  const char* operator[](std::size_t i) const { return result_.gl_pathv[i]; }

 private:
  glob_t result_{};
  const bool found_;
};

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileInfo ToFileInfo(const struct stat& info) {
  FileInfo::Kind kind = FileInfo::Kind::kOther;
  if (S_ISREG(info.st_mode)) {
    kind = FileInfo::Kind::kRegular;
  } else if (S_ISDIR(info.st_mode)) {
    kind = FileInfo::Kind::kFolder;
  }
  return {.kind = kind,
          .device = info.st_dev,
          .inode = info.st_ino,
          .size = static_cast<std::uint64_t>(info.st_size),
          .modified = Nanoseconds(info.st_mtim),
          .changed = Nanoseconds(info.st_ctim)};
}

bool IsLeftOut(std::string_view name) {
  return name.starts_with('.') || name == "lost+found";
}

std::string_view NameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

void SortByPath(std::vector<FoundFile>& files) {
  std::sort(files.begin(), files.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.path < b.path; });
}

void AddIfRegular(std::string path, std::vector<FoundFile>& files) {
  const absl::StatusOr<FileInfo> info = InfoOf(path);
  if (info.ok() && info->kind == FileInfo::Kind::kRegular) {
    files.push_back({.path = std::move(path), .info = *info});
  }
}

// Adds the files of one folder, and its folders to `folders`.
std::error_code ReadFolder(const std::string& folder, std::vector<FoundFile>& files,
                           std::vector<std::string>& folders) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string& path = entry->path().native();
    if (IsLeftOut(NameOf(path))) {
      continue;
    }
    std::error_code vanished;
    if (fs::is_directory(entry->symlink_status(vanished))) {
      folders.push_back(path);
    } else {
      AddIfRegular(path, files);
    }
  }
  return error;
}

}  // namespace

absl::StatusOr<FileInfo> InfoOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot open %s", path));
  }
  return ToFileInfo(info);
}

absl::StatusOr<FileInfo> InfoOf(int descriptor, const std::string& path) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrFormat("cannot read %s", path));
  }
  return ToFileInfo(info);
}

bool IsPattern(const std::string& path) {
  return path.find_first_of("*?[") != std::string::npos;
}

FolderContent ContentOfFolder(const std::string& folder, InputErrors& errors) {
  FolderContent content{.files = {}, .folders = {folder}};
  for (std::size_t i = 0; i < content.folders.size(); ++i) {
    const std::string next = content.folders[i];
    if (const std::error_code error = ReadFolder(next, content.files, content.folders)) {
      errors.Add(absl::ErrnoToStatus(error.value(), absl::StrFormat("cannot read %s", next)));
    }
  }
  SortByPath(content.files);
  return content;
}

std::vector<FoundFile> FilesInFolder(const std::string& folder, InputErrors& errors) {
  return ContentOfFolder(folder, errors).files;
}

std::vector<FoundFile> FilesOfPattern(const std::string& pattern, InputErrors& errors) {
  std::vector<FoundFile> files;
  const Matches matches(pattern);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    std::string path = matches[i];
    const absl::StatusOr<FileInfo> info = InfoOf(path);
    if (!info.ok() || NameOf(path) == "lost+found") {
      continue;
    }
    if (info->kind == FileInfo::Kind::kFolder) {
      std::vector<FoundFile> inside = FilesInFolder(path, errors);
      std::move(inside.begin(), inside.end(), std::back_inserter(files));
    } else if (info->kind == FileInfo::Kind::kRegular) {
      files.push_back({.path = std::move(path), .info = *info});
    }
  }
  SortByPath(files);
  return files;
}

}  // namespace hark::ingest
