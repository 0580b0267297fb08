#pragma once

#include <memory>
#include <string_view>

#include "hark/event.h"
#include "hark/fact.h"

#include "rules/rule_set.h"

namespace hark::match {

// Judges events against all rules of a set, and turns those that some rule matches into facts.
//
//   if (matcher.MayMatch(event, cluster)) {       // event: only RuleSet::index_parts
//     whole_parser.Parse(event.raw, whole);       // the few that are left are parsed again, whole
//     if (matcher.Matches(whole, cluster)) {
//       matcher.MakeFact(whole, cluster, fact);
//     }
//   }
//
// Holds scratch buffers, so: not thread-safe, one matcher a thread. MayMatch() and Matches()
// allocate nothing once its buffers have grown.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const rules::RuleSet> rules);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // Can some rule match, as far as the indexed parts tell? `event` must hold RuleSet::index_parts
  // at least. RequestReceived events never match: they have no outcome.
  bool MayMatch(const AuditEvent& event, std::string_view cluster);

  // Does some rule match? REQUIRES: MayMatch() was just true for the event; `whole` is the same
  // event with kAllEventParts; 64 readable bytes after whole.raw.
  bool Matches(const AuditEvent& whole, std::string_view cluster);

  // Describes the event that Matches() was just true for; `fact` is overwritten.
  void MakeFact(const AuditEvent& whole, std::string_view cluster, Fact& fact);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The identity of an event and of its request (hark/fact.h).
Hash128 PairKeyOf(const AuditEvent& event, std::string_view cluster);
Hash128 EventKeyOf(const AuditEvent& event, const Hash128& pair_key);
Hash128 EventKeyOf(const AuditEvent& event, std::string_view cluster);

}  // namespace hark::match
