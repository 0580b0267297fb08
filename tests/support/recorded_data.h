#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hark::testing {

// The path of a file or folder of the recorded logs (environment variable HARK_DATA), or nothing
// where they are not.
inline std::optional<std::string> RecordedPath(std::string_view name) {
  // Nothing in a test changes the environment.
  const char* const root = std::getenv("HARK_DATA");  // NOLINT(concurrency-mt-unsafe)
  if (root == nullptr) {
    return std::nullopt;
  }
  const std::filesystem::path path = std::filesystem::path(root) / name;
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? std::optional(path.string()) : std::nullopt;
}

// What a command prints; nothing if it fails.
inline std::optional<std::string> OutputOf(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    return std::nullopt;
  }
  std::string output;
  std::array<char, 1 << 16> buffer{};
  for (std::size_t size = 1; size > 0;) {
    size = std::fread(buffer.data(), 1, buffer.size(), pipe);
    output.append(buffer.data(), size);
  }
  return pclose(pipe) == 0 ? std::optional(std::move(output)) : std::nullopt;
}

// The lines of a recorded log, at most `limit`, decompressed by the program zstd if its name ends
// in ".zst". Nothing if there is no such log, or no such program.
inline std::optional<std::vector<std::string>> RecordedLines(std::string_view name,
                                                             std::size_t limit = SIZE_MAX) {
  const std::optional<std::string> path = RecordedPath(name);
  if (!path.has_value()) {
    return std::nullopt;
  }
  std::optional<std::string> text;
  if (name.ends_with(".zst")) {
    text = OutputOf("zstd -dcq '" + *path + "'");
  } else {
    std::ifstream file(*path, std::ios::binary);
    text.emplace(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (!text.has_value()) {
    return std::nullopt;
  }
  std::vector<std::string> lines;
  for (std::string_view rest = *text; !rest.empty() && lines.size() < limit;) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    lines.emplace_back(line);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return lines;
}

}  // namespace hark::testing
