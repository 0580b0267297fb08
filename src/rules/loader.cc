#include "rules/loader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "base/yaml_reader.h"
#include "rules/compile.h"
#include "rules/document.h"
#include "rules/resolve.h"

namespace hark::rules {
namespace {

namespace fs = std::filesystem;

bool IsRuleFileName(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yml") || name.ends_with(".yaml"));
}

bool IsTestFile(std::string_view path) {
  return path.ends_with("_test.yml") || path.ends_with("_test.yaml");
}

// Is one of the folders of the path named `lists`?
bool IsListFile(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return std::find(folder.begin(), folder.end(), "lists") != folder.end();
}

absl::StatusOr<RuleFile> ReadRuleFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  RuleFile file{path, std::string(std::istreambuf_iterator<char>(stream), {})};
  if (!stream) {
    return absl::NotFoundError(absl::StrFormat("cannot read %s", path));
  }
  return file;
}

// The rule files below a folder. What begins with a dot is left out: a volume that Kubernetes
// mounts has the real files below `..data`, and links to them.
absl::StatusOr<std::vector<std::string>> FilesBelow(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory(error)) {
      if (name.starts_with('.')) {
        entry.disable_recursion_pending();
      }
    } else if (IsRuleFileName(name)) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("cannot read %s: %s", folder.string(), error.message()));
  }
  return paths;
}

}  // namespace

absl::StatusOr<std::vector<RuleFile>> ReadRuleFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    ASSIGN_OR_RETURN(std::vector<std::string> below, FilesBelow(path));
    std::move(below.begin(), below.end(), std::back_inserter(files));
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  std::vector<RuleFile> read;
  for (const std::string& path : files) {
    ASSIGN_OR_RETURN(RuleFile file, ReadRuleFile(path));
    read.push_back(std::move(file));
  }
  return read;
}

std::shared_ptr<const RuleSet> LoadRules(const std::vector<RuleFile>& files,
                                         Diagnostics& diagnostics) {
  Diagnostics own;
  Documents documents;
  std::vector<PlacedText> broken;
  for (const RuleFile& file : files) {
    if (IsTestFile(file.path)) {
      continue;
    }
    for (const YamlNode& node : ReadYaml(file, own)) {
      if (IsListFile(file.path)) {
        ReadListDocument(node, documents.known_components, own);
      } else {
        ReadRuleDocument(node, documents, broken, own);
      }
    }
  }
  const RuleSetAst ast = Resolve(std::move(documents), broken, own);
  for (const Diagnostic& diagnostic : own.all()) {
    diagnostics.Add(diagnostic);
  }
  return own.has_errors() ? nullptr : std::make_shared<const RuleSet>(Compile(ast));
}

}  // namespace hark::rules
