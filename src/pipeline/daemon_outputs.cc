#include "pipeline/daemon_outputs.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "absl/time/time.h"

#include "alert/file_destination.h"
#include "alert/stream_destination.h"
#include "base/status_macros.h"

namespace hark::pipeline {
namespace {

// What is on this machine is only full or closed for a time, and a wall clock that jumps makes
// nothing too old for it.
constexpr absl::Duration kForEver = absl::InfiniteDuration();

}  // namespace

absl::StatusOr<std::vector<alert::OutputSettings>> MakeOutputs(const config::OutputsConfig& config,
                                                               const alert::TableOptions& table) {
  std::vector<alert::OutputSettings> outputs;
  if (config.to_stdout.enabled) {
    const bool is_table = config.to_stdout.format == config::AlertFormat::kTable;
    ASSIGN_OR_RETURN(
        std::unique_ptr<alert::Destination> destination,
        alert::StreamDestination::Open(
            STDOUT_FILENO, is_table ? alert::StreamFormat::kTable : alert::StreamFormat::kJsonl,
            table));
    outputs.push_back({.name = "stdout",
                       .kind = "stdout",
                       .destination = std::move(destination),
                       .filter = {.min_level = config.to_stdout.min_level},
                       .max_age = kForEver});
  }
  for (const config::FileOutputConfig& file : config.files) {
    ASSIGN_OR_RETURN(std::unique_ptr<alert::Destination> destination,
                     alert::FileDestination::Open(file.path));
    outputs.push_back({.name = "file:" + file.path,
                       .kind = "file",
                       .destination = std::move(destination),
                       .filter = {.min_level = file.min_level},
                       .max_age = kForEver});
  }
  return outputs;
}

}  // namespace hark::pipeline
