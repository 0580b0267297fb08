#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"
#include "ingest/input_errors.h"
#include "ingest/record_source.h"

namespace hark::ingest {

// A source over regular files: one log, or a rotated series in its order. It is opened by the
// first Read, and closed at the end of the input, by an error and by Rewind: a source that is not
// being read costs its names and no descriptor.
//
// A single file that cannot be read is an error of Read. One of a series is told to `errors`, and
// the next one is read. Not thread-safe.
class FileSource final : public Source {
 public:
  // What is read. `size` is what the files take on disk, 0 if that says nothing of what they hold.
  struct Files {
    std::vector<std::string> paths;  // at least one
    std::uint64_t size = 0;
  };

  // `stop` as for FileStream::Open; it and `errors` must outlive the source.
  FileSource(RecordSource::Identity identity, Files files, const std::atomic<bool>* stop,
             InputErrors& errors, const RecordSource::Limits& limits = {});

  const std::string& name() const override { return identity_.name; }
  const std::string& cluster() const override { return identity_.cluster; }
  std::uint64_t size_hint() const override { return files_.size; }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override;
  bool Rewind() override;

 private:
  absl::StatusOr<std::unique_ptr<ByteStream>> Open() const;
  absl::Status OpenAndRead(std::size_t max_bytes, RecordBatch& batch);

  const RecordSource::Identity identity_;
  const Files files_;
  const std::atomic<bool>* const stop_;
  InputErrors& errors_;
  const RecordSource::Limits limits_;
  std::unique_ptr<Source> records_;  // null unless it is being read
  bool ended_ = false;
  std::uint64_t end_ = 0;  // if ended_: how many bytes there were
};

}  // namespace hark::ingest
