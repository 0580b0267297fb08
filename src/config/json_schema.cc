#include "config/json_schema.h"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"

#include "base/json_writer.h"

namespace hark::config {
namespace {

// A text with a reference; what it becomes is not known.
constexpr std::string_view kReference = R"(\$\{)";

// The text of one line of JSON, spread over lines. REQUIRES: it is valid JSON.
std::string Indented(std::string_view json) {
  std::string text;
  std::size_t depth = 0;
  bool in_string = false;
  const auto new_line = [&] { text.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      text.push_back(c);
      if (c == '\\') {
        text.push_back(json[++i]);
      }
      in_string = c != '"';
      continue;
    }
    const bool is_end = c == '}' || c == ']';
    const bool was_start = i > 0 && (json[i - 1] == '{' || json[i - 1] == '[');
    if (is_end) {
      --depth;
    }
    if (is_end != was_start && (is_end || was_start)) {
      new_line();
    }
    text.push_back(c);
    in_string = c == '"';
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == ',') {
      new_line();
    } else if (c == ':') {
      text.push_back(' ');
    }
  }
  return text + "\n";
}

class SchemaWriter {
 public:
  std::string Write(const Section& schema) {
    writer_.BeginObject();
    Property("$schema", "https://json-schema.org/draft/2020-12/schema");
    Property("title", "The configuration of hark");
    Property("description",
             "A file hark.yaml, or one beside it in conf.d. Printed by: hark config schema");
    WriteSection(schema, {"object", "null"});
    writer_.EndObject();
    return Indented(writer_.text());
  }

 private:
  void Property(std::string_view key, std::string_view value) { writer_.Key(key).String(value); }

  void WriteType(std::initializer_list<std::string_view> types) {
    writer_.Key("type").BeginArray();
    for (const std::string_view type : types) {
      writer_.String(type);
    }
    writer_.EndArray();
  }

  void WriteSection(const Section& section, std::initializer_list<std::string_view> types) {
    const std::shared_ptr<void> defaults = section.make_default();
    WriteType(types);
    writer_.Key("additionalProperties").Bool(false);
    writer_.Key("properties").BeginObject();
    for (const Key& key : section.keys) {
      writer_.Key(key.name).BeginObject();
      Property("description", key.doc);
      WriteKey(key, defaults.get());
      writer_.EndObject();
    }
    writer_.EndObject();
    WriteRequired(section);
  }

  void WriteRequired(const Section& section) {
    std::vector<std::string_view> required;
    for (const Key& key : section.keys) {
      if (key.required) {
        required.push_back(key.name);
      }
    }
    if (required.empty()) {
      return;
    }
    writer_.Key("required").BeginArray();
    for (const std::string_view name : required) {
      writer_.String(name);
    }
    writer_.EndArray();
  }

  void WriteKey(const Key& key, const void* defaults) {
    switch (key.kind) {
      case Key::Kind::kValue:
        if (!key.required) {
          writer_.Key("default");
          WriteDefault(key.type, key.get(defaults).front());
        }
        WriteValueType(key.type, !key.required);
        return;
      case Key::Kind::kValues:
        writer_.Key("default").BeginArray();
        for (const Value& value : key.get(defaults)) {
          WriteDefault(key.type, value);
        }
        writer_.EndArray();
        WriteType({"array", "null"});
        writer_.Key("items").BeginObject();
        WriteValueType(key.type, false);
        writer_.EndObject();
        return;
      case Key::Kind::kSection:
        WriteSection(*key.section, {"object", "null"});
        return;
      case Key::Kind::kSections:
        WriteType({"array", "null"});
        writer_.Key("items").BeginObject();
        WriteSection(*key.section, {"object"});
        writer_.EndObject();
        return;
    }
  }

  void WriteDefault(const ValueType& type, const Value& value) {
    if (type.kind == ValueKind::kInteger) {
      writer_.Signed(std::get<std::int64_t>(value));
    } else if (const bool* const flag = std::get_if<bool>(&value)) {
      writer_.Bool(*flag);
    } else {
      writer_.String(PrintValue(type, value));
    }
  }

  void WriteValueType(const ValueType& type, bool may_be_null) {
    switch (type.kind) {
      case ValueKind::kBool:
        WriteTypes("boolean", may_be_null);
        WritePattern("");
        return;
      case ValueKind::kInteger:
        WriteTypes("integer", may_be_null);
        WriteBounds(type);
        WritePattern("");
        return;
      case ValueKind::kBytes:
        WriteTypes("integer", may_be_null);
        WriteBounds(type);
        WritePattern("^[0-9]+([KMGT]i?B|B)?$");
        return;
      case ValueKind::kDuration:
        WriteTypes("", may_be_null);
        WritePattern("^([0-9]+(w|d|h|m|s|ms|us))+$");
        return;
      case ValueKind::kChoice:
        WriteChoices(type, may_be_null);
        return;
      case ValueKind::kAddress:
        WriteTypes("", may_be_null);
        WritePattern(type.may_be_empty ? "^$|^[^ ]*:[0-9]+$" : "^[^ ]*:[0-9]+$");
        return;
      case ValueKind::kUrl:
        WriteTypes("", may_be_null);
        WritePattern(type.may_be_empty ? "^$|^https?://[^@]+$" : "^https?://[^@]+$");
        return;
      case ValueKind::kText:
      case ValueKind::kPath:
      case ValueKind::kSecretFile:
        WriteTypes("", may_be_null);
        if (!type.may_be_empty) {
          writer_.Key("minLength").Unsigned(1);
        }
        return;
    }
  }

  // Text is always possible: it may be a reference.
  void WriteTypes(std::string_view type, bool may_be_null) {
    writer_.Key("type").BeginArray();
    if (!type.empty()) {
      writer_.String(type);
    }
    writer_.String("string");
    if (may_be_null) {
      writer_.String("null");
    }
    writer_.EndArray();
  }

  // Of the values that are text.
  void WritePattern(std::string_view pattern) {
    Property("pattern", pattern.empty() ? std::string(kReference)
                                        : std::string(pattern).append("|").append(kReference));
  }

  // Of the values that are numbers.
  void WriteBounds(const ValueType& type) {
    writer_.Key("minimum").Signed(type.min);
    if (type.max != std::numeric_limits<std::int64_t>::max()) {
      writer_.Key("maximum").Signed(type.max);
    }
  }

  void WriteChoices(const ValueType& type, bool may_be_null) {
    writer_.Key("anyOf").BeginArray();
    writer_.BeginObject().Key("enum").BeginArray();
    for (const std::string_view choice : type.choices) {
      writer_.String(choice);
    }
    if (may_be_null) {
      writer_.Null();
    }
    writer_.EndArray().EndObject();
    writer_.BeginObject();
    Property("type", "string");
    WritePattern("");
    writer_.EndObject();
    writer_.EndArray();
  }

  JsonWriter writer_;
};

}  // namespace

std::string JsonSchema(const Section& schema) {
  return SchemaWriter().Write(schema);
}

}  // namespace hark::config
