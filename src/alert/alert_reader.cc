#include "alert/alert_reader.h"

#include <charconv>
#include <system_error>
#include <variant>

#include "absl/strings/str_format.h"

#include "alert/alert_schema.h"
#include "alert/retention.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::size_t kMaxPageBytes = std::size_t{8} << 20;
constexpr std::string_view kCursorPrefix = "v1-";
constexpr std::string_view kRevisionColumns =
    "r.sequence, a.id, r.n, a.rule_id, a.rule_name, r.level, r.state, a.actor, a.cluster, r.first, "
    "r.last, r.closed, r.detected, r.json";

// What of an alert decides whether it is wanted, as SQL. Values are never a part of the text.
class Conditions {
 public:
  void Add(std::string_view condition) { text_ += absl::StrFormat(" AND %s", condition); }
  void Add(std::string_view condition, std::int64_t value) {
    Add(condition);
    values_.emplace_back(value);
  }
  void Add(std::string_view condition, const std::string& value) {
    Add(condition);
    values_.emplace_back(value);
  }

  const std::string& text() const { return text_; }
  void Bind(SqliteStatement& statement) const {
    int parameter = 0;
    for (const auto& value : values_) {
      ++parameter;
      if (const auto* const number = std::get_if<std::int64_t>(&value)) {
        statement.BindInteger(parameter, *number);
      } else {
        statement.BindText(parameter, std::get<std::string>(value));
      }
    }
  }

 private:
  std::string text_ = "TRUE";
  std::vector<std::variant<std::int64_t, std::string>> values_;
};

Conditions ConditionsOf(const AlertQuery& query) {
  Conditions conditions;
  if (query.rule.has_value()) {
    conditions.Add("? IN (a.rule_id, a.rule_name)", *query.rule);
  }
  if (query.min_level != Severity::kInformational) {
    conditions.Add("a.level >= ?", static_cast<std::int64_t>(query.min_level));
  }
  if (query.actor.has_value()) {
    conditions.Add("a.actor = ?", *query.actor);
  }
  if (query.cluster.has_value()) {
    conditions.Add("a.cluster = ?", *query.cluster);
  }
  if (query.from.has_value()) {
    conditions.Add("a.last >= ?", *query.from);
  }
  if (query.to.has_value()) {
    conditions.Add("a.first < ?", *query.to);
  }
  switch (query.state) {
    case StateFilter::kAny:
      break;
    case StateFilter::kOpen:
      conditions.Add("a.state <> ?", static_cast<std::int64_t>(AlertState::kClosed));
      break;
    case StateFilter::kOpened:
      conditions.Add("a.state = ?", static_cast<std::int64_t>(AlertState::kOpened));
      break;
    case StateFilter::kEscalated:
      conditions.Add("a.state = ?", static_cast<std::int64_t>(AlertState::kEscalated));
      break;
    case StateFilter::kClosed:
      conditions.Add("a.state = ?", static_cast<std::int64_t>(AlertState::kClosed));
      break;
  }
  if (!query.id_prefix.empty()) {
    conditions.Add("a.id >= ?", query.id_prefix);
    conditions.Add("a.id < ?", query.id_prefix + "g");  // the first letter behind the hex digits
  }
  return conditions;
}

std::string CursorAt(std::int64_t opened) {
  return absl::StrFormat("%s%d", kCursorPrefix, opened);
}

// The place in the list from which on alerts are shown.
absl::StatusOr<std::int64_t> ParseCursor(std::string_view cursor) {
  if (cursor.empty()) {
    return INT64_MAX;
  }
  std::int64_t opened = 0;
  const char* const end = cursor.data() + cursor.size();
  if (cursor.starts_with(kCursorPrefix)) {
    const auto [rest, error] = std::from_chars(cursor.data() + kCursorPrefix.size(), end, opened);
    if (error == std::errc() && rest == end && opened > 0) {
      return opened;
    }
  }
  return InvalidArgument("cursor: \"%s\" is none that this list has given", cursor);
}

}  // namespace

absl::StatusOr<AlertReader> AlertReader::Open(const std::string& path) {
  ASSIGN_OR_RETURN(SqliteDatabase database,
                   SqliteDatabase::Open(path, SqliteDatabase::Mode::kReadOnly));
  RETURN_IF_ERROR(CheckSqliteVersion(database, AlertSchema().size()));
  return AlertReader(std::move(database));
}

absl::StatusOr<std::vector<StoredRevision>> AlertReader::RevisionsAfter(std::int64_t sequence,
                                                                        std::size_t limit) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database_.Prepare(absl::StrFormat(
                       "SELECT %s FROM revisions r JOIN alerts a ON a.opened = r.alert "
                       "WHERE r.sequence > ? ORDER BY r.sequence LIMIT ?",
                       kRevisionColumns)));
  statement.BindInteger(1, sequence);
  statement.BindInteger(2, static_cast<std::int64_t>(limit));
  return ReadRevisions(statement);
}

absl::StatusOr<std::vector<StoredRevision>> AlertReader::OpenAlerts(const Range& range,
                                                                    std::size_t limit) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_.Prepare(absl::StrFormat(
          "SELECT %s FROM alerts a JOIN revisions r ON r.sequence = a.newest "
          "WHERE a.state <> 2 AND a.newest > ? AND a.newest <= ? ORDER BY a.newest LIMIT ?",
          kRevisionColumns)));
  statement.BindInteger(1, range.after);
  statement.BindInteger(2, range.up_to);
  statement.BindInteger(3, static_cast<std::int64_t>(limit));
  return ReadRevisions(statement);
}

absl::StatusOr<std::vector<StoredRevision>> AlertReader::ReadRevisions(SqliteStatement& statement) {
  std::vector<StoredRevision> revisions;
  for (std::size_t bytes = 0; bytes < kMaxPageBytes;) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      break;
    }
    revisions.push_back({.sequence = statement.Integer(0),
                         .revision = {.id = std::string(statement.Text(1)),
                                      .n = static_cast<std::uint32_t>(statement.Integer(2)),
                                      .rule_id = std::string(statement.Text(3)),
                                      .rule_name = std::string(statement.Text(4)),
                                      .level = static_cast<Severity>(statement.Integer(5)),
                                      .state = static_cast<AlertState>(statement.Integer(6)),
                                      .actor = std::string(statement.Text(7)),
                                      .cluster = std::string(statement.Text(8)),
                                      .first = statement.Integer(9),
                                      .last = statement.Integer(10),
                                      .closed = statement.Integer(11),
                                      .detected = statement.Integer(12),
                                      .json = std::string(statement.Text(13))}});
    bytes += revisions.back().revision.json.size();
  }
  return revisions;
}

absl::StatusOr<std::vector<RevisionSize>> AlertReader::SizesAfter(std::int64_t sequence,
                                                                  std::size_t limit) {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database_.Prepare("SELECT sequence, LENGTH(CAST(json AS BLOB)) FROM revisions "
                                     "WHERE sequence > ? ORDER BY sequence LIMIT ?"));
  statement.BindInteger(1, sequence);
  statement.BindInteger(2, static_cast<std::int64_t>(limit));
  std::vector<RevisionSize> sizes;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return sizes;
    }
    sizes.push_back({.sequence = statement.Integer(0),
                     .bytes = static_cast<std::uint64_t>(statement.Integer(1))});
  }
}

absl::StatusOr<std::int64_t> AlertReader::LastSequence() {
  return database_.QueryInteger("SELECT seq FROM sqlite_sequence WHERE name = 'revisions'");
}

absl::StatusOr<AlertPage> AlertReader::Query(const AlertQuery& query) {
  ASSIGN_OR_RETURN(const std::int64_t before, ParseCursor(query.cursor));
  ASSIGN_OR_RETURN(SqliteTransaction transaction, SqliteTransaction::BeginRead(database_));
  AlertPage page;
  Conditions conditions = ConditionsOf(query);
  if (query.count) {
    ASSIGN_OR_RETURN(SqliteStatement count,
                     database_.Prepare(absl::StrFormat("SELECT COUNT(*) FROM alerts a WHERE %s",
                                                       conditions.text())));
    conditions.Bind(count);
    RETURN_IF_ERROR(count.Step().status());
    page.total = static_cast<std::uint64_t>(count.Integer(0));
  }
  conditions.Add("a.opened < ?", before);
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database_.Prepare(absl::StrFormat(
                       "SELECT a.opened, r.detected, r.json FROM alerts a "
                       "JOIN revisions r ON r.sequence = a.newest WHERE %s ORDER BY a.opened DESC",
                       conditions.text())));
  conditions.Bind(statement);
  std::int64_t last_opened = 0;
  std::size_t bytes = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      break;
    }
    if (page.alerts.size() == query.limit || bytes >= kMaxPageBytes) {
      page.next = CursorAt(last_opened);
      break;
    }
    last_opened = statement.Integer(0);
    page.alerts.push_back(
        {.detected = statement.Integer(1), .json = std::string(statement.Text(2))});
    bytes += page.alerts.back().json.size();
  }
  return page;
}

absl::StatusOr<AlertPage> AlertReader::RevisionsOf(std::string_view id) {
  ASSIGN_OR_RETURN(
      SqliteStatement statement,
      database_.Prepare("SELECT r.detected, r.json FROM alerts a "
                        "JOIN revisions r ON r.alert = a.opened WHERE a.id = ? ORDER BY r.n"));
  statement.BindText(1, id);
  AlertPage page;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return page;
    }
    page.alerts.push_back(
        {.detected = statement.Integer(0), .json = std::string(statement.Text(1))});
  }
}

absl::StatusOr<std::vector<SnapshotMark>> AlertReader::Snapshots() {
  ASSIGN_OR_RETURN(SqliteStatement statement,
                   database_.Prepare("SELECT number, position FROM snapshots ORDER BY number"));
  std::vector<SnapshotMark> marks;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) {
      return marks;
    }
    marks.push_back({.number = static_cast<std::uint64_t>(statement.Integer(0)),
                     .position = static_cast<std::uint64_t>(statement.Integer(1))});
  }
}

absl::StatusOr<std::uint64_t> AlertReader::Position() {
  ASSIGN_OR_RETURN(const std::int64_t position,
                   database_.QueryInteger("SELECT position FROM position"));
  return static_cast<std::uint64_t>(position);
}

absl::StatusOr<std::uint64_t> AlertReader::UsedBytes() {
  return alert::UsedBytes(database_);
}

}  // namespace hark::alert
