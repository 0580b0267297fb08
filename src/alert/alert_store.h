#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "alert/alert_reader.h"
#include "alert/outbox.h"
#include "alert/retention.h"
#include "alert/revision.h"
#include "alert/sqlite.h"
#include "base/mutex.h"

namespace hark::alert {

struct AlertStoreOptions {
  // The file never grows beyond it: a commit that would make it grow is ResourceExhausted. 0: the
  // disk is the limit. Retention keeps well below it.
  std::uint64_t max_file_bytes = 0;
};

// The alert revisions of a daemon, where its outputs are, dead letters and silences, in one SQLite
// database (alert_schema.h). What a call has committed survives a kill and a loss of power; a call
// that fails has changed nothing and may be made again. Errors are those of sqlite.h.
//
// Thread-safe: calls wait for each other. Queries go to an AlertReader, which waits for nobody and
// for whom nobody waits.
class AlertStore {
 public:
  // Makes the database if there is none. FailedPrecondition if a newer hark has written it.
  // REQUIRES: nobody else writes it: the caller holds the lock of the data_dir.
  static absl::StatusOr<AlertStore> Open(const std::string& path,
                                         const AlertStoreOptions& options = {});

  // What one commit brings, all of it or nothing.
  struct Batch {
    std::span<const Revision> revisions = {};  // as the detector made them
    std::uint64_t position = 0;  // in the fact log: up to it all revisions are stored now
    // Number of the snapshot that is about to be renamed.
    std::optional<std::uint64_t> snapshot = {};
  };
  // A revision whose (id, n) is here already is passed over: a restart makes the last ones again.
  absl::Status Commit(const Batch& batch);
  // The state files of the snapshots before that number are gone: what they kept alive may go.
  absl::Status ForgetSnapshotsBefore(std::uint64_t number);

  // An output is done with all revisions up to that sequence number; those that it could not
  // deliver are dead letters from then on. The first call makes the output known (0: everything is
  // still to be delivered): from then on retention waits for it.
  absl::Status Advance(std::string_view output, std::int64_t sequence,
                       std::span<const DeadLetter> dead_letters = {});
  // The output is no more.
  absl::Status RemoveOutput(std::string_view output);
  absl::StatusOr<std::int64_t> PurgeDeadLetters(std::string_view output, std::int64_t up_to);

  // As outbox's of these names.
  absl::StatusOr<std::int64_t> ReplayDeadLetters(std::string_view output, std::int64_t number);
  absl::Status RemoveDeadLetter(std::int64_t number);
  absl::Status ReturnDeadLetter(const DeadLetter& letter);

  // Returns the number of the new silence; the one in `silence` does not count.
  absl::StatusOr<std::int64_t> AddSilence(const Silence& silence);
  absl::Status ExpireSilence(std::int64_t number, Micros moment);

  // One step (retention.h); a caller that has time goes on until it is done.
  absl::StatusOr<RetentionResult> Retain(const RetentionLimits& limits);

  // A connection for one thread.
  absl::StatusOr<AlertReader> OpenReader() const { return AlertReader::Open(path_); }

 private:
  // Made once: a commit would else spend more on compiling its statements than on running them.
  struct Statements {
    SqliteStatement find_alert, add_alert, change_alert, add_revision, set_position, add_snapshot;
  };
  // Behind a pointer, so that the store can be moved.
  struct Writer {
    Writer(SqliteDatabase opened, Statements made, std::int64_t last)
        : database(std::move(opened)), statements(std::move(made)), last_sequence(last) {}
    Mutex mutex;
    SqliteDatabase database ABSL_GUARDED_BY(mutex);
    Statements statements ABSL_GUARDED_BY(mutex);
    std::int64_t last_sequence ABSL_GUARDED_BY(mutex);  // of the last stored revision
  };

  AlertStore(std::string path, std::unique_ptr<Writer> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}

  static absl::StatusOr<Statements> PrepareAll(SqliteDatabase& database);
  // Stores it as number `sequence`; false if it is here already.
  static absl::StatusOr<bool> Add(Writer& writer, const Revision& revision, std::int64_t sequence)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer.mutex);

  std::string path_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace hark::alert
