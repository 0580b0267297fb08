#pragma once

#include <span>

namespace hark::alert {

// The tables of hark.db, as migrations for MigrateSqlite: each brings the database from one version
// to the next. One that was released is never changed; the next one is added behind it.
//
//   alerts        one row an alert: what it is found by, and its newest revision
//   revisions     (alert, n) with the canonical JSON, in the order of `sequence`
//   snapshots     numbers of the state snapshots whose revisions are all here
//   position      one row: up to where in the fact log revisions are here
//   cursors       one row an output: the sequence number that it is done with
//   dead_letters  what an output could not deliver, whole: it outlives the revision; `replay` is 1
//                 while the output is to try it again, `bytes` what it takes, about
//   silences      what is stored, but not told to anybody
//
// Level and state are the numbers of Severity and AlertState; times are microseconds since 1970.
std::span<const char* const> AlertSchema();

}  // namespace hark::alert
