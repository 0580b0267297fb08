#include "ingest/kafka_source.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "ingest/batch_buffer.h"
#include "ingest/byte_stream.h"
#include "ingest/compressed_format.h"
#include "ingest/decompress_stream.h"

namespace hark::ingest {
namespace {

// However small messages are: positions are kept for each.
constexpr std::size_t kMaxMessages = 16'384;

// The bytes of one value. A copy: messages do not outlive the consumer.
class ValueStream final : public ByteStream {
 public:
  explicit ValueStream(std::string_view value) : value_(value) {}

  absl::StatusOr<std::size_t> Read(char* data, std::size_t size) override {
    const std::size_t length = std::min(size, value_.size() - given_);
    std::memcpy(data, value_.data() + given_, length);
    given_ += length;
    return length;
  }
  std::uint64_t size_hint() const override { return value_.size(); }

 private:
  const std::string value_;
  std::size_t given_ = 0;
};

std::string_view ValueOf(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

void Append(std::string_view value, std::int64_t offset, std::size_t& size, RecordBatch& batch) {
  ReserveBuffer(batch, size, size + value.size());
  std::memcpy(batch.buffer.get() + size, value.data(), value.size());
  batch.messages.push_back({.begin = size, .offset = static_cast<std::uint64_t>(offset)});
  size += value.size();
}

}  // namespace

KafkaSource::KafkaSource(std::shared_ptr<KafkaPartition> partition, std::uint64_t source,
                         KafkaCursor place, Options options)
    : partition_(std::move(partition)),
      source_(source),
      options_(std::move(options)),
      cursor_(std::move(place)) {}

absl::Status KafkaSource::Read(std::size_t max_bytes, RecordBatch& batch) {
  batch.Clear();
  if (opened_ != nullptr) {
    return ReadOpened(max_bytes, batch);
  }
  ReserveBuffer(batch, 0, max_bytes);
  const absl::Status status = Gather(max_bytes, batch);
  if (!batch.at_end()) {
    return absl::OkStatus();  // what it is comes again with the next Read
  }
  return opened_ != nullptr ? ReadOpened(max_bytes, batch) : status;
}

absl::Status KafkaSource::Gather(std::size_t max_bytes, RecordBatch& batch) {
  batch.offset = static_cast<std::uint64_t>(cursor_.offset);
  std::size_t size = 0;
  std::uint64_t messages = 0;
  absl::Status status;
  while (size < max_bytes && messages < kMaxMessages && opened_ == nullptr) {
    // Only the first one is waited for.
    const auto wait = messages == 0 ? KafkaPartition::Wait::kShortly : KafkaPartition::Wait::kNo;
    status = partition_->Take(source_, wait, taken_);
    if (!status.ok() || taken_.message == nullptr) {
      break;
    }
    ++messages;
    const rd_kafka_message_t& message = *taken_.message;
    if (cursor_.topic_id != taken_.topic_id) {
      cursor_.topic_id = taken_.topic_id;
    }
    if (taken_.is_damaged) {
      batch.damages.push_back({.reason = RejectReason::kDamaged,
                               .offset = static_cast<std::uint64_t>(message.offset),
                               .length = 0});
      cursor_.offset = std::max(cursor_.offset, message.offset + 1);
      continue;
    }
    const std::string_view value = ValueOf(message);
    if (MustBeOpened(value)) {
      cursor_.offset = message.offset;
      status = Open(message.offset, value, max_bytes);
      break;
    }
    cursor_.offset = message.offset + 1;
    if (value.empty()) {
      ++batch.empty_messages;
    } else {
      Append(value, message.offset, size, batch);
    }
  }
  taken_.message.reset();
  if (!batch.messages.empty()) {
    batch.offset = batch.messages.front().offset;
  }
  SetData(batch, size);
  batch.next_offset = static_cast<std::uint64_t>(cursor_.offset);
  return status;
}

bool KafkaSource::MustBeOpened(std::string_view value) const {
  return value.size() > std::min(options_.limits.max_record_bytes, options_.limits.long_list) ||
         FormatOf(value) != CompressedFormat::kNone;
}

absl::Status KafkaSource::Open(std::int64_t offset, std::string_view value, std::size_t max_bytes) {
  opened_ = std::make_unique<Opened>();
  opened_->offset = offset;
  opened_->records = std::make_unique<RecordSource>(
      RecordSource::Identity{.name = name(), .cluster = cluster()},
      Decompress(std::make_unique<ValueStream>(value)), options_.limits);
  return ReadAhead(max_bytes);
}

absl::Status KafkaSource::ReadAhead(std::size_t max_bytes) {
  const absl::Status status = opened_->records->Read(max_bytes, opened_->ahead);
  opened_->ahead.turn.Release();  // the next Read may be another thread's
  RETURN_IF_ERROR(status);
  if (opened_->ahead.at_end()) {
    // Of nothing but white space nothing is told, as in a file.
    cursor_.offset = opened_->offset + 1;
    opened_.reset();
  }
  return absl::OkStatus();
}

absl::Status KafkaSource::ReadOpened(std::size_t max_bytes, RecordBatch& batch) {
  std::swap(batch, opened_->ahead);
  batch.turn.TakeFor(batch.capacity);
  batch.offset = static_cast<std::uint64_t>(opened_->offset);
  for (Damage& damage : batch.damages) {
    damage.offset = batch.offset;
  }
  batch.messages.push_back({.begin = 0, .offset = batch.offset});
  absl::Status status = ReadAhead(max_bytes);
  batch.next_offset = static_cast<std::uint64_t>(cursor_.offset);
  return status;
}

}  // namespace hark::ingest
