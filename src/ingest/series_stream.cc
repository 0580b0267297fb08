#include "ingest/series_stream.h"

#include <iterator>
#include <utility>

namespace hark::ingest {

SeriesStream::SeriesStream(std::vector<std::string> paths, Opener open, InputErrors& errors)
    : paths_(std::move(paths)), open_(std::move(open)), errors_(errors) {}

absl::StatusOr<std::size_t> SeriesStream::Read(char* data, std::size_t size) {
  while (file_ != nullptr || OpenNext()) {
    if (offset_ == file_start_ && in_line_) {
      // Only now is it known that something follows the file whose last line is cut off.
      *data = '\n';
      in_line_ = false;
      file_start_ = ++offset_;
      return 1U;
    }
    if (const std::size_t count = ReadFile(data, size); count > 0) {
      return count;
    }
  }
  return 0U;
}

bool SeriesStream::OpenNext() {
  while (next_ < paths_.size()) {
    absl::StatusOr<std::unique_ptr<ByteStream>> file = open_(paths_[next_++]);
    if (file.ok()) {
      file_ = *std::move(file);
      file_start_ = offset_;
      return true;
    }
    errors_.Add(std::move(file).status());
  }
  return false;
}

std::size_t SeriesStream::ReadFile(char* data, std::size_t size) {
  absl::StatusOr<std::size_t> count = file_->Read(data, size);
  if (!count.ok()) {
    errors_.Add(std::move(count).status());
    count = 0U;
  }
  if (*count > 0) {
    offset_ += *count;
    in_line_ = data[*count - 1] != '\n';
  } else {
    CollectDamages();
    file_.reset();
  }
  return *count;
}

void SeriesStream::CollectDamages() {
  const std::size_t first = damages_.size();
  file_->TakeDamages(damages_);
  for (std::size_t i = first; i < damages_.size(); ++i) {
    damages_[i].offset += file_start_;
  }
}

void SeriesStream::TakeDamages(std::vector<Damage>& damages) {
  if (file_ != nullptr) {
    CollectDamages();
  }
  damages.insert(damages.end(), std::make_move_iterator(damages_.begin()),
                 std::make_move_iterator(damages_.end()));
  damages_.clear();
}

}  // namespace hark::ingest
