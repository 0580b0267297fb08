#include "log/numbered_files.h"

#include <charconv>
#include <cstddef>
#include <system_error>
#include <vector>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"

namespace hark::log {
namespace {

constexpr std::size_t kDigits = 20;

}  // namespace

std::string NumberedName(std::uint64_t number, std::string_view ending) {
  return absl::StrFormat("%020u%s", number, ending);
}

std::optional<std::uint64_t> ParseNumberedName(std::string_view name, std::string_view ending) {
  std::uint64_t number = 0;
  if (name.size() != kDigits + ending.size() || name.substr(kDigits) != ending) {
    return std::nullopt;
  }
  const char* const end = name.data() + kDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) {
    return std::nullopt;
  }
  return number;
}

absl::Status RemoveTemporaryFiles(FileSystem& file_system, const std::string& directory) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, file_system.List(directory));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(kTemporaryEnding); });
  for (const std::string& name : names) {
    RETURN_IF_ERROR(file_system.Remove(JoinPath(directory, name)));
  }
  return absl::OkStatus();
}

}  // namespace hark::log
