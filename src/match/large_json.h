#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rules/value_matcher.h"

namespace hark::match {

// What the decoders of Kubernetes make of keys that an object has twice. In an audit event, which
// is decoded into structs and maps, an object is put over the one before it: what only the earlier
// one has stays. Bodies, requestObject and responseObject, are replaced as a whole, and so is
// everything in them.
enum class Duplicates { kMerged, kReplaced };

// By the member of the event that a path leads through.
inline Duplicates DuplicatesIn(std::string_view member) {
  return member == "requestObject" || member == "responseObject" ? Duplicates::kReplaced
                                                                 : Duplicates::kMerged;
}

// Values of a JSON text by dotted path, as RawJsonReader finds them, without an index: simdjson's
// tree of a text that is nearly all brackets takes some 13 times the text, and there may be 60 MiB
// of it. The text is walked by its brackets instead (base/json_members.h), which costs a pass over
// what each path leads through, and nothing of it is judged but what is on the way.
//
// Not thread-safe.
class LargeJson {
 public:
  // Arrays directly in arrays are followed so deep.
  static constexpr unsigned kMaxNestedArrays = 64;

  // `json` must stay valid while values are in use.
  void Start(std::string_view json);

  // Appends every value at `path`; whether there is anything, null included. Texts are valid until
  // the next Start.
  bool Read(std::string_view path, std::vector<rules::FieldValue>& values);

 private:
  struct Member {
    std::string key;
    std::string_view value;
  };

  bool Walk(std::string_view json, std::string_view path, std::vector<rules::FieldValue>& values,
            unsigned nested_arrays);
  bool WalkItems(std::string_view json, std::string_view path,
                 std::vector<rules::FieldValue>& values, unsigned nested_arrays);
  bool AddScalar(std::string_view json, std::vector<rules::FieldValue>& values);

  std::string_view json_;
  Duplicates duplicates_ = Duplicates::kMerged;
  std::vector<Member> members_;    // of the text itself, if it is an object: nearly all paths lead
                                   // through one of them
  std::deque<std::string> texts_;  // that had to be made; a deque does not move its members
};

}  // namespace hark::match
