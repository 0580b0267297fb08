#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "base/status_macros.h"
#include "log/numbered_files.h"
#include "log/snapshot_store.h"
#include "support/fault_file_system.h"
#include "support/status_matchers.h"

namespace hark::log {

inline const std::string kState = "/state";

inline std::string PathOf(std::uint64_t number) {
  return JoinPath(kState, NumberedName(number, kSnapshotEnding));
}

inline std::unique_ptr<SnapshotStore> OpenStore(FileSystem& file_system,
                                                std::uint64_t last_committed = 0) {
  auto store = SnapshotStore::Open(file_system, kState, last_committed);
  EXPECT_THAT(store, testing::IsOk());
  return store.ok() ? *std::move(store) : nullptr;
}

// What the tests take for the state after a fact record.
inline std::string StateAt(std::uint64_t position) {
  return "state after " + std::to_string(position) + std::string(position % 50, '.');
}

struct Pieces {
  std::size_t piece = 16;  // bytes at a time
};

// A sealed snapshot of StateAt(position).
inline absl::StatusOr<std::unique_ptr<SnapshotWriter>> WriteSealed(SnapshotStore& store,
                                                                   std::uint64_t position,
                                                                   Pieces pieces = {}) {
  ASSIGN_OR_RETURN(std::unique_ptr<SnapshotWriter> writer, store.Begin(position, "rules"));
  const std::string state = StateAt(position);
  writer->BeginSection("windows", 1);
  for (std::string_view rest = state; !rest.empty();) {
    const std::string_view piece = rest.substr(0, pieces.piece);
    RETURN_IF_ERROR(writer->Append(piece));
    rest.remove_prefix(piece.size());
  }
  writer->BeginSection("empty", 3);
  RETURN_IF_ERROR(writer->Seal());
  return writer;
}

inline absl::Status Take(SnapshotStore& store, std::uint64_t position, Pieces pieces = {}) {
  ASSIGN_OR_RETURN(std::unique_ptr<SnapshotWriter> writer, WriteSealed(store, position, pieces));
  return store.Publish(std::move(writer));
}

struct LoadRequest {
  std::uint64_t last_committed = std::numeric_limits<std::uint64_t>::max();
  std::vector<KnownSection> known = {{.name = "windows", .version = 1},
                                     {.name = "empty", .version = 3}};
};

inline absl::StatusOr<LoadedSnapshot> Load(SnapshotStore& store, const LoadRequest& request) {
  return store.Load(request.known,
                    [&request](std::uint64_t number) { return number <= request.last_committed; });
}

inline absl::StatusOr<LoadedSnapshot> LoadAny(SnapshotStore& store) {
  return Load(store, {});
}

}  // namespace hark::log
