#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/event.h"

namespace hark::rules {

// The fields that are read from the projected event. Everything else is kPath: read lazily from
// the raw JSON by its dotted path.
enum class FieldId : std::uint8_t {
  // Derived by hark.
  kActorName,        // the acting identity: impersonated user if present, else user
  kActorType,        // human, serviceaccount, node, control-plane, anonymous, unauthenticated
  kActorKnown,       // none, pattern, exact: is the actor a known component?
  kActorNamespace,   // of a service account
  kActorCredential,  // credential-id of the acting connection
  kSourceIp,         // the last of sourceIPs, the only one that a client cannot choose
  kOutcome,          // success, denied, unauthenticated, error
  kScope,            // object, namespace, cluster
  kResource,         // objectRef.resource, with "/" and the subresource if there is one
  kObjectKey,        // "namespace/name" of the object, only "name" if it is cluster-scoped
  kUriPath,
  kUriQuery,  // uri.query.<name>; the name is in Field::argument
  kExecCommand,
  kUserAgentProduct,
  kCluster,
  // As the API server wrote them.
  kVerb,
  kStage,
  kLevel,
  kAuditId,
  kRequestUri,
  kUserAgent,
  kUserName,
  kUserUid,
  kUserGroups,  // multi-valued
  kImpersonatedName,
  kImpersonatedUid,
  kImpersonatedGroups,  // multi-valued
  kSourceIps,           // multi-valued
  kObjectResource,
  kObjectSubresource,
  kObjectApiGroup,
  kObjectApiVersion,
  kObjectNamespace,
  kObjectName,
  kCode,
  kStatusReason,
  kDecision,
  kPath,  // any other; the dotted path is in Field::argument
};

// A field as a rule names it, resolved.
struct Field {
  std::string name;  // as written in the rule
  FieldId id = FieldId::kPath;
  std::string argument;
  friend bool operator==(const Field&, const Field&) = default;
};

// Resolves a name: derived names, raw paths, and the short names of the Kubernetes taxonomy
// (sigma.md: `apiGroup`, `username`, ...).
Field ResolveField(std::string_view name);

// May the field have several values in one event?
bool IsMultiValued(const Field& field);
// Would its value have to be redacted (bodies, exec arguments, most of a URI, what no audit event
// of Kubernetes has)? Such a field can be matched but neither grouped nor counted by: of what no
// event has a group has no value.
bool IsRedacted(const Field& field);
// Query keys whose values say what was asked for, and cannot carry a secret of the cluster.
bool IsHarmlessQueryKey(std::string_view key);
// The parts of the event that must be parsed for it.
EventParts PartsOf(const Field& field);
// False if no audit event can have it: a warning, with the nearest name that one can have.
bool CanExist(const Field& field);
std::string NearestFieldName(std::string_view name);

// Every field with a name of its own and one line about it, for `hark fields` and diagnostics.
struct FieldDoc {
  std::string_view name;
  FieldId id;
  std::string_view doc;
};
const std::vector<FieldDoc>& AllFields();

}  // namespace hark::rules
