#include "ingest/rotated_files.h"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/log_name.h"

namespace hark::ingest {
namespace {

namespace fs = std::filesystem;

struct Member {
  LogName name;
  FoundFile file;
};

std::size_t FolderLength(std::string_view path) {
  return path.rfind('/') + 1;  // 0 if there is none
}

bool IsRotated(const LogName& name) {
  return name.kind != LogName::Kind::kCurrent || name.compressed;
}

// Whether one of them is a copy of the other.
bool IsOneRotation(const LogName& a, const LogName& b) {
  return a.kind == b.kind && a.kind != LogName::Kind::kCurrent && !IsOlder(a, b) && !IsOlder(b, a);
}

// One way of naming after the other, each the oldest first, and the plain file before its copy.
bool ComesBefore(const Member& a, const Member& b) {
  if (a.name.kind != b.name.kind) {
    return a.name.kind < b.name.kind;
  }
  if (a.name.kind != LogName::Kind::kCurrent && !IsOneRotation(a.name, b.name)) {
    return IsOlder(a.name, b.name);
  }
  return std::tie(a.name.compressed, a.file.path) < std::tie(b.name.compressed, b.file.path);
}

// Takes the file that was written to first from the heads of the lists, as often as there is one.
std::vector<FoundFile> MergeByTime(std::array<std::vector<FoundFile>, 3> lists) {
  std::array<std::size_t, 3> next = {};
  std::vector<FoundFile> merged;
  while (true) {
    std::size_t first = lists.size();
    for (std::size_t i = 0; i < lists.size(); ++i) {
      const bool is_earlier =
          next[i] < lists[i].size() &&
          (first == lists.size() ||
           lists[i][next[i]].info.modified < lists[first][next[first]].info.modified);
      first = is_earlier ? i : first;
    }
    if (first == lists.size()) {
      return merged;
    }
    merged.push_back(std::move(lists[first][next[first]++]));
  }
}

// The names in a folder, one after the other. It may be looked through for each of very many logs,
// so nothing is allocated for a name, as std::filesystem does.
class FolderNames {
 public:
  explicit FolderNames(const std::string& folder)
      : stream_(opendir(folder.c_str())), error_(stream_ == nullptr ? errno : 0) {}
  ~FolderNames() {
    if (stream_ != nullptr) {
      closedir(stream_);
    }
  }
  FolderNames(const FolderNames&) = delete;
  FolderNames& operator=(const FolderNames&) = delete;

  // nullopt at the end, and if the folder cannot be read. A name is good until the next call.
  std::optional<std::string_view> Next() {
    if (stream_ == nullptr) {
      return std::nullopt;
    }
    errno = 0;
    // The stream is this thread's alone.
    const dirent* const entry = readdir(stream_);  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      error_ = errno;
      return std::nullopt;
    }
    return entry->d_name;
  }
  // Why it cannot be read, as errno; else 0.
  int error() const { return error_; }

 private:
  DIR* const stream_;
  int error_;
};

// Decides quickly for nearly all names of other logs: what rotation adds comes between the stem of
// the current file's name and its extension, or behind both.
bool MayBeRotated(std::string_view name, std::string_view stem) {
  return name.size() > stem.size() && name.starts_with(stem) &&
         (name[stem.size()] == '.' || name[stem.size()] == '-');
}

// The rotated files, in no order, of the log of that path that are in its folder.
absl::StatusOr<std::vector<FoundFile>> FindRotated(const std::string& current_path) {
  std::vector<FoundFile> files;
  const std::string folder = current_path.substr(0, FolderLength(current_path));
  const std::string family = current_path.substr(folder.size());
  if (IsRotated(ParseLogName(family))) {
    return files;
  }
  const std::string stem = family.substr(0, std::max<std::size_t>(family.rfind('.'), 1));
  FolderNames names(folder.empty() ? "." : folder);
  while (const std::optional<std::string_view> name = names.Next()) {
    if (!MayBeRotated(*name, stem)) {
      continue;
    }
    const LogName log = ParseLogName(*name);
    if (log.family != family || !IsRotated(log)) {
      continue;
    }
    std::string path = folder + std::string(*name);
    const absl::StatusOr<FileInfo> info = InfoOf(path);
    if (info.ok() && info->kind == FileInfo::Kind::kRegular) {
      files.push_back({.path = std::move(path), .info = *info});
    }
  }
  if (names.error() != 0 && names.error() != ENOENT && names.error() != ENOTDIR) {
    return absl::ErrnoToStatus(names.error(), absl::StrFormat("cannot read %s", folder));
  }
  return files;
}

}  // namespace

bool SeriesFiles::IsSameAs(const SeriesFiles& other) const {
  if (current.has_value() != other.current.has_value() ||
      (current && !current->IsSameFile(*other.current))) {
    return false;
  }
  return std::equal(rotated.begin(), rotated.end(), other.rotated.begin(), other.rotated.end(),
                    [](const FoundFile& a, const FoundFile& b) {
                      return a.path == b.path && a.info.IsSameFile(b.info);
                    });
}

std::string CurrentPathOf(const std::string& path,
                          const std::function<bool(const std::string& current)>& is_log) {
  const std::size_t folder = FolderLength(path);
  const LogName name = ParseLogName(std::string_view(path).substr(folder));
  std::string current = path.substr(0, folder) + name.family;
  const bool may_count_forwards =
      name.kind == LogName::Kind::kNumber && !HasLogExtension(name.family);
  return may_count_forwards && !is_log(current) ? path : current;
}

void SortRotated(std::vector<FoundFile>& files) {
  std::vector<Member> members;
  members.reserve(files.size());
  for (FoundFile& file : files) {
    LogName name = ParseLogName(std::string_view(file.path).substr(FolderLength(file.path)));
    members.push_back({.name = std::move(name), .file = std::move(file)});
  }
  std::sort(members.begin(), members.end(), ComesBefore);
  std::array<std::vector<FoundFile>, 3> lists;
  std::vector<FoundFile> newest;
  const Member* last = nullptr;
  for (Member& member : members) {
    if (last != nullptr && IsOneRotation(last->name, member.name)) {
      continue;
    }
    last = &member;
    if (member.name.kind == LogName::Kind::kCurrent) {
      newest.push_back(std::move(member.file));
    } else {
      const std::size_t way = static_cast<std::size_t>(member.name.kind) - 1;
      lists[way].push_back(std::move(member.file));
    }
  }
  files = MergeByTime(std::move(lists));
  std::move(newest.begin(), newest.end(), std::back_inserter(files));
}

absl::StatusOr<SeriesFiles> ListSeries(const std::string& current_path) {
  SeriesFiles series;
  ASSIGN_OR_RETURN(series.rotated, FindRotated(current_path));
  std::error_code error;
  if (series.rotated.empty() && fs::is_symlink(fs::symlink_status(current_path, error))) {
    const fs::path target = fs::canonical(current_path, error);
    if (!error) {
      ASSIGN_OR_RETURN(series.rotated, FindRotated(target.native()));
    }
  }
  SortRotated(series.rotated);
  const absl::StatusOr<FileInfo> current = InfoOf(current_path);
  if (current.ok()) {
    series.current = *current;
  } else if (!absl::IsNotFound(current.status())) {
    return current.status();
  }
  return series;
}

}  // namespace hark::ingest
