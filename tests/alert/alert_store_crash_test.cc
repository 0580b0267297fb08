// What a kill at any moment leaves: everything that was committed, once, and a position that fits.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_store.h"
#include "support/case_count.h"
#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::alert {
namespace {

using ::hark::testing::CaseCount;
using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::TempDir;

constexpr std::uint64_t kCommitsASnapshot = 7;

// What a detector makes of one fact log: the same batches each time. Commit number i takes the
// position to i + 1.
std::vector<std::vector<Revision>> MakeBatches(std::size_t count, std::mt19937_64& random) {
  std::vector<std::vector<Revision>> batches(count);
  std::vector<std::uint32_t> last_n;  // by alert
  for (std::vector<Revision>& batch : batches) {
    for (std::uint64_t left = random() % 6; left > 0; --left) {
      const std::size_t alert = random() % (last_n.size() + 3);
      if (alert >= last_n.size()) {
        last_n.push_back(0);
      }
      const std::size_t number = std::min(alert, last_n.size() - 1);
      batch.push_back(MakeTestRevision(number, ++last_n[number]));
      batch.back().json += std::string(random() % 8'000, ' ');
    }
  }
  return batches;
}

std::optional<std::uint64_t> SnapshotAt(std::uint64_t position) {
  return position % kCommitsASnapshot == 0 ? std::optional(position / kCommitsASnapshot)
                                           : std::nullopt;
}

// A daemon's life: from the last snapshot on it makes the revisions again, and goes on. Tells of
// each commit by a byte. Ends only by a kill, or when all is committed.
[[noreturn]] void RunDaemon(const std::string& path,
                            const std::vector<std::vector<Revision>>& batches, int told) {
  absl::StatusOr<AlertStore> store = AlertStore::Open(path);
  if (!store.ok()) {
    _exit(1);
  }
  std::uint64_t position = 0;
  {
    absl::StatusOr<AlertReader> reader = store->OpenReader();
    const std::vector<SnapshotMark> marks = *reader->Snapshots();
    position = marks.empty() ? 0 : marks.back().position;
  }
  for (; position < batches.size(); ++position) {
    const std::uint64_t next = position + 1;
    const absl::Status status = store->Commit(
        {.revisions = batches[position], .position = next, .snapshot = SnapshotAt(next)});
    if (!status.ok() || write(told, "x", 1) != 1) {
      _exit(1);
    }
  }
  _exit(0);
}

struct Death {
  std::uint64_t commits = 0;  // that the daemon has told of
  bool killed = false;
};

// Runs a daemon and kills it once it has told of so many commits, and `per_mille` of the time that
// a commit took later: anywhere in one of the next commits.
Death RunAndKill(const std::string& path, const std::vector<std::vector<Revision>>& batches,
                 std::uint64_t commits, std::uint64_t per_mille) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t daemon = fork();
  if (daemon == 0) {
    close(ends[0]);
    RunDaemon(path, batches, ends[1]);
  }
  close(ends[1]);
  Death death;
  char byte = 0;
  const auto start = std::chrono::steady_clock::now();
  while (death.commits < commits && read(ends[0], &byte, 1) == 1) {
    ++death.commits;
  }
  const auto taken = (std::chrono::steady_clock::now() - start) / (death.commits + 1);
  std::this_thread::sleep_for(taken * per_mille / 1000);
  kill(daemon, SIGKILL);
  while (read(ends[0], &byte, 1) == 1) {
    ++death.commits;
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(daemon, &status, 0), daemon);
  death.killed = WIFSIGNALED(status);
  EXPECT_TRUE(death.killed || WEXITSTATUS(status) == 0);
  return death;
}

struct Contents {
  std::uint64_t position = 0;
  std::uint64_t restart_position = 0;  // of the last snapshot
  std::vector<Revision> revisions;
};

Contents ReadAll(const std::string& path) {
  absl::StatusOr<AlertStore> store = AlertStore::Open(path);
  EXPECT_THAT(store, IsOk());
  absl::StatusOr<AlertReader> reader = store->OpenReader();
  EXPECT_THAT(reader, IsOk());
  Contents contents;
  contents.position = *reader->Position();
  const std::vector<SnapshotMark> marks = *reader->Snapshots();
  for (const SnapshotMark& mark : marks) {
    EXPECT_EQ(SnapshotAt(mark.position), mark.number);
    contents.restart_position = mark.position;
  }
  std::int64_t sequence = 0;
  while (true) {
    const std::vector<StoredRevision> more = *reader->RevisionsAfter(sequence, 1000);
    if (more.empty()) {
      return contents;
    }
    for (const StoredRevision& stored : more) {
      EXPECT_EQ(stored.sequence, ++sequence);
      contents.revisions.push_back(stored.revision);
    }
  }
}

TEST(AlertStoreCrashTest, WhatWasCommittedIsThereOnceAfterAKillAtAnyMoment) {
  std::mt19937_64 random(20261123);
  const TempDir folder;
  const std::string path = folder.Path("hark.db");
  const std::uint64_t kills = CaseCount(200);
  const std::vector<std::vector<Revision>> batches = MakeBatches(kills * 8, random);

  std::uint64_t furthest = 0;  // how many batches must be there
  std::uint64_t start = 0;     // where the next daemon begins
  for (bool finished = false; !finished;) {
    const Death death = RunAndKill(path, batches, random() % 10, random() % 2000);
    finished = !death.killed && start + death.commits == batches.size();
    const Contents contents = ReadAll(path);

    const std::uint64_t told = start + death.commits;
    if (death.commits > 0) {
      EXPECT_GE(contents.position, told);
    }
    EXPECT_LE(contents.position, std::max(told + 1, furthest + 1));
    EXPECT_EQ(contents.restart_position,
              std::max(contents.position, furthest) / kCommitsASnapshot * kCommitsASnapshot);
    furthest = std::max(furthest, contents.position);
    std::vector<Revision> expected;
    for (std::uint64_t i = 0; i < furthest; ++i) {
      expected.insert(expected.end(), batches[i].begin(), batches[i].end());
    }
    ASSERT_EQ(contents.revisions, expected) << "after " << furthest << " batches";
    start = contents.restart_position;
  }
  EXPECT_EQ(furthest, batches.size());
}

}  // namespace
}  // namespace hark::alert
