#include "config/interpolation.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace hark::config {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::string_view kFile = "file:";
constexpr std::string_view kDefault = ":-";

bool IsVariableName(std::string_view text) {
  return !text.empty() && !absl::ascii_isdigit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
         });
}

class Interpolator {
 public:
  Interpolator(const std::string& folder, const Surroundings& surroundings)
      : folder_(folder), surroundings_(surroundings) {}

  Interpolated Run(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && !is_full_) {
      const std::size_t dollar = std::min(text.find('$', at), text.size());
      Append(text.substr(at, dollar - at), dollar);
      const std::string_view rest = text.substr(dollar);
      if (rest.starts_with("$${")) {
        Append("${", dollar);
        at = dollar + 3;
      } else if (rest.starts_with("${")) {
        const std::size_t end = text.find('}', dollar);
        if (end == std::string_view::npos) {
          Fail(dollar, "'${' without '}'; write '$${' for the text itself");
          break;
        }
        AppendReference(text.substr(dollar + 2, end - dollar - 2), dollar);
        at = end + 1;
      } else {
        Append(rest.substr(0, 1), dollar);
        at = dollar + 1;
      }
    }
    return std::move(result_);
  }

 private:
  void Fail(std::size_t offset, std::string message) {
    result_.problems.push_back({offset, std::move(message)});
  }

  void Append(std::string_view text, std::size_t offset) {
    if (is_full_ || text.size() > kMaxBytes - result_.text.size()) {
      if (!is_full_) {
        Fail(offset, absl::StrFormat("the value is longer than %d bytes", kMaxBytes));
      }
      is_full_ = true;
      return;
    }
    result_.text += text;
  }

  // What stands between "${" and "}".
  void AppendReference(std::string_view reference, std::size_t offset) {
    if (reference.find("${") != std::string_view::npos) {
      Fail(offset, "a reference cannot stand within another one");
    } else if (reference.starts_with(kFile)) {
      AppendFile(reference.substr(kFile.size()), offset);
    } else {
      const std::size_t split = reference.find(kDefault);
      const std::string_view name = reference.substr(0, split);
      if (IsVariableName(name)) {
        AppendVariable(name, reference.substr(name.size()), offset);
      } else {
        Fail(offset,
             "this is no reference: write ${NAME}, ${NAME:-default} or ${file:/path}, or '$${' for "
             "the text '${' itself");
      }
    }
  }

  // `rest` is empty or ":-default".
  void AppendVariable(std::string_view name, std::string_view rest, std::size_t offset) {
    const auto variable = surroundings_.variables.find(std::string(name));
    const bool is_set = variable != surroundings_.variables.end();
    if (!rest.empty()) {
      Append(is_set && !variable->second.empty() ? std::string_view(variable->second)
                                                 : rest.substr(kDefault.size()),
             offset);
    } else if (is_set) {
      Append(variable->second, offset);
    } else {
      Fail(offset,
           absl::StrFormat("the environment variable %s is not set; ${%s:-default} would do "
                           "without it",
                           name, name));
    }
  }

  void AppendFile(std::string_view path, std::size_t offset) {
    result_.secret = true;
    if (path.empty()) {
      Fail(offset, "'${file:}' names no file");
      return;
    }
    const absl::StatusOr<std::string> content = surroundings_.read_file(ResolvePath(folder_, path));
    if (!content.ok()) {
      Fail(offset, std::string(content.status().message()));
      return;
    }
    Append(*content, offset);
  }

  const std::string& folder_;
  const Surroundings& surroundings_;
  Interpolated result_;
  bool is_full_ = false;
};

}  // namespace

Interpolated Interpolate(std::string_view text, const std::string& folder,
                         const Surroundings& surroundings) {
  return Interpolator(folder, surroundings).Run(text);
}

std::string ResolvePath(const std::string& folder, std::string_view path) {
  if (folder.empty() || path.empty() || path.starts_with('/')) {
    return std::string(path);
  }
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

}  // namespace hark::config
