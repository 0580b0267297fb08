#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "hark/event.h"

#include "alert/sqlite.h"

namespace hark::alert {

// A revision that an output could not deliver. It holds all that sending it again takes.
struct DeadLetter {
  std::int64_t number = 0;  // given by the store
  std::string output;
  std::string id;  // (id, n) of the revision
  std::uint32_t n = 0;
  Micros failed = 0;  // time of the last attempt
  std::uint32_t attempts = 0;
  int status = 0;  // of the last answer; 0 if there was none
  std::string reason;
  std::string answer;  // the beginning of the last answer's body
  Micros detected = 0;
  std::string json;  // of the revision
  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

// Alerts that nobody wants to be told of for some time. They are stored all the same.
struct Silence {
  std::int64_t number = 0;  // given by the store
  std::string matchers;     // as their author wrote them; the store does not look into them
  std::string reason, author;
  Micros created = 0;
  Micros until = 0;
  friend bool operator==(const Silence&, const Silence&) = default;
};

// Where the outputs are, by their names in order.
using Cursors = std::vector<std::pair<std::string, std::int64_t>>;

// The tables behind them, as functions on a connection. Each is one statement; what belongs
// together is put into a transaction by the caller.
namespace outbox {

absl::StatusOr<Cursors> ReadCursors(SqliteDatabase& database);
// nullopt if the output has none.
absl::StatusOr<std::optional<std::int64_t>> ReadCursor(SqliteDatabase& database,
                                                       std::string_view output);
absl::Status WriteCursor(SqliteDatabase& database, std::string_view output, std::int64_t sequence);
absl::Status RemoveCursor(SqliteDatabase& database, std::string_view output);

absl::Status AddDeadLetter(SqliteDatabase& database, const DeadLetter& letter);
// At most `limit` whose number is above `after`, lowest first; of all outputs if it is empty.
absl::StatusOr<std::vector<DeadLetter>> ReadDeadLetters(SqliteDatabase& database,
                                                        std::string_view output, std::int64_t after,
                                                        std::size_t limit);
// Removes those up to that number, of all outputs if it is empty; how many there were.
absl::StatusOr<std::int64_t> PurgeDeadLetters(SqliteDatabase& database, std::string_view output,
                                              std::int64_t up_to);

// Those that the output is to try again, at most `limit`, lowest first.
absl::StatusOr<std::vector<DeadLetter>> ReadLettersToReplay(SqliteDatabase& database,
                                                            std::string_view output,
                                                            std::size_t limit);
// The output is to try them again: that of the number, or where it is 0 all of the output, or of
// all outputs. How many there are.
absl::StatusOr<std::int64_t> ReplayDeadLetters(SqliteDatabase& database, std::string_view output,
                                               std::int64_t number);
// It has been delivered. Nothing if there is none of that number.
absl::Status RemoveDeadLetter(SqliteDatabase& database, std::int64_t number);
// It was refused once more: all but its place and its revision is replaced.
absl::Status ReturnDeadLetter(SqliteDatabase& database, const DeadLetter& letter);
absl::StatusOr<std::int64_t> CountDeadLetters(SqliteDatabase& database, std::string_view output);

// The number of the new silence.
absl::StatusOr<std::int64_t> AddSilence(SqliteDatabase& database, const Silence& silence);
// All of them, or those that hold at a moment: created <= moment < until.
absl::StatusOr<std::vector<Silence>> ReadSilences(SqliteDatabase& database,
                                                  std::optional<Micros> moment);
// The silence ends then, if it does not end earlier. NotFound if there is none of that number.
absl::Status ExpireSilence(SqliteDatabase& database, std::int64_t number, Micros moment);

}  // namespace outbox
}  // namespace hark::alert
