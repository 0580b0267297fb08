#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

#include "rules/value_matcher.h"

namespace hark::match {

// Values of a JSON text by dotted path, for the fields that are not projected. What a decoder of
// Kubernetes takes is readable: nothing that a client writes into one field, an integer of 30
// digits or half a surrogate pair, hides the others. Arrays directly in arrays are followed 64
// deep. Not thread-safe.
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
  bool Walk(Element element, std::string_view path, std::vector<rules::FieldValue>& values,
            unsigned nested_arrays);
  bool WalkObject(simdjson::dom::object object, std::string_view path,
                  std::vector<rules::FieldValue>& values);

  std::string_view json_;
  bool parsed_ = false;
  bool valid_ = false;
  simdjson::dom::parser parser_;
  Element root_;
  std::string repaired_;
  std::vector<rules::FieldValue> ignored_;
  std::deque<std::string> numbers_;  // which does not move its members as it grows
};

}  // namespace hark::match
