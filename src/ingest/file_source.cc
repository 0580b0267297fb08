#include "ingest/file_source.h"

#include <utility>

#include "base/status_macros.h"
#include "ingest/open_file.h"
#include "ingest/series_stream.h"

namespace hark::ingest {

FileSource::FileSource(RecordSource::Identity identity, Files files, const std::atomic<bool>* stop,
                       InputErrors& errors, const RecordSource::Limits& limits)
    : identity_(std::move(identity)),
      files_(std::move(files)),
      stop_(stop),
      errors_(errors),
      limits_(limits) {}

absl::Status FileSource::Read(std::size_t max_bytes, RecordBatch& batch) {
  if (ended_) {
    batch.Clear();
    batch.offset = end_;
    return absl::OkStatus();
  }
  absl::Status status = OpenAndRead(max_bytes, batch);
  if (!status.ok() || batch.at_end()) {
    end_ = status.ok() ? batch.end_offset() : 0;
    ended_ = true;
    records_.reset();
  }
  return status;
}

bool FileSource::Rewind() {
  records_.reset();
  ended_ = false;
  return true;
}

absl::StatusOr<std::unique_ptr<ByteStream>> FileSource::Open() const {
  if (files_.paths.size() == 1) {
    return OpenFile(files_.paths.front(), stop_);
  }
  return std::make_unique<SeriesStream>(
      files_.paths, [stop = stop_](const std::string& path) { return OpenFile(path, stop); },
      errors_);
}

absl::Status FileSource::OpenAndRead(std::size_t max_bytes, RecordBatch& batch) {
  if (records_ == nullptr) {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteStream> stream, Open());
    records_ = std::make_unique<RecordSource>(identity_, std::move(stream), limits_);
  }
  return records_->Read(max_bytes, batch);
}

}  // namespace hark::ingest
