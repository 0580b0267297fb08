#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

#include "hark/source.h"

#include "base/hash128.h"
#include "base/json_scanner.h"
#include "ingest/byte_stream.h"

namespace hark::ingest {

// The records of a byte stream (base/record_scan.h), in batches that end between two records.
//
// Nearly all logs have an object a line; where the first and the last line of a batch are objects,
// the batch ends there, and nobody has looked at the bytes in between. Else records are found by
// their brackets.
//
// A list that is longer than kLongList, an EventList or an array of any length, is not held at
// once: its items are given out as records, with the text before the list as the batch's context. A
// record longer than max_record_bytes is cut out and counted, and the next one is read: one absurd
// record costs neither unbounded memory nor the rest of the file. How a text is cut into records
// does not depend on the size of batches, as long as they are smaller than kLongList; of a list
// that is damaged, what is rejected may.
//
// Where the stream has nothing now (ByteStream::may_go_on), Read gives the whole records that it
// has, at last batch.at_end(), and keeps what is unfinished until more comes. Not thread-safe.
class RecordSource final : public Source {
 public:
  static constexpr std::size_t kMaxRecordBytes = std::size_t{64} << 20;
  static constexpr std::size_t kLongList = std::size_t{4} << 20;
  // So many bytes of a record that is passed over are kept in its Damage.
  static constexpr std::size_t kMaxStartBytes = std::size_t{1} << 20;

  struct Identity {
    std::string name;     // of the source
    std::string cluster;  // may be empty
  };
  struct Limits {
    std::size_t max_record_bytes = kMaxRecordBytes;
    std::size_t long_list = kLongList;
    // A record that is longer is read in such steps, or much of what comes behind it would have to
    // be kept.
    std::size_t long_read = std::size_t{1} << 20;
  };
  RecordSource(Identity identity, std::unique_ptr<ByteStream> stream, const Limits& limits);
  RecordSource(Identity identity, std::unique_ptr<ByteStream> stream)
      : RecordSource(std::move(identity), std::move(stream), Limits()) {}

  const std::string& name() const override { return identity_.name; }
  const std::string& cluster() const override { return identity_.cluster; }
  std::uint64_t size_hint() const override { return stream_->size_hint(); }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override;
  bool Rewind() override { return false; }

  // The place in the stream from which another RecordSource would give what this one has not given
  // yet: behind the last batch or, within a long list and a record that is passed over, before it.
  std::uint64_t resume_offset() const {
    return place_ == Place::kRecords ? offset_ : container_offset_;
  }

 private:
  // What the buffer's first byte belongs to.
  enum class Place {
    kRecords,     // the stream itself
    kList,        // a long list; context_ is what was before it
    kTail,        // what follows a long list up to the end of its container
    kLongRecord,  // a record that is too long
    kLongLine,    // the same, but found by its line
  };
  enum class Step { kMore, kAgain, kBatch };

  // Each does one step with the bytes that were read: asks for more, has changed place_ or dropped
  // bytes and wants to be asked again, or has made the batch.
  Step Advance(std::size_t max_bytes, RecordBatch& batch);
  Step AdvanceRecords(std::size_t max_bytes, RecordBatch& batch);
  Step ScanRecords(std::size_t max_bytes, RecordBatch& batch);
  Step AdvanceOpenRecord(std::size_t begin, std::size_t max_bytes, RecordBatch& batch);
  Step AdvanceList(std::size_t max_bytes, RecordBatch& batch);
  Step AwaitItem(std::size_t begin, std::size_t max_bytes, RecordBatch& batch);
  Step DropBlanks(RecordBatch& batch);
  Step EnterList(std::size_t begin, std::size_t list, RecordBatch& batch);
  Step LeaveList(std::size_t after, RecordBatch& batch);
  Step BreakList(RecordBatch& batch);
  Step PassOverRecord(std::size_t begin, RecordBatch& batch);
  Step PassOver(RecordBatch& batch);
  Step PassOverTail(RecordBatch& batch);
  bool is_passing_over() const {
    return place_ == Place::kLongRecord || place_ == Place::kLongLine;
  }
  // Ends the batch, though nothing more may come for a while.
  void Pause(RecordBatch& batch);
  bool IsLongList(std::string_view record) const;
  // Whether it is worth while to look at bytes in which no end of a record was found.
  bool ShallSearch(std::size_t max_bytes, const RecordBatch& batch);
  // The record at the buffer's start has no end yet.
  void Await(std::string_view record);
  // A batch of one size is never refused.
  std::size_t Limit(std::size_t max_bytes) const {
    return std::max(limits_.max_record_bytes, max_bytes);
  }

  // Appends what one read brings.
  void Fill(std::size_t max_bytes, RecordBatch& batch);
  // Forgets the first bytes of the buffer.
  void Drop(std::size_t length, RecordBatch& batch);
  void ForgetSearch() { searched_ = probed_ = 0; }
  // Ends the batch after `length` bytes and keeps the others for the next one.
  Step Cut(std::size_t length, RecordBatch& batch);

  const Identity identity_;
  const std::unique_ptr<ByteStream> stream_;
  const Limits limits_;
  Place place_ = Place::kRecords;
  std::string context_;
  std::uint64_t container_offset_ = 0;    // of the outermost thing that is not behind us
  Place after_record_ = Place::kRecords;  // that is passed over
  std::size_t long_record_ = 0;           // that is passed over: index into the batch's damages
  Damage passed_over_;                    // the same, between two Reads
  JsonScanner scanner_;
  std::string carry_;         // read, but not yet given out: mostly the start of a record
  std::size_t size_ = 0;      // bytes in the buffer of the batch that is being read
  std::size_t searched_ = 0;  // so many of them are known to hold no end of a record
  std::size_t probed_ = 0;    // so many of them probe_ was given; 0: it is not used
  JsonScanner probe_;         // of a long record, looks for its end as it is read
  Sha256Stream hash_;         // of the record that is passed over
  std::uint64_t offset_ = 0;  // of the buffer's first byte
  int open_records_ = 0;      // that proved to be none
  bool ended_ = false;        // the stream has ended
  bool is_dry_ = false;       // in this Read: the stream has nothing now
  absl::Status error_;        // why, if not by its end
};

}  // namespace hark::ingest
