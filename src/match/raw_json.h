#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "simdjson.h"

#include "match/large_json.h"
#include "rules/value_matcher.h"

namespace hark::match {

// Values of a JSON text by dotted path, for the fields that are not projected. What a decoder of
// Kubernetes takes is readable: nothing that a client writes into one field, an integer of 30
// digits or half a surrogate pair, hides the others. Of duplicate keys the last counts, in an event
// itself put over those before it (Duplicates). Arrays directly in arrays are followed 64
// deep. What is kept for the next text is bounded: of one over 1 MiB no tree is made (LargeJson),
// and what is malformed in it hides only what comes behind. Not thread-safe.
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
  LargeJson& Large();
  void AddScalar(Element element, std::vector<rules::FieldValue>& values);
  bool Walk(Element element, std::string_view path, std::vector<rules::FieldValue>& values,
            unsigned nested_arrays);
  bool WalkObject(simdjson::dom::object object, std::string_view path,
                  std::vector<rules::FieldValue>& values);
  // Walks on in what the key has; of duplicates as Duplicates says.
  bool WalkMembers(simdjson::dom::object object, std::string_view key, std::string_view rest,
                   std::vector<rules::FieldValue>& values);

  std::string_view json_;
  Duplicates duplicates_ = Duplicates::kMerged;
  bool parsed_ = false;
  bool valid_ = false;
  LargeJson large_;
  simdjson::dom::parser parser_;
  Element root_;
  std::string repaired_;
  std::vector<rules::FieldValue> ignored_;
  std::deque<std::string> numbers_;  // which does not move its members as it grows
};

}  // namespace hark::match
