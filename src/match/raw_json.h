#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

#include "rules/value_matcher.h"

namespace hark::match {

// Values of a JSON text by dotted path, for the fields that are not projected. Not thread-safe.
class RawJsonReader {
 public:
  // REQUIRES: 64 readable bytes after `json`, which must stay valid while values are in use.
  void Start(std::string_view json);

  // Appends every value at `path`. Texts are views into this reader, valid until the next Start.
  void Read(std::string_view path, std::vector<rules::FieldValue>& values);

  // Is there anything at `path`, null included?
  bool Exists(std::string_view path);

 private:
  using Element = simdjson::dom::element;
  bool Parse();
  void AddScalar(Element element, std::vector<rules::FieldValue>& values);
  bool Walk(Element element, std::string_view path, std::vector<rules::FieldValue>& values);
  bool WalkObject(simdjson::dom::object object, std::string_view path,
                  std::vector<rules::FieldValue>& values);

  std::string_view json_;
  bool parsed_ = false;
  bool valid_ = false;
  simdjson::dom::parser parser_;
  Element root_;
  std::vector<rules::FieldValue> ignored_;
  std::vector<std::string> numbers_;
};

}  // namespace hark::match
