#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostics.h"
#include "base/yaml_node.h"
#include "config/schema.h"
#include "config/surroundings.h"

namespace hark::config {

// Where the value of a setting comes from. A setting without an origin has its default.
struct Origin {
  enum class Kind : std::uint8_t { kFile, kEnvironment, kFlag };
  Kind kind = Kind::kFile;
  Location location;    // `file` is the name of the variable or flag where it is no file
  bool secret = false;  // the value may not be printed
};

// By the path of the setting: "log.level", "sources.files[0].path".
using Origins = std::map<std::string, Origin>;

// A value from the command line: `--set log.level=debug` has the path "log.level".
struct Override {
  std::string flag;  // for messages: "--set"
  std::string path;
  std::string text;
};

// The environment variable of a setting: HARK_LOG_LEVEL for "log.level".
std::string VariableName(std::string_view path);

// Reads settings from several places into a struct, as `schema` says. Of a setting that is given
// several times the last one stays: maps are merged, lists replaced. A key without a value is as
// if it were not there. What is wrong goes to `diagnostics`, and the settings around it are read
// nonetheless. A file of a secret that cannot be read draws a warning. Not thread-safe; what the
// constructor is given must outlive it.
class SettingsReader {
 public:
  // `target` is the struct of the schema. Relative paths of files are relative to `folder`.
  SettingsReader(const Section& schema, void* target, std::string folder,
                 const Surroundings& surroundings, Diagnostics& diagnostics);

  void ReadFile(const YamlNode& root);
  // The variables of all settings but those within lists of maps. A list of values is separated
  // by commas. An empty variable is as if it were not set. One that nearly has the name of a
  // setting draws a warning.
  void ReadVariables();
  void ReadOverride(const Override& override);

  const Origins& origins() const { return origins_; }
  // Does a secret stand in that line of a file that was read? Of a file whose YAML is broken that
  // is not known.
  bool HoldsSecret(const Location& place) const;

 private:
  // A text that is to become the value of a setting.
  struct Candidate {
    std::string text;
    Location location;
    bool secret = false;
  };
  // Where in the schema and in the struct reading is.
  struct Place {
    const Key* key = nullptr;
    void* owner = nullptr;
    std::string path;
  };

  void ReadMap(const YamlNode& map, const Section& section, void* owner, const std::string& path);
  void ReadKey(const YamlNode& node, const Place& place);
  void ReadMaps(const YamlNode& list, const Place& place);
  void ReadScalars(const YamlNode& node, const Place& place);
  // What the scalar says once its references are put in; false if one of them is wrong.
  bool Expand(const YamlNode& scalar, const Place& place, std::vector<Candidate>& candidates);
  void ReadOutside(const std::string& text, const Place& place, const Origin& origin);
  void Assign(const std::vector<Candidate>& candidates, const Place& place, Origin origin);
  std::optional<Value> Parse(const Candidate& candidate, const Place& place);
  void WarnOfSecretFile(const Candidate& candidate, const Place& place);
  // Of the setting, and of all that lies within it.
  void ForgetOrigins(const std::string& path);
  void WarnOfUnknownVariables(const std::vector<std::string>& names);
  // All settings but those within lists of maps.
  std::vector<Place> Places() const;

  const Section& schema_;
  void* const target_;
  const std::string folder_;
  const Surroundings& surroundings_;
  Diagnostics& diagnostics_;
  Origins origins_;
  std::set<std::pair<std::string, int>> secret_lines_;
};

}  // namespace hark::config
