#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"

namespace hark::config {

// What the machine adds to a configuration. A test makes its own.
struct Surroundings {
  std::map<std::string, std::string> variables;  // of the environment
  // The text of a small file, for ${file:...} and for the files that hold secrets.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};

// Those of this process.
Surroundings SystemSurroundings();

// Reads a configuration file whole, at most 4 MiB. It may be a pipe.
absl::StatusOr<std::string> ReadConfigFile(const std::string& path);

// Reads a file that holds one value, at most 64 KiB, and cuts one line feed at its end. Fails for
// what is no regular file: opening a pipe or a device could wait for ever. Messages of both name
// the path and nothing of the content.
absl::StatusOr<std::string> ReadValueFile(const std::string& path);

}  // namespace hark::config
