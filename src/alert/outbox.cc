#include "alert/outbox.h"

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::alert::outbox {
namespace {

constexpr std::string_view kLetterColumns =
    "number, output, id, n, failed, attempts, status, reason, answer, detected, json";

// What a dead letter takes in the database, about.
std::int64_t BytesOf(const DeadLetter& letter) {
  constexpr std::size_t kRowBytes = 512;  // all but the two long texts
  return static_cast<std::int64_t>(kRowBytes + letter.json.size() + letter.answer.size());
}

absl::StatusOr<std::vector<DeadLetter>> ReadLetters(SqliteStatement& statement) {
  std::vector<DeadLetter> letters;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return letters;
    }
    letters.push_back({.number = statement.Integer(0),
                       .output = std::string(statement.Text(1)),
                       .id = std::string(statement.Text(2)),
                       .n = static_cast<std::uint32_t>(statement.Integer(3)),
                       .failed = statement.Integer(4),
                       .attempts = static_cast<std::uint32_t>(statement.Integer(5)),
                       .status = static_cast<int>(statement.Integer(6)),
                       .reason = std::string(statement.Text(7)),
                       .answer = std::string(statement.Text(8)),
                       .detected = statement.Integer(9),
                       .json = std::string(statement.Text(10))});
  }
}

}  // namespace

absl::StatusOr<Cursors> ReadCursors(SqliteDatabase& database) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("SELECT output, sequence FROM cursors ORDER BY output"));
  Cursors cursors;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return cursors;
    }
    cursors.emplace_back(statement.Text(0), statement.Integer(1));
  }
}

absl::StatusOr<std::optional<std::int64_t>> ReadCursor(SqliteDatabase& database,
                                                       std::string_view output) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("SELECT sequence FROM cursors WHERE output = ?"));
  statement.BindText(1, output);
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  return has_row ? std::optional(statement.Integer(0)) : std::nullopt;
}

absl::Status WriteCursor(SqliteDatabase& database, std::string_view output, std::int64_t sequence) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("INSERT OR REPLACE INTO cursors VALUES(?, ?)"));
  statement.BindText(1, output);
  statement.BindInteger(2, sequence);
  return statement.Run();
}

absl::Status RemoveCursor(SqliteDatabase& database, std::string_view output) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("DELETE FROM cursors WHERE output = ?"));
  statement.BindText(1, output);
  return statement.Run();
}

absl::Status AddDeadLetter(SqliteDatabase& database, const DeadLetter& letter) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare("INSERT INTO dead_letters(output, id, n, failed, attempts, status, reason, "
                       "answer, detected, json, bytes) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  statement.BindText(1, letter.output);
  statement.BindText(2, letter.id);
  statement.BindInteger(3, letter.n);
  statement.BindInteger(4, letter.failed);
  statement.BindInteger(5, letter.attempts);
  statement.BindInteger(6, letter.status);
  statement.BindText(7, letter.reason);
  statement.BindText(8, letter.answer);
  statement.BindInteger(9, letter.detected);
  statement.BindText(10, letter.json);
  statement.BindInteger(11, BytesOf(letter));
  return statement.Run();
}

absl::StatusOr<std::vector<DeadLetter>> ReadDeadLetters(SqliteDatabase& database,
                                                        std::string_view output, std::int64_t after,
                                                        std::size_t limit) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare(absl::StrFormat(
                       "SELECT %s FROM dead_letters "
                       "WHERE (?1 = '' OR output = ?1) AND number > ?2 ORDER BY number LIMIT ?3",
                       kLetterColumns)));
  statement.BindText(1, output);
  statement.BindInteger(2, after);
  statement.BindInteger(3, static_cast<std::int64_t>(limit));
  return ReadLetters(statement);
}

absl::StatusOr<std::int64_t> PurgeDeadLetters(SqliteDatabase& database, std::string_view output,
                                              std::int64_t up_to) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare("DELETE FROM dead_letters WHERE (?1 = '' OR output = ?1) AND number <= ?2"));
  statement.BindText(1, output);
  statement.BindInteger(2, up_to);
  RETURN_IF_ERROR(statement.Run());
  return database.changes();
}

absl::StatusOr<std::vector<DeadLetter>> ReadLettersToReplay(SqliteDatabase& database,
                                                            std::string_view output,
                                                            std::size_t limit) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare(absl::StrFormat("SELECT %s FROM dead_letters "
                                       "WHERE output = ? AND replay = 1 ORDER BY number LIMIT ?",
                                       kLetterColumns)));
  statement.BindText(1, output);
  statement.BindInteger(2, static_cast<std::int64_t>(limit));
  return ReadLetters(statement);
}

absl::StatusOr<std::int64_t> ReplayDeadLetters(SqliteDatabase& database, std::string_view output,
                                               std::int64_t number) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("UPDATE dead_letters SET replay = 1 "
                                    "WHERE (?1 = '' OR output = ?1) AND (?2 = 0 OR number = ?2)"));
  statement.BindText(1, output);
  statement.BindInteger(2, number);
  RETURN_IF_ERROR(statement.Run());
  return database.changes();
}

absl::Status RemoveDeadLetter(SqliteDatabase& database, std::int64_t number) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("DELETE FROM dead_letters WHERE number = ?"));
  statement.BindInteger(1, number);
  return statement.Run();
}

absl::Status ReturnDeadLetter(SqliteDatabase& database, const DeadLetter& letter) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("UPDATE dead_letters SET replay = 0, failed = ?2, attempts = "
                                    "?3, status = ?4, reason = ?5, answer = ?6, bytes = ?7 "
                                    "WHERE number = ?1"));
  statement.BindInteger(1, letter.number);
  statement.BindInteger(2, letter.failed);
  statement.BindInteger(3, letter.attempts);
  statement.BindInteger(4, letter.status);
  statement.BindText(5, letter.reason);
  statement.BindText(6, letter.answer);
  statement.BindInteger(7, BytesOf(letter));
  return statement.Run();
}

absl::StatusOr<std::int64_t> CountDeadLetters(SqliteDatabase& database, std::string_view output) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database.Prepare("SELECT COUNT(*) FROM dead_letters WHERE output = ?"));
  statement.BindText(1, output);
  RETURN_IF_ERROR(statement.Step().status());
  return statement.Integer(0);
}

absl::StatusOr<std::int64_t> AddSilence(SqliteDatabase& database, const Silence& silence) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare("INSERT INTO silences(matchers, reason, author, created, until) "
                       "VALUES(?, ?, ?, ?, ?) RETURNING number"));
  statement.BindText(1, silence.matchers);
  statement.BindText(2, silence.reason);
  statement.BindText(3, silence.author);
  statement.BindInteger(4, silence.created);
  statement.BindInteger(5, silence.until);
  RETURN_IF_ERROR(statement.Step().status());
  const std::int64_t number = statement.Integer(0);
  RETURN_IF_ERROR(statement.Run());
  return number;
}

absl::StatusOr<std::vector<Silence>> ReadSilences(SqliteDatabase& database,
                                                  std::optional<Micros> moment) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare("SELECT number, matchers, reason, author, created, until "
                       "FROM silences WHERE ?1 IS NULL OR (created <= ?1 AND ?1 < until) "
                       "ORDER BY number"));
  if (moment.has_value()) {
    statement.BindInteger(1, *moment);
  }
  std::vector<Silence> silences;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return silences;
    }
    silences.push_back({.number = statement.Integer(0),
                        .matchers = std::string(statement.Text(1)),
                        .reason = std::string(statement.Text(2)),
                        .author = std::string(statement.Text(3)),
                        .created = statement.Integer(4),
                        .until = statement.Integer(5)});
  }
}

absl::Status ExpireSilence(SqliteDatabase& database, std::int64_t number, Micros moment) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database.Prepare("UPDATE silences SET until = MIN(until, ?2) WHERE number = ?1"));
  statement.BindInteger(1, number);
  statement.BindInteger(2, moment);
  RETURN_IF_ERROR(statement.Run());
  return database.changes() > 0
             ? absl::OkStatus()
             : absl::NotFoundError(absl::StrFormat("there is no silence %d", number));
}

}  // namespace hark::alert::outbox
