#include "match/large_json.h"

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <system_error>

#include "base/json_members.h"
#include "match/number_text.h"

namespace hark::match {
namespace {

using rules::FieldValue;

// What members of an object may lead a path on: by the length of their keys, the longest first.
class Candidates {
 public:
  Candidates(std::string_view path, Duplicates duplicates) : path_(path), duplicates_(duplicates) {}

  void Consider(std::string_view key, std::string_view value) {
    const bool leads_on = !key.empty() && path_.starts_with(key) &&
                          (path_.size() == key.size() || path_[key.size()] == '.');
    if (leads_on) {
      values_[key.size()].push_back(value);
    }
  }

  // Calls walk(value, what is left of the path) until one finds something.
  template <typename WalkOn>
  bool Any(WalkOn walk) const {
    for (const auto& [length, duplicates] : values_) {
      const std::string_view rest =
          length == path_.size() ? std::string_view() : path_.substr(length + 1);
      if (walk(duplicates.back(), rest)) {
        return true;
      }
      for (std::size_t i = duplicates.size() - 1; i > 0 && MayBeUnder(duplicates, i); --i) {
        if (walk(duplicates[i - 1], rest)) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  // Is the duplicate before `i` an object over which that one is put?
  bool MayBeUnder(const std::vector<std::string_view>& duplicates, std::size_t i) const {
    return duplicates_ == Duplicates::kMerged && IsObject(duplicates[i]) &&
           IsObject(duplicates[i - 1]);
  }

  const std::string_view path_;
  const Duplicates duplicates_;
  std::map<std::size_t, std::vector<std::string_view>, std::greater<>> values_;
};

template <typename Number>
bool IsNumber(std::string_view json, Number& number) {
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), number);
  return error == std::errc() && end == json.data() + json.size();
}

std::string TextOfNumber(std::string_view json, double number) {
  std::int64_t whole = 0;
  std::uint64_t natural = 0;
  return IsNumber(json, whole)     ? NumberText(whole)
         : IsNumber(json, natural) ? NumberText(natural)
                                   : NumberText(number);
}

}  // namespace

void LargeJson::Start(std::string_view json) {
  json_ = json;
  members_.clear();
  texts_.clear();
  if (IsObject(json)) {
    for (hark::Walk walk(json); walk.Next() == WalkStep::kValue;) {
      members_.push_back({.key = std::string(walk.key()), .value = walk.value()});
    }
  }
}

bool LargeJson::Read(std::string_view path, std::vector<FieldValue>& values) {
  duplicates_ = DuplicatesIn(path.substr(0, path.find('.')));
  if (!IsObject(json_) || path.empty()) {
    return Walk(json_, path, values, 0);
  }
  Candidates candidates(path, duplicates_);
  for (const Member& member : members_) {
    candidates.Consider(member.key, member.value);
  }
  return candidates.Any(
      [&](std::string_view value, std::string_view rest) { return Walk(value, rest, values, 0); });
}

bool LargeJson::Walk(std::string_view json, std::string_view path, std::vector<FieldValue>& values,
                     unsigned nested_arrays) {
  if (IsArray(json)) {
    return nested_arrays < kMaxNestedArrays && WalkItems(json, path, values, nested_arrays + 1);
  }
  if (path.empty()) {
    return AddScalar(json, values);
  }
  if (!IsObject(json)) {
    return false;
  }
  Candidates candidates(path, duplicates_);
  for (hark::Walk walk(json); walk.Next() == WalkStep::kValue;) {
    candidates.Consider(walk.key(), walk.value());
  }
  return candidates.Any(
      [&](std::string_view value, std::string_view rest) { return Walk(value, rest, values, 0); });
}

bool LargeJson::WalkItems(std::string_view json, std::string_view path,
                          std::vector<FieldValue>& values, unsigned nested_arrays) {
  bool found = path.empty();  // an empty list is there, without a value
  for (hark::Walk walk(json); walk.Next() == WalkStep::kValue;) {
    found = Walk(walk.value(), path, values, nested_arrays) || found;
  }
  return found;
}

bool LargeJson::AddScalar(std::string_view json, std::vector<FieldValue>& values) {
  FieldValue value{.kind = FieldValue::Kind::kText, .text = json};
  if (IsObject(json)) {
    value.text = "{}";  // there, but nothing that a value can be compared with
  } else if (IsString(json)) {
    value.text = Unquoted(json);
    if (value.text.find('\\') != std::string_view::npos) {
      std::string& text = texts_.emplace_back();
      if (!AppendUnescaped(value.text, text)) {
        return false;
      }
      value.text = text;
    }
  } else if (json == "true" || json == "false") {
    value.kind = FieldValue::Kind::kBool;
  } else if (json == "null") {
    value = {};
  } else if (IsNumber(json, value.number)) {
    value.kind = FieldValue::Kind::kNumber;
    value.text = texts_.emplace_back(TextOfNumber(json, value.number));
  } else if (json.find_first_not_of("+-.0123456789Ee") != std::string_view::npos) {
    return false;
  }  // else it is a number beyond all numbers, a text to compare with
  values.push_back(value);
  return true;
}

}  // namespace hark::match
