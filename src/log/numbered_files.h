#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "base/file_system.h"

namespace hark::log {

// Segments and snapshots are files whose names are numbers with 20 digits, so that they sort as the
// numbers do, and an ending: "00000000000000000001.seg". Until such a file is whole and on the disk
// it has one more ending.
inline constexpr std::string_view kTemporaryEnding = ".tmp";

std::string NumberedName(std::uint64_t number, std::string_view ending);
// nullopt for the name of anything else. No file has the number 0.
std::optional<std::uint64_t> ParseNumberedName(std::string_view name, std::string_view ending);

// Removes what a crash has left unfinished in a directory.
absl::Status RemoveTemporaryFiles(FileSystem& file_system, const std::string& directory);

}  // namespace hark::log
