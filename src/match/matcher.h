#pragma once

#include <memory>
#include <string_view>

#include "hark/event.h"
#include "hark/fact.h"
#include "rules/rule_set.h"

namespace hark::match {

// Judges events against all rules of a set, and turns those that some rule matches into facts.
//
// Holds scratch buffers, so: not thread-safe, one matcher a thread. Allocates nothing for an
// event that no rule matches, once its buffers have grown.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const rules::RuleSet> rules);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // If some rule matches, fills `fact` (its earlier content is lost) and returns true.
  // RequestReceived events never match: they have no outcome. REQUIRES: 64 readable bytes after
  // event.raw.
  bool Match(const AuditEvent& event, std::string_view cluster, Fact& fact);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The identity of an event and of its request (hark/fact.h).
Hash128 EventKeyOf(const AuditEvent& event, std::string_view cluster);
Hash128 PairKeyOf(const AuditEvent& event, std::string_view cluster);

}  // namespace hark::match
