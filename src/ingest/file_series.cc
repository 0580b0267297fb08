#include "ingest/file_series.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"

#include "ingest/log_name.h"

namespace hark::ingest {
namespace {

struct Member {
  LogName log;
  std::string_view folder;   // of the path, with its last slash
  std::string_view cluster;  // as folder, a view into the file
  std::size_t file = 0;      // index into the files
};

using MemberIterator = std::vector<Member>::iterator;

auto FamilyOf(const Member& member) {
  return std::tie(member.cluster, member.folder, member.log.family);
}

std::vector<Member> ToMembers(const std::vector<InputFile>& files) {
  std::vector<Member> members;
  members.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string_view path = files[i].path;
    const std::size_t folder = path.rfind('/') + 1;  // 0 if there is none
    members.push_back({.log = ParseLogName(path.substr(folder)),
                       .folder = path.substr(0, folder),
                       .cluster = files[i].cluster,
                       .file = i});
  }
  return members;
}

// Kinds of one family together, the oldest file first, and of one rotation the plain file.
bool ComesBefore(const Member& a, const Member& b) {
  if (FamilyOf(a) != FamilyOf(b)) {
    return FamilyOf(a) < FamilyOf(b);
  }
  if (a.log.kind != b.log.kind) {
    return a.log.kind < b.log.kind;
  }
  if (IsOlder(a.log, b.log) != IsOlder(b.log, a.log)) {
    return IsOlder(a.log, b.log);
  }
  return std::tie(a.log.compressed, a.file) < std::tie(b.log.compressed, b.file);
}

// Makes the series of one family after the other.
class Grouping {
 public:
  explicit Grouping(std::vector<InputFile> files) : files_(std::move(files)) {}

  std::vector<FileSeries> Run() {
    std::vector<Member> members = ToMembers(files_);
    std::sort(members.begin(), members.end(), ComesBefore);
    for (auto first = members.begin(); first != members.end();) {
      const auto last = std::find_if(first, members.end(), [&](const Member& member) {
        return FamilyOf(member) != FamilyOf(*first);
      });
      GroupFamily(first, last);
      first = last;
    }
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.place < b.place; });
    std::vector<FileSeries> series;
    series.reserve(found_.size());
    for (Found& found : found_) {
      series.push_back(std::move(found.series));
    }
    return series;
  }

 private:
  struct Found {
    std::size_t place = 0;  // of its first file, in the order of the input
    FileSeries series;
  };

  // Current files are sorted before all others; the first of them belongs to the first kind of
  // rotated files, all others stand alone.
  void GroupFamily(MemberIterator first, MemberIterator last) {
    const auto rotated = std::find_if(first, last, [](const Member& member) {
      return member.log.kind != LogName::Kind::kCurrent;
    });
    const Member* current = rotated == first ? nullptr : &*first;
    for (auto member = first; member != rotated; ++member) {
      if (rotated == last || &*member != current) {
        Add({&*member});
      }
    }
    for (auto member = rotated; member != last;) {
      const auto end = std::find_if(
          member, last, [&](const Member& other) { return other.log.kind != member->log.kind; });
      GroupKind(member, end, std::exchange(current, nullptr));
      member = end;
    }
  }

  void GroupKind(MemberIterator first, MemberIterator last, const Member* current) {
    const bool in_order = first->log.kind != LogName::Kind::kNumber || current != nullptr ||
                          HasLogExtension(first->log.family);
    std::vector<const Member*> series;
    for (auto member = first; member != last; ++member) {
      if (!in_order) {
        Add({&*member});
      } else if (series.empty() || IsOlder(series.back()->log, member->log)) {
        series.push_back(&*member);
      }  // else it is a compressed copy of the one before
    }
    if (current != nullptr) {
      series.push_back(current);
    }
    if (!series.empty()) {
      Add(series);
    }
  }

  void Add(const std::vector<const Member*>& members) {
    Found found{.place = members.front()->file, .series = {}};
    FileSeries& series = found.series;
    series.name = NameOf(members);
    series.cluster = members.front()->cluster;
    bool compressed = false;
    for (const Member* member : members) {
      found.place = std::min(found.place, member->file);
      compressed = compressed || member->log.compressed;
      series.size += files_[member->file].size;
      series.paths.push_back(files_[member->file].path);
    }
    series.size = compressed ? 0 : series.size;
    found_.push_back(std::move(found));
  }

  std::string NameOf(const std::vector<const Member*>& members) const {
    const Member& last = *members.back();
    if (members.size() == 1) {
      return files_[last.file].name;
    }
    std::string name = last.cluster.empty() ? "" : std::string(last.cluster) + "=";
    return name + (last.log.kind == LogName::Kind::kCurrent
                       ? files_[last.file].path
                       : std::string(last.folder) + last.log.Pattern());
  }

  const std::vector<InputFile> files_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<FileSeries> GroupIntoSeries(std::vector<InputFile> files) {
  return Grouping(std::move(files)).Run();
}

}  // namespace hark::ingest
