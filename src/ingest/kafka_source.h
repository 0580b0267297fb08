#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

#include "hark/source.h"

#include "ingest/kafka_cursor.h"
#include "ingest/kafka_partition.h"
#include "ingest/record_source.h"

namespace hark::ingest {

// The messages of a partition as records; KafkaConsumer has the contract.
//
// A value goes into the batch as it is, and the batch says where it begins and ends, so that what
// is broken in it stays in it. Only a value that is compressed by itself, or longer than a record
// may be, is opened here, as a file would be, and has batches of its own. Not thread-safe.
class KafkaSource final : public Source {
 public:
  struct Options {
    std::string cluster;
    RecordSource::Limits limits;
  };
  // `place`: where it begins, as the partition has given it.
  KafkaSource(std::shared_ptr<KafkaPartition> partition, std::uint64_t source, KafkaCursor place,
              Options options);

  const std::string& name() const override { return partition_->name(); }
  const std::string& cluster() const override { return options_.cluster; }
  std::uint64_t size_hint() const override { return 0; }

  absl::Status Read(std::size_t max_bytes, RecordBatch& batch) override;
  std::string cursor() const override { return cursor_.ToText(); }
  bool Rewind() override { return false; }

 private:
  // A value that is opened. `ahead` is what it gives next: so it is known which batch is its last.
  struct Opened {
    std::int64_t offset = 0;
    std::unique_ptr<RecordSource> records;
    RecordBatch ahead;
  };

  // Adds messages to the batch until it is full, none is there, or one is to be opened.
  absl::Status Gather(std::size_t max_bytes, RecordBatch& batch);
  bool MustBeOpened(std::string_view value) const;
  absl::Status Open(std::int64_t offset, std::string_view value, std::size_t max_bytes);
  absl::Status ReadOpened(std::size_t max_bytes, RecordBatch& batch);
  absl::Status ReadAhead(std::size_t max_bytes);

  const std::shared_ptr<KafkaPartition> partition_;
  const std::uint64_t source_;
  const Options options_;
  KafkaCursor cursor_;
  KafkaPartition::Taken taken_;  // holds no message between two Reads
  std::unique_ptr<Opened> opened_;
};

}  // namespace hark::ingest
