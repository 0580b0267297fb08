// Any bytes are a configuration or are diagnosed. Properties: what loads is shown as YAML that
// loads as the same configuration, and what a file of a secret holds is shown nowhere.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/diagnostics.h"
#include "config/loader.h"
#include "config/show.h"

namespace {

using hark::Diagnostics;
using hark::config::ConfigInput;
using hark::config::LoadConfig;
using hark::config::LoadedConfig;

constexpr const char* kSecret = "zq9Secret";

ConfigInput InputOf(std::string content) {
  ConfigInput input = {.files = {{"fuzz.yaml", std::move(content)}}};
  input.surroundings.variables = {{"A", "${B}: [x]\n- &a *a"}, {"B", "info"}, {"C", ""}};
  input.surroundings.read_file = [](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "none") {
      return absl::NotFoundError("cannot read none");
    }
    return std::string(kSecret);
  };
  return input;
}

bool HoldsSecret(const hark::config::Origins& origins) {
  for (const auto& [path, origin] : origins) {
    if (origin.secret) {
      return true;
    }
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(reinterpret_cast<const char*>(data), size);
  const bool names_secret = content.find(kSecret) != std::string::npos;
  const ConfigInput input = InputOf(content);
  Diagnostics diagnostics;
  const std::optional<LoadedConfig> loaded = LoadConfig(input, diagnostics);
  HARK_CHECK(loaded.has_value() != diagnostics.has_errors());
  const std::string problems = diagnostics.Format(input.files);
  HARK_CHECK(names_secret || problems.find(kSecret) == std::string::npos);
  if (!loaded.has_value()) {
    return 0;
  }
  const std::string shown = ShowConfig(*loaded);
  HARK_CHECK(names_secret || shown.find(kSecret) == std::string::npos);
  if (HoldsSecret(loaded->origins)) {
    return 0;
  }
  Diagnostics of_shown;
  const std::optional<LoadedConfig> again = LoadConfig(InputOf(shown), of_shown);
  HARK_CHECK(again.has_value() && again->config == loaded->config);
  return 0;
}
