#include "match/raw_json.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "match/number_text.h"

namespace hark::match {
namespace {

using rules::FieldValue;
using simdjson::dom::element_type;

// The decoders of Kubernetes refuse what is nested deeper than 10,000.
constexpr std::size_t kMaxDepth = 10'240;
// A longer text is not made a tree of.
constexpr std::size_t kMaxTreeBytes = std::size_t{1} << 20;

// The code unit of the escape that `text` begins with ("\ud83d"), or -1 if it begins with none.
int EscapedUnit(std::string_view text) {
  constexpr std::size_t kSize = 6;
  int unit = 0;
  if (text.size() < kSize || !text.starts_with("\\u")) {
    return -1;
  }
  const auto result = std::from_chars(text.data() + 2, text.data() + kSize, unit, 16);
  return result.ptr == text.data() + kSize ? unit : -1;
}

// How many bytes of a string, from a backslash on, are one character; `is_half` says that it is
// one half of a surrogate pair without the other.
std::size_t EscapeLength(std::string_view text, bool& is_half) {
  const int unit = EscapedUnit(text);
  is_half = unit >= 0xd800 && unit <= 0xdfff;
  if (unit < 0) {
    return 2;
  }
  const int next = unit >= 0xd800 && unit <= 0xdbff ? EscapedUnit(text.substr(6)) : -1;
  if (next < 0xdc00 || next > 0xdfff) {
    return 6;
  }
  is_half = false;
  return 12;
}

// Appends the text with the two things changed that simdjson refuses and Kubernetes does not:
// numbers of any size are quoted, halves of surrogate pairs become U+FFFD.
void AppendReadable(std::string_view json, std::string& out) {
  bool in_string = false;
  while (!json.empty()) {
    std::size_t taken = 1;
    if (in_string && json[0] == '\\') {
      bool is_half = false;
      taken = std::min(EscapeLength(json, is_half), json.size());
      out += is_half ? std::string_view("\\ufffd") : json.substr(0, taken);
    } else if (!in_string && (json[0] == '-' || (json[0] >= '0' && json[0] <= '9'))) {
      taken = std::min(json.find_first_not_of("+-.0123456789Ee"), json.size());
      out.append("\"").append(json.substr(0, taken)).append("\"");
    } else {
      in_string = in_string != (json[0] == '"');
      out += json[0];
    }
    json.remove_prefix(taken);
  }
}

}  // namespace

void RawJsonReader::Start(std::string_view json) {
  json_ = json;
  parsed_ = valid_ = false;
}

LargeJson& RawJsonReader::Large() {
  if (!parsed_) {
    parsed_ = true;
    large_.Start(json_);
  }
  return large_;
}

bool RawJsonReader::Parse() {
  if (!parsed_) {
    parsed_ = true;
    numbers_.clear();
    if (parser_.max_depth() != kMaxDepth &&
        parser_.allocate(json_.size(), kMaxDepth) != simdjson::SUCCESS) {
      return false;
    }
    valid_ = parser_.parse(json_.data(), json_.size(), false).get(root_) == simdjson::SUCCESS;
    if (!valid_) {
      repaired_.clear();
      AppendReadable(json_, repaired_);
      valid_ = parser_.parse(repaired_).get(root_) == simdjson::SUCCESS;
    }
  }
  return valid_;
}

void RawJsonReader::AddScalar(Element element, std::vector<FieldValue>& values) {
  FieldValue value;
  switch (element.type()) {
    case element_type::STRING:
      value.kind = FieldValue::Kind::kText;
      value.text = element.get_string().value_unsafe();
      break;
    case element_type::BOOL:
      value.kind = FieldValue::Kind::kBool;
      value.text = element.get_bool().value_unsafe() ? "true" : "false";
      break;
    case element_type::NULL_VALUE:
      break;
    case element_type::ARRAY:
    case element_type::OBJECT:
      // There, but nothing that a value can be compared with.
      value.kind = FieldValue::Kind::kText;
      value.text = element.is_object() ? "{}" : "[]";
      break;
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE: {
      value.kind = FieldValue::Kind::kNumber;
      value.number = element.get_double().value_unsafe();
      std::int64_t whole = 0;
      std::uint64_t natural = 0;
      value.text = numbers_.emplace_back(
          element.get_int64().get(whole) == simdjson::SUCCESS      ? NumberText(whole)
          : element.get_uint64().get(natural) == simdjson::SUCCESS ? NumberText(natural)
                                                                   : NumberText(value.number));
      break;
    }
  }
  values.push_back(value);
}

bool RawJsonReader::WalkObject(simdjson::dom::object object, std::string_view path,
                               std::vector<FieldValue>& values) {
  // Longest key first: "a.b.c" is tried whole, then "a.b", then "a".
  for (std::size_t end = path.size(); end != std::string_view::npos && end > 0;
       end = path.rfind('.', end - 1)) {
    const std::string_view key = path.substr(0, end);
    const std::string_view rest = end == path.size() ? std::string_view() : path.substr(end + 1);
    if (WalkMembers(object, key, rest, values)) {
      return true;
    }
  }
  return false;
}

bool RawJsonReader::WalkMembers(simdjson::dom::object object, std::string_view key,
                                std::string_view rest, std::vector<FieldValue>& values) {
  Element last;
  std::vector<Element> earlier;  // of duplicates, which nearly no object has
  bool found = false;
  for (const auto field : object) {
    if (field.key == key) {
      if (found) {
        earlier.push_back(last);
      }
      found = true;
      last = field.value;
    }
  }
  if (!found || Walk(last, rest, values, 0)) {
    return found;
  }
  while (duplicates_ == Duplicates::kMerged && last.is_object() && !earlier.empty()) {
    last = earlier.back();
    earlier.pop_back();
    if (last.is_object() && Walk(last, rest, values, 0)) {
      return true;
    }
  }
  return false;
}

bool RawJsonReader::Walk(Element element, std::string_view path, std::vector<FieldValue>& values,
                         unsigned nested_arrays) {
  if (element.is_array()) {
    if (nested_arrays == LargeJson::kMaxNestedArrays) {
      return false;
    }
    bool found = path.empty();  // an empty list is there, without a value
    const simdjson::dom::array members = element.get_array().value_unsafe();
    for (const Element member : members) {
      found = Walk(member, path, values, nested_arrays + 1) || found;
    }
    return found;
  }
  if (path.empty()) {
    AddScalar(element, values);
    return true;
  }
  if (!element.is_object()) {
    return false;
  }
  const simdjson::dom::object object = element.get_object().value_unsafe();
  return WalkObject(object, path, values);
}

void RawJsonReader::Read(std::string_view path, std::vector<FieldValue>& values) {
  duplicates_ = DuplicatesIn(path.substr(0, path.find('.')));
  if (json_.size() > kMaxTreeBytes) {
    Large().Read(path, values);
  } else if (Parse()) {
    Walk(root_, path, values, 0);
  }
}

bool RawJsonReader::Exists(std::string_view path) {
  ignored_.clear();
  duplicates_ = DuplicatesIn(path.substr(0, path.find('.')));
  if (json_.size() > kMaxTreeBytes) {
    return Large().Read(path, ignored_);
  }
  return Parse() && Walk(root_, path, ignored_, 0);
}

}  // namespace hark::match
