#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"

#include "hark/source.h"

#include "ingest/byte_stream.h"

namespace hark::ingest {

// The lines of a byte stream, in batches that end at a line feed. The last line need not have one.
//
// A record longer than max_record_bytes (and than a batch) is cut out and counted, and the next one
// is read: one absurd line costs neither unbounded memory nor the rest of the file.
// Not thread-safe.
class LineSource final : public Source {
 public:
  static constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;

  struct Identity {
    std::string name;     // of the source
    std::string cluster;  // may be empty
  };
  LineSource(Identity identity, std::unique_ptr<ByteStream> stream,
             std::size_t max_record_bytes = kMaxRecordBytes);

  const std::string& name() const override { return identity_.name; }
  const std::string& cluster() const override { return identity_.cluster; }
  std::uint64_t size_hint() const override { return stream_->size_hint(); }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override;
  bool Rewind() override { return false; }

 private:
  // Appends what one read brings, up to `target` bytes in all.
  absl::Status Fill(std::size_t target, RecordBatch& batch);
  // Drops the rest of a record that is too large, up to and with its line feed.
  absl::Status DropRecord(RecordBatch& batch);
  // Ends the batch after `length` of its `size_` bytes and keeps the others for the next one.
  void Cut(std::size_t length, RecordBatch& batch);

  const Identity identity_;
  const std::unique_ptr<ByteStream> stream_;
  const std::size_t max_record_bytes_;
  std::string carry_;         // read, but not yet given out: mostly the start of a line
  std::size_t size_ = 0;      // bytes in the buffer of the batch that is being read
  std::uint64_t offset_ = 0;  // of the buffer's first byte
  bool ended_ = false;        // the stream has ended
};

}  // namespace hark::ingest
