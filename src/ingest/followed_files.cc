#include "ingest/followed_files.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace hark::ingest {
namespace {

// A link in a folder may come to point to something though the folder does not change.
constexpr int kMaxRests = 30;

}  // namespace

FollowedFiles::FollowedFiles(Entry entry, Past past, InputErrors& errors)
    : entry_(std::move(entry)), past_(std::move(past)), errors_(errors) {}

std::vector<std::unique_ptr<Source>> FollowedFiles::Find() {
  std::vector<std::unique_ptr<Source>> sources;
  for (auto& [path, listing] : FindLogs()) {
    if (IsNew(path)) {
      sources.push_back(Follow(path, std::move(listing)));
    }
  }
  is_first_ = false;
  return sources;
}

FollowedFiles::Logs FollowedFiles::FindLogs() {
  const absl::StatusOr<FileInfo> info = InfoOf(entry_.path);
  const bool is_folder =
      info.ok() ? info->kind == FileInfo::Kind::kFolder : entry_.path.ends_with('/');
  if (!is_folder && (info.ok() || !IsPattern(entry_.path))) {
    // One that was given up comes back when it can be seen.
    return is_first_ || info.ok() ? Logs{{entry_.path, std::nullopt}} : Logs();
  }
  if (is_folder && FoldersRest()) {
    return {};
  }
  Logs logs = GroupIntoLogs(FindAll());
  const auto is_new = [this](const auto& log) { return IsNew(log.first); };
  if (std::none_of(logs.begin(), logs.end(), is_new)) {
    return {};
  }
  DropAliases(logs);
  const Logs again = GroupIntoLogs(FindAll());
  for (auto& [path, listing] : logs) {
    const auto other = again.find(path);
    if (other == again.end() || !other->second->IsSameAs(*listing)) {
      listing.reset();
    }
  }
  return logs;
}

std::vector<FoundFile> FollowedFiles::FindAll() {
  if (!InfoOf(entry_.path).ok() && IsPattern(entry_.path)) {
    return FilesOfPattern(entry_.path, errors_);
  }
  FolderContent content = ContentOfFolder(entry_.path, errors_);
  StringMap<LastLook> looks;
  for (const std::string& folder : content.folders) {
    LastLook& look = looks[folder] = folders_[folder];
    // A change between the look and this is seen at one of the next looks.
    if (const absl::StatusOr<FileInfo> info = InfoOf(folder); info.ok()) {
      look.Note(*info);
    }
  }
  folders_ = std::move(looks);
  rests_ = 0;
  return std::move(content.files);
}

FollowedFiles::Logs FollowedFiles::GroupIntoLogs(std::vector<FoundFile> files) const {
  StringSet paths;
  for (const FoundFile& file : files) {
    paths.insert(file.path);
  }
  const auto is_log = [this, &paths](const std::string& current) {
    return paths.contains(current) || !IsNew(current);
  };
  Logs logs;
  for (FoundFile& file : files) {
    const std::string current = CurrentPathOf(file.path, is_log);
    std::optional<SeriesFiles>& log = logs[current];
    if (!log) {
      log.emplace();
    }
    if (file.path == current) {
      log->current = file.info;
    } else {
      log->rotated.push_back(std::move(file));
    }
  }
  for (auto& [current, log] : logs) {
    SortRotated(log->rotated);
  }
  return logs;
}

bool FollowedFiles::FoldersRest() {
  if (folders_.empty() || ++rests_ >= kMaxRests) {
    return false;
  }
  return std::all_of(folders_.begin(), folders_.end(), [](const auto& folder) {
    const absl::StatusOr<FileInfo> info = InfoOf(folder.first);
    return info.ok() && folder.second.Rests(*info);
  });
}

std::string FollowedFiles::NameOf(const std::string& path) const {
  return entry_.cluster.empty() ? path : entry_.cluster + "=" + path;
}

void FollowedFiles::DropAliases(Logs& logs) const {
  // Those that are sources already come first.
  absl::flat_hash_map<std::pair<std::uint64_t, std::uint64_t>, const std::string*> owners;
  for (const bool wanted : {false, true}) {
    for (const auto& [path, listing] : logs) {
      if (listing && listing->current && IsNew(path) == wanted) {
        owners.try_emplace({listing->current->device, listing->current->inode}, &path);
      }
    }
  }
  for (auto log = logs.begin(); log != logs.end();) {
    const std::optional<SeriesFiles>& listing = log->second;
    const bool is_alias =
        listing && listing->current &&
        *owners.at({listing->current->device, listing->current->inode}) != log->first;
    log = is_alias ? logs.erase(log) : std::next(log);
  }
}

std::unique_ptr<Source> FollowedFiles::Follow(const std::string& path,
                                              std::optional<SeriesFiles> listing) {
  const std::string name = NameOf(path);
  known_.insert(name);
  FollowedSeries::Options options{.identity = {.name = name, .cluster = entry_.cluster},
                                  .path = path,
                                  .start = StartOf(name),
                                  .limits = entry_.limits,
                                  .listing = std::move(listing)};
  absl::StatusOr<std::unique_ptr<FollowedSeries>> source = FollowedSeries::Create(options, errors_);
  if (!source.ok()) {
    errors_.Add(source.status());
    options.start = {};
    source = FollowedSeries::Create(std::move(options), errors_);
  }
  return *std::move(source);
}

FollowedSeries::Start FollowedFiles::StartOf(const std::string& name) {
  if (const auto cursor = past_.cursors.find(name);
      cursor != past_.cursors.end() && !cursor->second.empty()) {
    FollowedSeries::Start start{.from = FollowedSeries::From::kCursor,
                                .cursor = std::move(cursor->second)};
    past_.cursors.erase(cursor);
    return start;
  }
  const bool is_history = is_first_ && !past_.knows_entry;
  return {.from = is_history && entry_.from == From::kEnd ? FollowedSeries::From::kEnd
                                                          : FollowedSeries::From::kBeginning};
}

}  // namespace hark::ingest
