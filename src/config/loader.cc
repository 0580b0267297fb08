#include "config/loader.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/byte_size.h"
#include "base/status_macros.h"
#include "base/yaml_reader.h"
#include "config/config_schema.h"
#include "config/kafka_checks.h"
#include "config/outputs_checks.h"
#include "config/sources_checks.h"

namespace hark::config {
namespace {

namespace fs = std::filesystem;

bool IsConfigFileName(const std::string& name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

// What no setting shows alone.
class Checks {
 public:
  Checks(const LoadedConfig& loaded, Diagnostics& diagnostics)
      : config_(loaded.config), origins_(loaded.origins), diagnostics_(diagnostics) {}

  void Run() {
    CheckFactLog();
    if (config_.quarantine.raw && config_.quarantine.path.empty()) {
      diagnostics_.Error(PlaceOf({"quarantine.raw"}), "'quarantine.raw' needs 'quarantine.path'");
    }
    CheckPathsDiffer(config_.sources.files, "sources.files");
    CheckPathsDiffer(config_.outputs.files, "outputs.files");
    const ReportProblem report = [this](const std::string& path, const std::string& message) {
      diagnostics_.Error(PlaceNear(path), message);
    };
    CheckWebhookSources(config_, report);
    CheckOutputs(config_.outputs, report);
    CheckKafka(config_.sources.kafka, report);
  }

 private:
  // Where the first of these settings stands that has no default.
  Location PlaceOf(std::initializer_list<std::string> paths) const {
    for (const std::string& path : paths) {
      const auto origin = origins_.find(path);
      if (origin != origins_.end()) {
        return origin->second.location;
      }
    }
    return {};
  }

  // Where the setting stands, else where something of the map it belongs to does.
  Location PlaceNear(const std::string& path) const {
    const auto origin = origins_.find(path);
    if (origin != origins_.end()) {
      return origin->second.location;
    }
    const std::string map = path.substr(0, path.rfind('.'));
    const auto near = origins_.lower_bound(map);
    return near != origins_.end() && near->first.starts_with(map) ? near->second.location
                                                                  : Location();
  }

  // Two snapshots are kept, and the fact log behind the older one.
  void CheckFactLog() {
    const FactLogConfig& log = config_.fact_log;
    const std::int64_t least = log.segment_bytes + 2 * config_.snapshot.bytes;
    if (log.max_bytes < least) {
      diagnostics_.Error(
          PlaceOf({"fact_log.max_bytes", "snapshot.bytes", "fact_log.segment_bytes"}),
          absl::StrFormat("'fact_log.max_bytes' is %s, but a segment and twice 'snapshot.bytes' "
                          "are %s",
                          FormatByteSize(log.max_bytes), FormatByteSize(least)));
    }
  }

  template <typename Item>
  void CheckPathsDiffer(const std::vector<Item>& items, const std::string& list) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto [first, is_new] = seen.try_emplace(items[i].path, i);
      if (!is_new) {
        const std::string path = absl::StrFormat("%s[%d].path", list, i);
        diagnostics_.Error(PlaceOf({path}), absl::StrFormat("'%s' is the path of %s[%d], too", path,
                                                            list, first->second));
      }
    }
  }

  const Config& config_;
  const Origins& origins_;
  Diagnostics& diagnostics_;
};

void ReadFiles(const ConfigInput& input, SettingsReader& reader, Diagnostics& diagnostics) {
  for (const TextFile& file : input.files) {
    const std::vector<YamlNode> documents = ReadYaml(file, diagnostics);
    if (documents.size() > 1) {
      diagnostics.Error(documents[1].location, "a configuration file holds one document");
    }
    if (!documents.empty()) {
      reader.ReadFile(documents.front());
    }
  }
}

}  // namespace

std::string FolderOf(const std::string& path) {
  return fs::path(path).parent_path().string();
}

absl::StatusOr<std::vector<TextFile>> ReadConfigFiles(const std::string& path) {
  std::vector<TextFile> files;
  ASSIGN_OR_RETURN(std::string main_file, ReadConfigFile(path));
  files.push_back({path, std::move(main_file)});

  const fs::path folder = fs::path(path).parent_path() / "conf.d";
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return files;
  }
  std::vector<std::string> names;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (IsConfigFileName(entry->path().filename().string())) {
      names.push_back(entry->path().string());
    }
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("cannot read %s: %s", folder.string(), error.message()));
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(std::string content, ReadConfigFile(name));
    files.push_back({name, std::move(content)});
  }
  return files;
}

std::optional<LoadedConfig> LoadConfig(const ConfigInput& input, Diagnostics& diagnostics) {
  LoadedConfig loaded;
  Diagnostics own;
  SettingsReader reader(ConfigSchema(), &loaded.config, input.folder, input.surroundings, own);
  ReadFiles(input, reader, own);
  reader.ReadVariables();
  for (const Override& override : input.overrides) {
    reader.ReadOverride(override);
  }
  loaded.origins = reader.origins();
  if (!own.has_errors()) {
    Checks(loaded, own).Run();
  }
  for (Diagnostic diagnostic : own.all()) {
    diagnostic.shows_line = !reader.HoldsSecret(diagnostic.location);
    diagnostics.Add(diagnostic);
  }
  return own.has_errors() ? std::nullopt : std::make_optional(std::move(loaded));
}

}  // namespace hark::config
