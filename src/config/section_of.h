#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/schema.h"

namespace hark::config {

// Describes how a struct is read: each key with its member, type and documentation. The default
// of a key is what the member of a new struct holds.
//
//   SectionOf<StateConfig>()
//       .Value("max_bytes", &StateConfig::max_bytes, Bytes(1 << 20), "The most memory for ...")
//       .Build()
//
// A member is bool, an integer, a std::string, or for kChoice an enum whose enumerators stand in
// the order of the choices.
template <typename Owner>
class SectionOf {
 public:
  template <typename T>
  SectionOf& Value(std::string name, T Owner::*member, ValueType type, std::string doc) {
    Key& key = Add(Key::Kind::kValue, std::move(name), std::move(doc));
    key.type = type;
    key.set = [member](void* owner, std::vector<config::Value> values) {
      Assign(values.front(), static_cast<Owner*>(owner)->*member);
    };
    key.get = [member](const void* owner) {
      return std::vector<config::Value>{ToValue(static_cast<const Owner*>(owner)->*member)};
    };
    return *this;
  }

  template <typename T>
  SectionOf& Values(std::string name, std::vector<T> Owner::*member, ValueType type,
                    std::string doc) {
    Key& key = Add(Key::Kind::kValues, std::move(name), std::move(doc));
    key.type = type;
    key.set = [member](void* owner, std::vector<config::Value> values) {
      std::vector<T>& items = static_cast<Owner*>(owner)->*member;
      items.assign(values.size(), T());
      for (std::size_t i = 0; i < values.size(); ++i) {
        Assign(values[i], items[i]);
      }
    };
    key.get = [member](const void* owner) {
      std::vector<config::Value> values;
      for (const T& item : static_cast<const Owner*>(owner)->*member) {
        values.push_back(ToValue(item));
      }
      return values;
    };
    return *this;
  }

  template <typename T>
  SectionOf& Map(std::string name, T Owner::*member, std::shared_ptr<const Section> section,
                 std::string doc) {
    Key& key = Add(Key::Kind::kSection, std::move(name), std::move(doc));
    key.section = std::move(section);
    key.enter = [member](void* owner, std::size_t /*index*/) -> void* {
      return &(static_cast<Owner*>(owner)->*member);
    };
    return *this;
  }

  template <typename T>
  SectionOf& Maps(std::string name, std::vector<T> Owner::*member,
                  std::shared_ptr<const Section> section, std::string doc) {
    Key& key = Add(Key::Kind::kSections, std::move(name), std::move(doc));
    key.section = std::move(section);
    key.enter = [member](void* owner, std::size_t index) -> void* {
      return &(static_cast<Owner*>(owner)->*member)[index];
    };
    key.count = [member](const void* owner) {
      return (static_cast<const Owner*>(owner)->*member).size();
    };
    key.assign_defaults = [member](void* owner, std::size_t count) {
      (static_cast<Owner*>(owner)->*member).assign(count, T());
    };
    return *this;
  }

  // Both speak of the key that was added last.
  SectionOf& Required() {
    section_.keys.back().required = true;
    return *this;
  }
  SectionOf& Secret() {
    section_.keys.back().secret = true;
    return *this;
  }

  std::shared_ptr<const Section> Build() {
    section_.make_default = [] { return std::make_shared<Owner>(); };
    return std::make_shared<const Section>(std::move(section_));
  }

 private:
  Key& Add(Key::Kind kind, std::string name, std::string doc) {
    Key& key = section_.keys.emplace_back();
    key.kind = kind;
    key.name = std::move(name);
    key.doc = std::move(doc);
    return key;
  }

  template <typename T>
  static void Assign(const config::Value& value, T& member) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
      member = std::get<T>(value);
    } else {
      member = static_cast<T>(std::get<std::int64_t>(value));
    }
  }

  template <typename T>
  static config::Value ToValue(const T& member) {
    if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
      return member;
    } else {
      return static_cast<std::int64_t>(member);
    }
  }

  Section section_;
};

}  // namespace hark::config
