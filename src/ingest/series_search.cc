#include "ingest/series_search.h"

#include <algorithm>
#include <vector>

#include "base/status_macros.h"

namespace hark::ingest {
namespace {

// What is renamed as often as this between two looks is looked at again at the next Read.
constexpr int kMaxLooks = 5;

using Found = SeriesSearch::Found;

Found Moving() {
  return {.file = nullptr, .is_moving = true, .is_named = true};
}

// Opens a file that was listed. Null if the path is not that file's any more.
absl::StatusOr<std::unique_ptr<LogFile>> OpenListed(const std::string& path,
                                                    const FileInfo& listed) {
  absl::StatusOr<std::unique_ptr<LogFile>> file = LogFile::Open(path);
  if (absl::IsNotFound(file.status())) {
    return nullptr;
  }
  if (file.ok() && !(*file)->info().IsSameFile(listed)) {
    return nullptr;
  }
  return file;
}

}  // namespace

template <typename Search>
absl::StatusOr<Found> SeriesSearch::Settle(Search search) const {
  ASSIGN_OR_RETURN(SeriesFiles files, ListSeries(path_));
  for (int i = 0; i < kMaxLooks; ++i) {
    ASSIGN_OR_RETURN(Found found, search(files));
    ASSIGN_OR_RETURN(SeriesFiles now, ListSeries(path_));
    if (!found.is_moving && files.IsSameAs(now)) {
      return found;
    }
    files = std::move(now);
  }
  return Moving();
}

absl::StatusOr<Found> SeriesSearch::Find(const FilePlace& place, Among among) const {
  if (among == Among::kAll) {
    absl::StatusOr<std::unique_ptr<LogFile>> current = LogFile::Open(path_);
    if (current.ok()) {
      ASSIGN_OR_RETURN(const bool is_it, GoTo(**current, place));
      if (is_it) {
        return Found{.file = *std::move(current)};
      }
    } else if (!absl::IsNotFound(current.status())) {
      return current.status();
    }
  }
  return Settle(
      [this, &place](const SeriesFiles& files) { return FindAmongRotated(files, place); });
}

absl::StatusOr<Found> SeriesSearch::FindAmongRotated(const SeriesFiles& files,
                                                     const FilePlace& place) const {
  for (auto listed = files.rotated.rbegin(); listed != files.rotated.rend(); ++listed) {
    ASSIGN_OR_RETURN(std::unique_ptr<LogFile> file, OpenListed(listed->path, listed->info));
    if (file == nullptr) {
      return Moving();
    }
    ASSIGN_OR_RETURN(const bool is_it, GoTo(*file, place));
    if (is_it) {
      return Found{.file = std::move(file)};
    }
  }
  return Found{};
}

absl::StatusOr<bool> SeriesSearch::GoTo(LogFile& file, const FilePlace& place) {
  ASSIGN_OR_RETURN(const ContentHead head, file.Head());
  if (!place.file.Fits(head)) {
    return false;
  }
  return file.SkipTo(place.offset);
}

absl::StatusOr<Found> SeriesSearch::Oldest() const {
  return Settle([this](const SeriesFiles& files) { return FirstFrom(files, 0); });
}

absl::StatusOr<Found> SeriesSearch::WrittenSince(std::int64_t modified) const {
  return Settle([this, modified](const SeriesFiles& files) {
    const auto first =
        std::find_if(files.rotated.begin(), files.rotated.end(),
                     [modified](const FoundFile& file) { return file.info.modified >= modified; });
    return FirstFrom(files, static_cast<std::size_t>(first - files.rotated.begin()));
  });
}

absl::StatusOr<Found> SeriesSearch::Next(LogFile& file, const Fingerprint& fingerprint) const {
  return Settle([&](const SeriesFiles& files) -> absl::StatusOr<Found> {
    ASSIGN_OR_RETURN(const std::optional<std::size_t> index, IndexOf(files, file, fingerprint));
    ASSIGN_OR_RETURN(Found next, FirstFrom(files, index ? *index + 1 : 0));
    next.is_named = index.has_value() || files.current.has_value();
    return next;
  });
}

absl::StatusOr<bool> SeriesSearch::Begins(const FoundFile& listed, const Fingerprint& fingerprint) {
  ASSIGN_OR_RETURN(const std::unique_ptr<LogFile> file, OpenListed(listed.path, listed.info));
  if (file == nullptr) {
    return false;  // the list has changed, so nobody believes the answer
  }
  ASSIGN_OR_RETURN(const ContentHead head, file->Head());
  return fingerprint.Fits(head);
}

absl::StatusOr<std::optional<std::size_t>> SeriesSearch::IndexOf(const SeriesFiles& files,
                                                                 const LogFile& file,
                                                                 const Fingerprint& fingerprint) {
  for (std::size_t i = 0; i < files.rotated.size(); ++i) {
    if (!files.rotated[i].info.IsSameFile(file.info())) {
      continue;
    }
    // A file that is open keeps its inode. That of a compressed one, which may be closed between
    // two reads, can have been used again.
    ASSIGN_OR_RETURN(const bool is_it, file.is_compressed() ? Begins(files.rotated[i], fingerprint)
                                                            : absl::StatusOr<bool>(true));
    if (is_it) {
      return i;
    }
  }
  for (std::size_t i = files.rotated.size(); i > 0; --i) {
    ASSIGN_OR_RETURN(const bool is_it, Begins(files.rotated[i - 1], fingerprint));
    if (is_it) {
      return i - 1;
    }
  }
  return std::nullopt;
}

absl::StatusOr<Found> SeriesSearch::FirstFrom(const SeriesFiles& files, std::size_t begin) const {
  std::vector<FoundFile> rest(files.rotated.begin() + static_cast<std::ptrdiff_t>(begin),
                              files.rotated.end());
  if (files.current) {
    rest.push_back({.path = path_, .info = *files.current});
  }
  for (const FoundFile& listed : rest) {
    if (listed.info.size == 0) {
      continue;
    }
    ASSIGN_OR_RETURN(std::unique_ptr<LogFile> file, OpenListed(listed.path, listed.info));
    if (file == nullptr) {
      return Moving();
    }
    ASSIGN_OR_RETURN(const ContentHead head, file->Head());
    const bool is_growing = &listed == &rest.back() && files.current && !file->is_compressed();
    if (head.bytes.empty() || (is_growing && !head.IsDistinct())) {
      continue;
    }
    ASSIGN_OR_RETURN(const bool is_there, file->SkipTo(0));
    if (is_there) {
      return Found{.file = std::move(file)};
    }
  }
  Found none;
  none.is_named = !files.rotated.empty() || files.current.has_value();
  return none;
}

absl::StatusOr<Found> SeriesSearch::End() const {
  return Settle([this](const SeriesFiles& files) { return EndOf(files); });
}

absl::StatusOr<Found> SeriesSearch::EndOf(const SeriesFiles& files) const {
  // From the last file, the current one, backwards.
  Found found;
  for (std::size_t begin = files.rotated.size() + 1; begin > 0; --begin) {
    ASSIGN_OR_RETURN(found, FirstFrom(files, begin - 1));
    if (found.file != nullptr || found.is_moving) {
      break;
    }
  }
  if (found.file != nullptr) {
    RETURN_IF_ERROR(found.file->SkipLines());
  }
  return found;
}

}  // namespace hark::ingest
