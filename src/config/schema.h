#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/value.h"

namespace hark::config {

struct Section;

// One key of a section, tied to a member of the struct that the section is read into. The
// functions take a pointer to that struct.
struct Key {
  enum class Kind : std::uint8_t {
    kValue,     // one value
    kValues,    // a list of values
    kSection,   // a map of the keys of `section`
    kSections,  // a list of such maps
  };
  Kind kind = Kind::kValue;
  std::string name;
  std::string doc;        // one sentence or more
  ValueType type;         // kValue, and each of kValues
  bool required = false;  // within each of kSections
  bool secret = false;    // the value is never printed
  std::shared_ptr<const Section> section;

  std::function<void(void* owner, std::vector<Value> values)> set;      // kValue: one
  std::function<std::vector<Value>(const void* owner)> get;             // kValue: one
  std::function<void*(void* owner, std::size_t index)> enter;           // kSection: index 0
  std::function<std::size_t(const void* owner)> count;                  // kSections
  std::function<void(void* owner, std::size_t count)> assign_defaults;  // kSections: that many
};

// The keys of a map, in the order in which they are shown. Immutable once built.
struct Section {
  std::vector<Key> keys;
  std::function<std::shared_ptr<void>()> make_default;  // the struct, with its defaults

  const Key* Find(std::string_view name) const {
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [name](const Key& candidate) { return candidate.name == name; });
    return key == keys.end() ? nullptr : &*key;
  }
};

}  // namespace hark::config
