#include "alert/alert_schema.h"

#include <array>

namespace hark::alert {
namespace {

// `opened` is the sequence number of an alert's first stored revision: a place in a list that no
// later revision moves, and that stays free when the alert is removed. AUTOINCREMENT remembers the
// highest number when its row is gone.
constexpr std::array<const char*, 3> kMigrations = {R"sql(
CREATE TABLE alerts(
  opened INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  newest INTEGER NOT NULL,
  n INTEGER NOT NULL,
  rule_id TEXT NOT NULL,
  rule_name TEXT NOT NULL,
  actor TEXT NOT NULL,
  cluster TEXT NOT NULL,
  level INTEGER NOT NULL,
  state INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  closed INTEGER,
  detected INTEGER NOT NULL
);
CREATE INDEX alerts_by_actor ON alerts(actor, opened);
CREATE INDEX alerts_removable ON alerts(newest, detected) WHERE state = 2;

CREATE TABLE revisions(
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  alert INTEGER NOT NULL REFERENCES alerts(opened) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  level INTEGER NOT NULL,
  state INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  closed INTEGER,
  detected INTEGER NOT NULL,
  json TEXT NOT NULL,
  UNIQUE(alert, n)
);

CREATE TABLE snapshots(
  number INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  sequence INTEGER NOT NULL
);
CREATE TABLE position(
  one INTEGER PRIMARY KEY CHECK(one = 1),
  position INTEGER NOT NULL
);
INSERT INTO position VALUES(1, 0);

CREATE TABLE cursors(
  output TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE dead_letters(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  output TEXT NOT NULL,
  id TEXT NOT NULL,
  n INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  status INTEGER NOT NULL,
  reason TEXT NOT NULL,
  answer TEXT NOT NULL,
  detected INTEGER NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX dead_letters_by_output ON dead_letters(output, number);

CREATE TABLE silences(
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  matchers TEXT NOT NULL,
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  created INTEGER NOT NULL,
  until INTEGER NOT NULL
);
)sql",
                                                    R"sql(
ALTER TABLE dead_letters ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;
CREATE INDEX dead_letters_to_replay ON dead_letters(output, number) WHERE replay = 1;
)sql",
                                                    R"sql(
CREATE INDEX alerts_by_age ON alerts(detected, newest) WHERE state = 2;
ALTER TABLE dead_letters ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE dead_letters SET bytes = 512 + LENGTH(CAST(json AS BLOB)) +
    LENGTH(CAST(answer AS BLOB));
DROP INDEX dead_letters_by_output;
CREATE INDEX dead_letters_by_output ON dead_letters(output, replay, number, bytes);
CREATE INDEX dead_letters_by_age ON dead_letters(failed) WHERE replay = 0;
)sql"};

}  // namespace

std::span<const char* const> AlertSchema() {
  return kMigrations;
}

}  // namespace hark::alert
