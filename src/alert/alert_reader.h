#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "alert/alert_page.h"
#include "alert/alert_query.h"
#include "alert/outbox.h"
#include "alert/revision.h"
#include "alert/sqlite.h"

namespace hark::alert {

// A snapshot whose revisions are all in the database.
struct SnapshotMark {
  std::uint64_t number = 0;
  std::uint64_t position = 0;  // in the fact log
  friend bool operator==(const SnapshotMark&, const SnapshotMark&) = default;
};

struct RevisionSize {
  std::int64_t sequence = 0;
  std::uint64_t bytes = 0;  // of its JSON
};

// Reads hark.db over a connection of its own that can only read. No call waits for the writer or
// keeps it waiting. Each call sees one moment of the database, and keeps nothing of it open.
//
// Not thread-safe: one reader for each thread. Errors are those of sqlite.h.
class AlertReader {
 public:
  // FailedPrecondition if another version of hark has written the database.
  static absl::StatusOr<AlertReader> Open(const std::string& path);

  // --- for outputs
  // At most `limit` revisions after that sequence number, in the order in which they were stored;
  // fewer, but at least one, if they would be more than 8 MiB.
  absl::StatusOr<std::vector<StoredRevision>> RevisionsAfter(std::int64_t sequence,
                                                             std::size_t limit);
  // The newest revisions of the alerts that are open, of those whose newest one lies in (after,
  // up_to]; in their order, and as many as above.
  struct Range {
    std::int64_t after = 0, up_to = INT64_MAX;
  };
  absl::StatusOr<std::vector<StoredRevision>> OpenAlerts(const Range& range, std::size_t limit);
  // The sizes of at most `limit` revisions after that sequence number.
  absl::StatusOr<std::vector<RevisionSize>> SizesAfter(std::int64_t sequence, std::size_t limit);
  // Of the revision stored last, removed or not; 0 if there never was one.
  absl::StatusOr<std::int64_t> LastSequence();
  absl::StatusOr<Cursors> ReadCursors() { return outbox::ReadCursors(database_); }
  absl::StatusOr<std::optional<std::int64_t>> Cursor(std::string_view output) {
    return outbox::ReadCursor(database_, output);
  }
  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(std::string_view output, std::int64_t after,
                                                      std::size_t limit) {
    return outbox::ReadDeadLetters(database_, output, after, limit);
  }
  absl::StatusOr<std::vector<DeadLetter>> LettersToReplay(std::string_view output,
                                                          std::size_t limit) {
    return outbox::ReadLettersToReplay(database_, output, limit);
  }
  absl::StatusOr<std::int64_t> CountDeadLetters(std::string_view output) {
    return outbox::CountDeadLetters(database_, output);
  }
  absl::StatusOr<std::vector<Silence>> Silences(std::optional<Micros> moment) {
    return outbox::ReadSilences(database_, moment);
  }

  // --- for people
  // The newest revisions of the alerts that match, in the order in which the alerts were first
  // stored, the newest first. An alert that comes in while somebody turns pages moves no other one:
  // none is shown twice or left out. A page ends early at 8 MiB. InvalidArgument if the cursor is
  // none.
  absl::StatusOr<AlertPage> Query(const AlertQuery& query);
  // All revisions of one alert that are kept, in order; empty if there is none of that id.
  absl::StatusOr<AlertPage> RevisionsOf(std::string_view id);

  // --- for a start
  // Lowest number first.
  absl::StatusOr<std::vector<SnapshotMark>> Snapshots();
  // Up to where in the fact log every revision is here; 0 in a new database.
  absl::StatusOr<std::uint64_t> Position();
  absl::StatusOr<std::uint64_t> UsedBytes();

 private:
  static absl::StatusOr<std::vector<StoredRevision>> ReadRevisions(SqliteStatement& statement);

  explicit AlertReader(SqliteDatabase database) : database_(std::move(database)) {}

  SqliteDatabase database_;
};

}  // namespace hark::alert
