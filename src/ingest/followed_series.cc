#include "ingest/followed_series.h"

#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "ingest/follow_cursor.h"
#include "ingest/log_file.h"
#include "ingest/series_search.h"

namespace hark::ingest {
namespace {

using At = FileChain::Origin::At;

// Nothing is there yet but, perhaps, an empty file.
FileChain::Origin Nothing(const std::optional<SeriesFiles>& listing) {
  FileChain::Origin origin;
  if (listing && listing->rotated.empty() && listing->current && listing->current->size == 0) {
    origin.nothing_but = listing->current;
  }
  return origin;
}

// kOldest if the file has no content by which it could be known.
absl::StatusOr<FileChain::Origin> PlaceIn(LogFile& file) {
  ASSIGN_OR_RETURN(const ContentHead head, file.Head());
  if (!head.IsDistinct()) {
    return FileChain::Origin();
  }
  return FileChain::Origin{.at = At::kPlace,
                           .place = {.file = FingerprintOf(head), .offset = file.offset()}};
}

// A file that is known to be the first one need not be looked for.
FileChain::Origin BeginningOf(const std::string& path, const std::optional<SeriesFiles>& listing) {
  FileChain::Origin origin = Nothing(listing);
  if (!listing || (listing->rotated.empty() && !listing->current)) {
    return origin;
  }
  const FoundFile first = listing->rotated.empty()
                              ? FoundFile{.path = path, .info = *listing->current}
                              : listing->rotated.front();
  const absl::StatusOr<std::unique_ptr<LogFile>> file = LogFile::Open(first.path);
  if (!file.ok() || !(*file)->info().IsSameFile(first.info) || !(*file)->SkipTo(0).ok()) {
    return origin;
  }
  absl::StatusOr<FileChain::Origin> place = PlaceIn(**file);
  return place.ok() && place->at == At::kPlace ? *place : origin;
}

// What cannot be read now has been written to since this moment, if it matters.
FileChain::Origin SinceNow(const std::string& path) {
  const absl::StatusOr<FileInfo> info = InfoOf(path);
  return {.at = At::kSince, .modified = info.ok() ? info->modified : 0};
}

FileChain::Origin EndOf(const std::string& path, const std::optional<SeriesFiles>& listing) {
  absl::StatusOr<std::unique_ptr<LogFile>> file = LogFile::Open(path);
  absl::StatusOr<FileChain::Origin> place;
  if (file.ok() && (*file)->SkipLines().ok()) {
    place = PlaceIn(**file);
    if (place.ok() && place->at == At::kPlace) {
      return *place;
    }
  }
  if (!file.ok() && !absl::IsNotFound(file.status())) {
    return SinceNow(path);
  }
  if (listing && listing->rotated.empty()) {
    return Nothing(listing);
  }
  absl::StatusOr<SeriesSearch::Found> last = SeriesSearch(path).End();
  if (!last.ok() || last->is_moving) {
    return SinceNow(path);
  }
  if (last->file == nullptr) {
    return Nothing(listing);
  }
  place = PlaceIn(*last->file);
  return place.ok() && place->at == At::kPlace ? *place : SinceNow(path);
}

}  // namespace

FollowedSeries::FollowedSeries(Options options, InputErrors& notices)
    : options_(std::move(options)), notices_(notices) {}

FollowedSeries::~FollowedSeries() = default;

absl::StatusOr<std::unique_ptr<FollowedSeries>> FollowedSeries::Create(Options options,
                                                                       InputErrors& notices) {
  std::unique_ptr<FollowedSeries> series(new FollowedSeries(std::move(options), notices));
  const Options& wanted = series->options_;
  switch (wanted.start.from) {
    case From::kBeginning:
      series->origin_ = BeginningOf(wanted.path, wanted.listing);
      break;
    case From::kEnd:
      series->origin_ = EndOf(wanted.path, wanted.listing);
      break;
    case From::kCursor: {
      ASSIGN_OR_RETURN(const FollowCursor cursor, FollowCursor::Parse(wanted.start.cursor));
      series->origin_ = {.at = At::kPlace, .place = cursor.place};
      series->first_position_ = cursor.position;
      break;
    }
  }
  series->Rewind();
  return series;
}

bool FollowedSeries::Rewind() {
  auto chain = std::make_unique<FileChain>(options_.path, origin_, notices_);
  chain_ = chain.get();
  records_ = std::make_unique<RecordSource>(options_.identity, std::move(chain), options_.limits);
  is_at_end_ = false;
  end_position_ = first_position_;
  return true;
}

absl::Status FollowedSeries::Read(std::size_t max_bytes, RecordBatch& batch) {
  if (is_at_end_ && !chain_->MayHaveMore()) {
    batch.Clear();
    batch.offset = end_position_;
    return chain_->status();
  }
  RETURN_IF_ERROR(records_->Read(max_bytes, batch));
  batch.offset += first_position_;
  for (Damage& damage : batch.damages) {
    damage.offset += first_position_;
  }
  chain_->ForgetBefore(records_->resume_offset());
  is_at_end_ = batch.at_end();
  end_position_ = batch.end_offset();
  return is_at_end_ ? chain_->status() : absl::OkStatus();
}

std::uint64_t FollowedSeries::size_hint() const {
  return first_position_ + chain_->size_hint();
}

std::string FollowedSeries::cursor() const {
  const std::uint64_t offset = records_->resume_offset();
  const std::optional<FilePlace> place = chain_->PlaceOf(offset);
  return place ? FollowCursor{.position = first_position_ + offset, .place = *place}.ToText() : "";
}

}  // namespace hark::ingest
