#include "match/raw_json.h"

#include <charconv>

namespace hark::match {
namespace {

using rules::FieldValue;
using simdjson::dom::element_type;

template <typename Number>
std::string NumberText(Number number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return std::string(buffer, result.ptr);
}

}  // namespace

void RawJsonReader::Start(std::string_view json) {
  json_ = json;
  parsed_ = valid_ = false;
}

bool RawJsonReader::Parse() {
  if (!parsed_) {
    parsed_ = true;
    // The texts of numbers are kept for as long as their values are: until the next parse.
    numbers_.clear();
    numbers_.reserve(64);
    valid_ = parser_.parse(json_.data(), json_.size(), false).get(root_) == simdjson::SUCCESS;
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
      std::string text = element.get_int64().get(whole) == simdjson::SUCCESS ? NumberText(whole)
                         : element.get_uint64().get(natural) == simdjson::SUCCESS
                             ? NumberText(natural)
                             : NumberText(value.number);
      if (numbers_.size() < numbers_.capacity()) {  // growing would move the earlier texts
        value.text = numbers_.emplace_back(std::move(text));
      }
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
    bool found = false;
    Element last;
    for (const auto field : object) {
      if (field.key == key) {
        found = true;
        last = field.value;
      }
    }
    if (found && Walk(last, rest, values)) {
      return true;
    }
  }
  return false;
}

bool RawJsonReader::Walk(Element element, std::string_view path, std::vector<FieldValue>& values) {
  if (element.is_array()) {
    bool found = path.empty();  // an empty list is there, without a value
    for (const Element member : element.get_array().value_unsafe()) {
      found = Walk(member, path, values) || found;
    }
    return found;
  }
  if (path.empty()) {
    AddScalar(element, values);
    return true;
  }
  return element.is_object() && WalkObject(element.get_object().value_unsafe(), path, values);
}

void RawJsonReader::Read(std::string_view path, std::vector<FieldValue>& values) {
  if (Parse()) {
    Walk(root_, path, values);
  }
}

bool RawJsonReader::Exists(std::string_view path) {
  ignored_.clear();
  if (!Parse()) {
    return false;
  }
  const std::size_t numbers = numbers_.size();
  const bool found = Walk(root_, path, ignored_);
  numbers_.resize(numbers);
  return found;
}

}  // namespace hark::match
