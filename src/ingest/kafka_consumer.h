#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "hark/source.h"

#include "base/log.h"
#include "ingest/kafka_options.h"

namespace hark::ingest {

// One membership in a consumer group: reads the topics of one entry of the configuration, each
// partition as a Source of its own, named
//
//   [CLUSTER=]kafka:[NAME/]TOPIC/PARTITION        "prod=kafka:audit/3"
//
// Where it begins is decided here and not by the group: at the partition's cursor, if the past has
// one; else where the group has committed; else at its first record, if the entry was read before,
// since then the partition is new; else as KafkaOptions::from_start says. A cursor whose records
// are gone (retention), or whose topic was made anew, costs an error in the log that says how many
// records are lost, and reading goes on with the first record that there is.
//
// How the sources of a partition behave:
// - cursor() is never empty, not even before the first Read. RecordBatch::end_offset() is the
//   offset of the next record.
// - Read waits for no more than some milliseconds. batch.at_end() is only said of a partition whose
//   broker has lately confirmed that there is nothing more.
// - Aborted: nothing can be said now, ask again soon: the first answer is not there yet, or the
//   partition is just moving between members. Nobody needs to be told of it.
//   Unavailable: the broker is away, the partition has no leader or belongs to another member.
//   PermissionDenied, Unauthenticated: what the broker says of this client. It is tried again.
//   FailedPrecondition: another member took this one's instance id; this one is out for good.
//   NotFound: the topic, or the partition, was deleted.
//   After each of them the next Read may succeed; what was not given before is given then.
// - Null values are counted as skipped, and passed. A value is cut into records as a file is, but
//   by itself: what is broken or too long in it does not reach into the next one.
// - At most one source of a partition is alive at a time; it may outlive the consumer, and its Read
//   then says FailedPrecondition.
//
// Thread-safe. Has a thread of its own, which serves the group: nothing here waits for a broker but
// the destructor, which waits some seconds at most.
class KafkaConsumer {
 public:
  struct Past {
    bool knows_entry = false;                    // it was read before
    std::map<std::string, std::string> cursors;  // by the source's name; others are harmless
  };
  struct Lag {
    std::string topic;
    int partition = 0;
    std::int64_t records = 0;  // that are there and were not given out
  };

  // Fails if the options or the files that they name are refused. The logger outlives the consumer
  // and its sources.
  static absl::StatusOr<std::unique_ptr<KafkaConsumer>> Create(const KafkaOptions& options,
                                                               Past past, Logger& logger);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // The partitions that were assigned to this member and are not given out yet, by name. To be
  // called every second or so. A partition that moves to another member and comes back stays the
  // source that it was. One whose Read said NotFound is given out again should it come back.
  std::vector<std::unique_ptr<Source>> FindNew();

  // A partition once more, behind that cursor; the source that it had before is gone.
  // InvalidArgument if the cursor is none, NotFound if the name is none of this consumer's.
  absl::StatusOr<std::unique_ptr<Source>> Reopen(const std::string& name,
                                                 const std::string& cursor);

  // Tells the group that all before these cursors is done with: those of the oldest snapshot, by
  // name. Of partitions that this member has; never back, best effort, and does not wait.
  void Commit(const std::map<std::string, std::string>& cursors);

  // Empty if this member reads every partition of its topics; else why not, for people.
  std::string why_not_ready() const;

  // Of the partitions of which it is known.
  std::vector<Lag> lags() const;

 private:
  class Impl;
  explicit KafkaConsumer(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace hark::ingest
