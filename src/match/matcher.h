#pragma once

#include <memory>
#include <string_view>

#include "hark/event.h"
#include "hark/fact.h"

#include "rules/rule_set.h"

namespace hark::match {

// Judges events against all rules of a set, and turns those that some rule matches into facts.
//
//   if (matcher.Matches(event, cluster)) {     // event: only the parts that the rules ask for
//     full_parser.Parse(event.raw, whole);     // the few that match are parsed again, whole
//     matcher.MakeFact(whole, cluster, fact);
//   }
//
// Holds scratch buffers, so: not thread-safe, one matcher a thread. Matches() allocates nothing
// once its buffers have grown.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const rules::RuleSet> rules);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // Does some rule match? `event` must hold RuleSet::parts at least. RequestReceived events never
  // match: they have no outcome. REQUIRES: 64 readable bytes after event.raw.
  bool Matches(const AuditEvent& event, std::string_view cluster);

  // Describes the event that Matches() last returned true for; `fact` is overwritten.
  // REQUIRES: `whole` is the same event with kAllEventParts.
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
