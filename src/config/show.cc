#include "config/show.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "config/config_schema.h"

namespace hark::config {
namespace {

constexpr int kCommentColumn = 44;

// Does YAML read the text as the same text without quotes?
bool IsPlain(std::string_view text) {
  constexpr std::string_view kPunctuation = "_./-:";
  return !text.empty() && text != "null" && !text.ends_with(':') &&
         (absl::ascii_isalpha(static_cast<unsigned char>(text.front())) || text.front() == '/') &&
         std::all_of(text.begin(), text.end(), [kPunctuation](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  kPunctuation.find(c) != std::string_view::npos;
         });
}

std::string ToYaml(const ValueType& type, const Value& value) {
  std::string text = PrintValue(type, value);
  if (!std::holds_alternative<std::string>(value) || IsPlain(text)) {
    return text;
  }
  // Quotes of JSON are quotes of YAML.
  return JsonWriter().String(absl::StrReplaceAll(text, {{"${", "$${"}})).Take();
}

class Printer {
 public:
  explicit Printer(const Origins& origins) : origins_(origins) {}

  // `first` stands in front of the first key: "  - " for an item of a list.
  void PrintSection(const Section& section, void* owner, const std::string& path,
                    std::string first) {
    const std::string indent(first.size(), ' ');
    for (const Key& key : section.keys) {
      const std::string key_path =
          path.empty() ? key.name : absl::StrFormat("%s.%s", path, key.name);
      PrintKey(key, owner, key_path, std::exchange(first, indent));
    }
  }

  std::string Take() { return std::move(text_); }

 private:
  void PrintKey(const Key& key, void* owner, const std::string& path, const std::string& indent) {
    const std::string start = absl::StrFormat("%s%s:", indent, key.name);
    const std::string inner(indent.size() + 2, ' ');
    switch (key.kind) {
      case Key::Kind::kSection:
        text_ += start + "\n";
        PrintSection(*key.section, key.enter(owner, 0), path, inner);
        return;
      case Key::Kind::kSections: {
        const std::size_t count = key.count(owner);
        PrintLine(count == 0 ? start + " []" : start, path);
        for (std::size_t i = 0; i < count; ++i) {
          PrintSection(*key.section, key.enter(owner, i), absl::StrFormat("%s[%d]", path, i),
                       inner + "- ");
        }
        return;
      }
      case Key::Kind::kValue:
      case Key::Kind::kValues:
        PrintValues(key, key.get(owner), path, start);
        return;
    }
  }

  void PrintValues(const Key& key, const std::vector<Value>& values, const std::string& path,
                   const std::string& start) {
    const auto origin = origins_.find(path);
    if (origin != origins_.end() && origin->second.secret) {
      PrintLine(start + " <secret>", path);
    } else if (key.kind == Key::Kind::kValue) {
      PrintLine(start + " " + ToYaml(key.type, values.front()), path);
    } else {
      std::string list;
      for (const Value& value : values) {
        list += (list.empty() ? "" : ", ") + ToYaml(key.type, value);
      }
      PrintLine(absl::StrFormat("%s [%s]", start, list), path);
    }
  }

  void PrintLine(const std::string& start, const std::string& path) {
    absl::StrAppendFormat(&text_, "%-*s # %s\n", kCommentColumn, start, OriginOf(path));
  }

  std::string OriginOf(const std::string& path) const {
    const auto origin = origins_.find(path);
    if (origin == origins_.end()) {
      return "default";
    }
    const Location& location = origin->second.location;
    const std::string name = EscapeForTerminal(location.file);
    return location.line == 0 ? name : absl::StrFormat("%s:%d", name, location.line);
  }

  const Origins& origins_;
  std::string text_;
};

}  // namespace

std::string ShowSettings(const Section& schema, void* settings, const Origins& origins) {
  Printer printer(origins);
  printer.PrintSection(schema, settings, "", "");
  return printer.Take();
}

std::string ShowConfig(LoadedConfig loaded) {
  return ShowSettings(ConfigSchema(), &loaded.config, loaded.origins);
}

}  // namespace hark::config
