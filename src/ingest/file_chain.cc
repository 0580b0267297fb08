#include "ingest/file_chain.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "ingest/open_files.h"

namespace hark::ingest {
namespace {

// So often a file is changed, or found again, in one Read.
constexpr int kMaxSteps = 100;

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

FileChain::FileChain(std::string path, const Origin& origin, InputErrors& notices)
    : path_(std::move(path)), search_(path_), notices_(notices), origin_(origin) {
  if (origin_.at == Origin::At::kPlace) {
    segments_.push_back({.begin = 0, .end = 0, .place = origin_.place});
  }
  if (origin_.nothing_but) {
    wait_look_.NoteRest(*origin_.nothing_but);
  }
}

absl::StatusOr<std::size_t> FileChain::Read(char* data, std::size_t size) {
  status_ = absl::OkStatus();
  std::size_t count = 0;
  Step step = Step::kAgain;
  for (int i = 0; i < kMaxSteps && step == Step::kAgain && count == 0; ++i) {
    if (owes_feed_) {
      owes_feed_ = false;
      *data = '\n';
      count = 1;
      Account("\n");
    } else if (file_ == nullptr) {
      step = OpenFile();
    } else {
      step = ReadFile(data, size, count);
    }
  }
  // A compressed file would have to be decompressed again from its beginning; its stream closes and
  // opens itself.
  if (file_ != nullptr && !file_->is_compressed() && !owes_feed_ && AreTooManyFilesOpen()) {
    Close(Origin::At::kPlace);
  }
  return count;
}

FileChain::Step FileChain::ReadFile(char* data, std::size_t size, std::size_t& count) {
  const absl::StatusOr<std::size_t> read = file_->Read(data, size);
  CollectDamages();
  if (!read.ok()) {
    return LoseFile(read.status());
  }
  if (*read == 0) {
    return AtEnd();
  }
  const absl::StatusOr<bool> is_same = IsStillTheSame();
  if (!is_same.ok()) {
    return LoseFile(is_same.status());
  }
  if (!*is_same) {
    return Close(Origin::At::kCopy);
  }
  count = *read;
  Account({data, count});
  segments_.back().end = given_;
  return Step::kAgain;
}

FileChain::Step FileChain::LoseFile(absl::Status status) {
  Close(Origin::At::kPlace);
  // A compressed file, closed meanwhile, has another name now: it is looked for at once.
  return absl::IsAborted(status) || absl::IsNotFound(status) ? Step::kAgain
                                                             : Fail(std::move(status));
}

FileChain::Step FileChain::OpenFile() {
  const bool has_place = origin_.at == Origin::At::kPlace || origin_.at == Origin::At::kCopy;
  const absl::StatusOr<FileInfo> watched = Watched(InfoOf(path_));
  if (!has_place && watched.ok() && wait_look_.Rests(*watched)) {
    return Fail(wait_status_);
  }
  absl::StatusOr<SeriesSearch::Found> found = Search();
  if (!found.ok()) {
    return Fail(std::move(found).status());
  }
  if (found->file != nullptr && has_place) {
    SetFile(std::move(found->file));
    return Step::kAgain;
  }
  if (found->file != nullptr) {
    return Adopt(std::move(found->file));
  }
  if (has_place && !found->is_moving) {
    GiveUpPlace();
    return Step::kAgain;
  }
  return Wait(*found, watched);
}

absl::StatusOr<SeriesSearch::Found> FileChain::Search() const {
  switch (origin_.at) {
    case Origin::At::kOldest:
      break;
    case Origin::At::kSince:
      return search_.WrittenSince(origin_.modified);
    case Origin::At::kPlace:
      return search_.Find(origin_.place, SeriesSearch::Among::kAll);
    case Origin::At::kCopy:
      return search_.Find(origin_.place, SeriesSearch::Among::kRotated);
  }
  return search_.Oldest();
}

void FileChain::GiveUpPlace() {
  const bool was_truncated = origin_.at == Origin::At::kCopy;
  const std::string place =
      origin_.place.offset == FilePlace::kEndOfFile
          ? "its end"
          : absl::StrFormat("byte %d (%d bytes after it began)", origin_.place.offset, given_);
  const std::string what =
      was_truncated
          ? absl::StrFormat("%s was truncated, and there is no copy of what was written to it",
                            path_)
          : absl::StrFormat("a file of %s is gone, and with it what was written to it", path_);
  notices_.Add(absl::DataLossError(absl::StrFormat("%s after it was read to %s", what, place)));
  origin_.at = was_truncated ? Origin::At::kSince : Origin::At::kOldest;
  wait_look_ = {};
}

FileChain::Step FileChain::AtEnd() {
  const absl::StatusOr<FileInfo> current = InfoOf(path_);
  if (!current.ok() && !absl::IsNotFound(current.status())) {
    return Fail(current.status());
  }
  const bool is_current = current.ok() && current->IsSameFile(file_->info());
  const absl::StatusOr<FileInfo> watched = Watched(current);
  if (is_current && file_look_.Rests(*current)) {
    return Step::kNothing;
  }
  if (!is_current && watched.ok() && wait_look_.Rests(*watched)) {
    return Fail(wait_status_);
  }
  const absl::StatusOr<bool> is_whole = IsWhole();
  if (!is_whole.ok()) {
    return Fail(is_whole.status());
  }
  if (!*is_whole) {
    return Close(Origin::At::kCopy);
  }
  if (!is_current) {
    return AtEndOfRotated(watched);
  }
  saw_next_ = false;
  known_size_ = file_->is_compressed() ? 0 : current->size;
  file_look_.Note(*current);
  return Step::kNothing;
}

FileChain::Step FileChain::AtEndOfRotated(const absl::StatusOr<FileInfo>& watched) {
  const absl::StatusOr<FileInfo> own = InfoOf(file_path_);
  absl::StatusOr<SeriesSearch::Found> next = search_.Next(*file_, segments_.back().place.file);
  if (!next.ok()) {
    return Fail(std::move(next).status());
  }
  if (next->file == nullptr) {
    if (own.ok() && own->IsSameFile(file_->info())) {
      file_look_.Note(*own);
    }
    return Wait(*next, watched);
  }
  if (!saw_next_ && !file_->is_compressed()) {
    // Only what is read from now on is known to be the last that was written to the file.
    saw_next_ = true;
    return Step::kAgain;
  }
  return Adopt(std::move(next->file));
}

FileChain::Step FileChain::Wait(const SeriesSearch::Found& none,
                                const absl::StatusOr<FileInfo>& watched) {
  if (none.is_moving) {
    return Step::kNothing;
  }
  wait_status_ = none.is_named ? absl::OkStatus()
                               : absl::NotFoundError(absl::StrFormat("%s does not exist", path_));
  if (watched.ok()) {
    wait_look_.Note(*watched);
  }
  return Fail(wait_status_);
}

absl::StatusOr<FileInfo> FileChain::Watched(const absl::StatusOr<FileInfo>& current) const {
  return current.ok() ? current : InfoOf(FolderOf(path_));
}

FileChain::Step FileChain::Adopt(std::unique_ptr<LogFile> file) {
  const absl::StatusOr<ContentHead> head = file->Head();
  if (!head.ok()) {
    return Fail(head.status());
  }
  if (head->bytes.empty()) {
    return Step::kNothing;  // it was truncated meanwhile
  }
  if (!segments_.empty() && segments_.back().place.file.Fits(*head)) {
    // What was read is a copy of it that was made, or was still being made, to truncate it.
    const absl::StatusOr<bool> has_more = file->SkipTo(Position().offset);
    if (!has_more.ok()) {
      return Fail(has_more.status());
    }
    if (*has_more) {
      SetFile(std::move(file));
      return Step::kAgain;
    }
    const absl::StatusOr<bool> is_back = file->SkipTo(0);
    if (!is_back.ok()) {
      return Fail(is_back.status());
    }
  }
  owes_feed_ = in_line_;
  const std::uint64_t begin = given_ + (owes_feed_ ? 1 : 0);
  segments_.push_back({.begin = begin,
                       .end = begin,
                       .place = {.file = FingerprintOf(*head), .offset = file->offset()}});
  SetFile(std::move(file));
  file_look_ = {};
  return Step::kAgain;
}

void FileChain::SetFile(std::unique_ptr<LogFile> file) {
  file_ = std::move(file);
  file_path_ = file_->path();
  known_size_ = file_->is_compressed() ? 0 : file_->info().size;
  saw_next_ = false;
}

absl::StatusOr<bool> FileChain::IsStillTheSame() {
  if (file_->is_compressed()) {
    return true;
  }
  ASSIGN_OR_RETURN(const ContentHead head, file_->Head());
  Fingerprint& known = segments_.back().place.file;
  if (!known.IsBeginningOf(head)) {
    return false;
  }
  if (known.size < head.bytes.size()) {
    known = FingerprintOf(head);
  }
  return true;
}

absl::StatusOr<bool> FileChain::IsWhole() {
  ASSIGN_OR_RETURN(const std::uint64_t size, file_->Size());
  return size >= file_->offset() ? IsStillTheSame() : false;
}

FileChain::Step FileChain::Close(Origin::At at) {
  const std::int64_t modified = std::max(file_->info().modified, file_look_.last().modified);
  origin_ = {.at = at, .place = Position(), .modified = modified};
  file_.reset();
  return Step::kAgain;
}

FileChain::Step FileChain::Fail(absl::Status status) {
  status_ = std::move(status);
  return Step::kNothing;
}

void FileChain::Account(std::string_view bytes) {
  given_ += bytes.size();
  in_line_ = bytes.back() != '\n';
}

void FileChain::CollectDamages() {
  const std::size_t first = damages_.size();
  file_->TakeDamages(damages_);
  const Segment& segment = segments_.back();
  for (std::size_t i = first; i < damages_.size(); ++i) {
    damages_[i].offset += segment.begin - segment.place.offset;
  }
}

void FileChain::TakeDamages(std::vector<Damage>& damages) {
  damages.insert(damages.end(), damages_.begin(), damages_.end());
  damages_.clear();
}

std::uint64_t FileChain::size_hint() const {
  if (segments_.empty()) {
    return given_;
  }
  const std::uint64_t offset = Position().offset;
  return given_ + (known_size_ > offset ? known_size_ - offset : 0);
}

bool FileChain::MayHaveMore() const {
  const bool is_rotated = file_path_ != path_;
  if (owes_feed_ || segments_.empty() || (file_ != nullptr && is_rotated)) {
    return true;
  }
  const absl::StatusOr<FileInfo> own = InfoOf(file_path_);
  if (!own.ok() || !file_look_.Rests(*own) || own->size != Position().offset) {
    return true;
  }
  if (!is_rotated) {
    return false;
  }
  const absl::StatusOr<FileInfo> watched = Watched(InfoOf(path_));
  return !watched.ok() || !wait_look_.Rests(*watched);
}

FilePlace FileChain::Segment::PlaceOf(std::uint64_t offset) const {
  FilePlace found = place;
  if (found.offset != FilePlace::kEndOfFile) {
    found.offset += std::min(offset, end) - begin;
  }
  return found;
}

std::optional<FilePlace> FileChain::PlaceOf(std::uint64_t offset) const {
  const auto after =
      std::find_if(segments_.begin(), segments_.end(),
                   [offset](const Segment& segment) { return segment.begin > offset; });
  if (after == segments_.begin()) {
    return std::nullopt;
  }
  return std::prev(after)->PlaceOf(offset);
}

void FileChain::ForgetBefore(std::uint64_t offset) {
  while (segments_.size() > 1 && segments_[1].begin <= offset) {
    segments_.pop_front();
  }
}

}  // namespace hark::ingest
