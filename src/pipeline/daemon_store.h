#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "alert/alert_store.h"
#include "base/file_system.h"
#include "detect/engine.h"
#include "log/data_dir.h"
#include "log/fact_log.h"
#include "log/snapshot.h"
#include "log/snapshot_store.h"
#include "pipeline/rule_archive.h"

namespace hark::pipeline {

// Everything that a daemon keeps on disk: facts/, state/, rules/ and hark.db in its data_dir.
struct DaemonStore {
  log::DataDir directory;
  alert::AlertStore alerts;
  RuleArchive archive;
  std::unique_ptr<log::FactLog> fact_log;
  std::unique_ptr<log::SnapshotStore> snapshots;
  std::optional<log::Snapshot> snapshot;  // to go on from; none: the fact log begins at its first
                                          // record
  bool is_draining = false;               // it is to be ended: nothing may be read any more
  std::vector<std::string> skipped;       // why newer snapshots cannot be used, a sentence each
};

struct DaemonStoreOptions {
  std::string data_dir;
  log::FactLogOptions fact_log = {};
  detect::EngineOptions engine = {};
  std::shared_ptr<const rules::RuleSet> rules = nullptr;  // those of the configuration
  bool drain = false;  // one that another `run --drain` had begun to end may be ended
};

// Opens the data_dir, or makes it, and finds the snapshot to go on from. The file system must
// outlive the store. Fails, and says why, where going on would forget or judge twice: another
// process uses it; it has ended; a part of the fact log is gone that the database or the snapshot
// has seen; there is no snapshot, and the fact log's beginning was cut; another version of hark
// wrote it.
absl::StatusOr<DaemonStore> OpenDaemonStore(FileSystem& file_system,
                                            const DaemonStoreOptions& options);

}  // namespace hark::pipeline
