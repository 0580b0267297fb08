#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/string_map.h"

namespace hark::rules {

// How well an actor is known to be a component of the cluster (design: rules, two grades).
enum class Known : std::uint8_t { kNone, kPattern, kExact };

std::string_view KnownName(Known known);

// Who is a known component, as data: rules/lists/*.yml. Immutable once built; thread-safe then.
class KnownComponents {
 public:
  // A full user name, "system:kube-scheduler". Silent.
  void AddExact(std::string_view user_name);
  // A service account by namespace and the end of its name, ("cert-manager", "cert-manager").
  // The namespace matches whole; a suffix matches the whole name or after a "-". Nothing else
  // than a service account matches a pattern, whatever its name.
  void AddPattern(std::string_view namespace_name, std::string_view name_suffix);

  // Allocates nothing.
  Known Lookup(std::string_view user_name) const;

  bool empty() const { return exact_.empty() && patterns_.empty(); }

  // Sorted, one entry a line: part of the canonical form of a rule that asks for actor.known.
  std::string Canonical() const;

 private:
  struct Pattern {
    std::string namespace_name, name_suffix;
  };
  StringSet exact_;
  std::vector<Pattern> patterns_;  // sorted by both, without duplicates
};

}  // namespace hark::rules
