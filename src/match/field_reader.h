#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hark/event.h"

#include "rules/fields.h"
#include "rules/known_components.h"
#include "rules/value_matcher.h"

namespace hark::match {

// The derived fields that are views or constants (design: events and facts).
std::string_view ActorName(const AuditEvent& event);
std::string_view ActorType(const AuditEvent& event);
// Whoever impersonates a component is not the component, and not known.
rules::Known KnownGrade(const AuditEvent& event, const rules::KnownComponents& known);
std::string_view Outcome(const AuditEvent& event);
// The last of sourceIPs: a client can choose all others.
std::string_view SourceIp(const AuditEvent& event);

class RawJsonReader;

// Reads the fields of one event for rules: what the parser projected, what hark derives, and
// anything else by its dotted path from the raw JSON, which is parsed only when first asked for.
// At every level of a path a literal key that contains the dots wins, longest first; keys are
// compared unescaped; of duplicate keys the last counts; every member of an array is a value.
//
// Not thread-safe. Allocates nothing once its buffers have grown, but for events whose raw JSON
// must be parsed.
class FieldReader {
 public:
  // `known` must outlive the reader.
  explicit FieldReader(const rules::KnownComponents& known);
  ~FieldReader();
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  // The event and the label must outlive the reads of their fields.
  void Start(const AuditEvent& event, std::string_view cluster);

  // The values of a field: none if the event does not have it. Valid until the next call.
  std::span<const rules::FieldValue> Values(const rules::Field& field);

  // The one value of a field by which rules are indexed (rules/required_values.h), as a text; null
  // data() if the event does not have it. Valid until the next call.
  std::string_view IndexText(const rules::Field& field);

  // Is the key there, be its value null or not?
  bool Exists(const rules::Field& field);

 private:
  void AddText(std::string_view text);
  void AddNumber(std::int64_t number);
  bool ReadDerived(const rules::Field& field);
  void ReadProjected(const rules::Field& field);
  void ReadObjectRef(const rules::Field& field);
  void AddQuery(std::string_view name);
  void AddExecCommand();
  void AddResource();
  void AddObjectKey();
  std::string& Scratch();

  const rules::KnownComponents& known_;
  const AuditEvent* event_ = nullptr;
  std::string_view cluster_;
  std::vector<rules::FieldValue> values_;
  std::vector<std::unique_ptr<std::string>> scratch_;  // texts that had to be built
  std::size_t scratch_used_ = 0;
  std::unique_ptr<RawJsonReader> raw_;
};

}  // namespace hark::match
