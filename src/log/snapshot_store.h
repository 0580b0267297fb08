#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/file_system.h"
#include "log/snapshot.h"
#include "log/snapshot_writer.h"

namespace hark::log {

// Snapshots that are kept.
constexpr std::size_t kKeptSnapshots = 2;

// A section that the program can read: exactly this version of it.
struct KnownSection {
  std::string name;
  std::uint32_t version = 0;
};

struct LoadedSnapshot {
  std::optional<Snapshot> snapshot;  // nullopt if there is none that can be used
  std::vector<std::string> skipped;  // why newer ones were not, a sentence each
};

// The snapshots in a directory, `state/<number>.snap`. Two are kept: should the newest turn out to
// be damaged, the one before it and the fact log from there on give the same state.
//
// Not thread-safe; but its writers may be used by other threads meanwhile.
class SnapshotStore {
 public:
  // Makes the directory if need be and removes what is left of unfinished snapshots. New ones get
  // numbers above all that are there and above `last_committed`, the highest in the database: it
  // may hold that of a snapshot which a crash kept from getting its name. REQUIRES: this process
  // alone uses the directory (DataDir). The file system must outlive it.
  static absl::StatusOr<std::unique_ptr<SnapshotStore>> Open(FileSystem& file_system,
                                                             const std::string& directory,
                                                             std::uint64_t last_committed = 0);

  // The newest snapshot that is whole and whose number `is_committed`: the database holds all
  // revisions up to its position. Others are skipped and reported.
  // FailedPrecondition, with the file and what it is: that snapshot is of another version of hark,
  // or has a section that is not in `known`. To take an older one would silently forget.
  absl::StatusOr<LoadedSnapshot> Load(const std::vector<KnownSection>& known,
                                      const std::function<bool(std::uint64_t)>& is_committed);

  // Begins the next snapshot, of a state that has seen the fact log up to and with `position`, and
  // that belongs to a rule set of the version `rules`.
  absl::StatusOr<std::unique_ptr<SnapshotWriter>> Begin(std::uint64_t position,
                                                        const std::string& rules);

  // Puts a sealed snapshot in its place, durably, and then removes all but the two newest.
  // REQUIRES: all revisions up to its position, and its number, are committed.
  absl::Status Publish(std::unique_ptr<SnapshotWriter> writer);

  // The number of the oldest snapshot that is known to be good; 0 if there is none.
  std::uint64_t oldest_number() const { return kept_.empty() ? 0 : kept_.front().number; }

  // The first fact-log position that a start may need: FactLog::CutBefore may be given it. It is 1
  // as long as there are not two snapshots that are known to be good.
  std::uint64_t keep_from() const;

 private:
  struct Kept {
    std::uint64_t number = 0;
    std::uint64_t position = 0;
  };

  SnapshotStore(FileSystem& file_system, std::string directory)
      : file_system_(file_system), directory_(std::move(directory)) {}

  // The numbers of the snapshots that there are, in order.
  absl::StatusOr<std::vector<std::uint64_t>> FindNumbers();
  void RemoveAllBut(const std::vector<Kept>& kept);
  std::string PathOf(std::uint64_t number) const;

  FileSystem& file_system_;
  const std::string directory_;
  std::uint64_t next_number_ = 1;
  std::vector<Kept> kept_;  // at most two, known to be good, oldest first
};

}  // namespace hark::log
