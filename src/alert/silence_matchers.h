#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "simdjson.h"

namespace re2 {
class RE2;
}

namespace hark::alert {

// Which alerts a silence is for; all of the matchers must hold:
//
//   matchers = matcher *( "," matcher )
//   matcher  = field ( "=" | "!=" | "=~" | "!~" ) value
//   value    = a JSON string, or anything without blanks, commas and quotes
//
//   rule=secret_read_burst,actor.name=~"system:serviceaccount:ci:.*"
//
// A field is a path into the alert (docs/alerts.md); `rule` is a rule's name or id, `actor` its
// name, `ip` the source's address. =~ takes an RE2 that must match the whole value. What the alert
// does not have is an empty text; of a list one value must match, or with ! none may.
// Immutable.
class SilenceMatchers {
 public:
  // InvalidArgument also for matchers that would silence everything: one of them must not match
  // what is empty.
  static absl::StatusOr<SilenceMatchers> Parse(std::string_view text);

  bool Match(const simdjson::dom::element& alert) const;

 private:
  struct Matcher {
    std::vector<std::string> fields;  // one of them
    std::string value;
    std::shared_ptr<const re2::RE2> pattern;  // null: equality
    bool negated = false;
  };

  static absl::StatusOr<Matcher> ParseMatcher(std::string_view& rest);
  static bool Holds(const Matcher& matcher, const std::string& value);

  std::vector<Matcher> matchers_;
};

}  // namespace hark::alert
