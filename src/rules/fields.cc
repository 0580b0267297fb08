#include "rules/fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>

#include "base/spelling.h"

namespace hark::rules {
namespace {

constexpr std::string_view kUriQueryPrefix = "uri.query.";

constexpr std::array kNamedFields = std::to_array<FieldDoc>({
    {"actor.name", FieldId::kActorName,
     "who acts: the impersonated user if there is one, else the user"},
    {"actor.type", FieldId::kActorType,
     "human, serviceaccount, node, control-plane, anonymous or unauthenticated"},
    {"actor.known", FieldId::kActorKnown,
     "how the actor is known as a component of the cluster: none, pattern or exact"},
    {"actor.namespace", FieldId::kActorNamespace, "the namespace of an acting service account"},
    {"actor.credential", FieldId::kActorCredential,
     "the credential-id of the connection that acts"},
    {"source.ip", FieldId::kSourceIp,
     "the last of sourceIPs, the only address that a client cannot choose"},
    {"outcome", FieldId::kOutcome, "success, denied (403), unauthenticated (401) or error"},
    {"scope", FieldId::kScope, "what is reached: object, namespace or cluster"},
    {"resource", FieldId::kResource,
     "objectRef.resource, with / and the subresource if there is one: pods/exec"},
    {"object.key", FieldId::kObjectKey,
     "namespace/name of the object, only its name if it is cluster-scoped"},
    {"uri.path", FieldId::kUriPath, "requestURI up to the question mark"},
    {"uri.query.<name>", FieldId::kUriQuery,
     "a parameter of requestURI, decoded: uri.query.labelSelector"},
    {"exec.command", FieldId::kExecCommand, "the command of an exec, from its requestURI"},
    {"userAgent.product", FieldId::kUserAgentProduct, "userAgent up to the first slash or space"},
    {"cluster", FieldId::kCluster, "the cluster that the event is from"},
    {"verb", FieldId::kVerb,
     "get, list, watch, create, update, patch, delete, deletecollection or a lower-case HTTP "
     "method"},
    {"stage", FieldId::kStage, "ResponseStarted, ResponseComplete or Panic"},
    {"level", FieldId::kLevel,
     "how much the audit policy asked for: Metadata, Request or RequestResponse"},
    {"auditID", FieldId::kAuditId, "an id that the client may choose"},
    {"requestURI", FieldId::kRequestUri, "path and query as the client sent them, percent-encoded"},
    {"userAgent", FieldId::kUserAgent, "what the client says it is"},
    {"user.username", FieldId::kUserName, "who authenticated"},
    {"user.uid", FieldId::kUserUid, "the uid of who authenticated"},
    {"user.groups", FieldId::kUserGroups, "the groups of who authenticated; several values"},
    {"impersonatedUser.username", FieldId::kImpersonatedName, "whom the user acts as"},
    {"impersonatedUser.uid", FieldId::kImpersonatedUid, "the uid of whom the user acts as"},
    {"impersonatedUser.groups", FieldId::kImpersonatedGroups,
     "the groups of whom the user acts as; several values"},
    {"sourceIPs", FieldId::kSourceIps, "all addresses, the client's claims first; several values"},
    {"objectRef.resource", FieldId::kObjectResource, "the resource, in the plural: pods"},
    {"objectRef.subresource", FieldId::kObjectSubresource,
     "the subresource: exec, log, status, token"},
    {"objectRef.apiGroup", FieldId::kObjectApiGroup, "the API group; absent for the core group"},
    {"objectRef.apiVersion", FieldId::kObjectApiVersion, "the API version: v1"},
    {"objectRef.namespace", FieldId::kObjectNamespace, "the namespace of the object"},
    {"objectRef.name", FieldId::kObjectName, "the name of the object"},
    {"responseStatus.code", FieldId::kCode, "the HTTP status code"},
    {"responseStatus.reason", FieldId::kStatusReason,
     "the reason of a failure: Forbidden, NotFound"},
    {"annotations.authorization.k8s.io/decision", FieldId::kDecision, "allow or forbid"},
});

// The short names that Sigma rules for `product: kubernetes` use. They stand for one field of the
// raw event. `resource` is none of them: hark's own field of that name comes first.
struct ShortName {
  std::string_view name;
  FieldId id;
  std::string_view argument;
};
constexpr std::array kShortNames = std::to_array<ShortName>({
    {"apiGroup", FieldId::kObjectApiGroup, ""},
    {"subresource", FieldId::kObjectSubresource, ""},
    {"namespace", FieldId::kObjectNamespace, ""},
    {"username", FieldId::kUserName, ""},
    {"capabilities", FieldId::kPath,
     "requestObject.spec.containers.securityContext.capabilities.add"},
    {"privileged", FieldId::kPath, "requestObject.spec.containers.securityContext.privileged"},
    {"hostPath", FieldId::kPath, "requestObject.spec.volumes.hostPath.path"},
});

// The paths of an audit event beside those that have an id. One that ends in "." may go on in any
// way.
constexpr std::array kOtherPaths = std::to_array<std::string_view>({
    "kind",
    "apiVersion",
    "metadata",
    "metadata.",
    "timestamp",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "user",
    "user.extra",
    "user.extra.",
    "impersonatedUser",
    "impersonatedUser.extra",
    "impersonatedUser.extra.",
    "authenticationMetadata",
    "authenticationMetadata.impersonationConstraint",
    "objectRef",
    "objectRef.uid",
    "objectRef.resourceVersion",
    "responseStatus",
    "responseStatus.kind",
    "responseStatus.apiVersion",
    "responseStatus.metadata",
    "responseStatus.metadata.",
    "responseStatus.status",
    "responseStatus.message",
    "responseStatus.details",
    "responseStatus.details.",
    "requestObject",
    "requestObject.",
    "responseObject",
    "responseObject.",
    "annotations",
    "annotations.",
});

// Values of these query parameters are names and numbers of the API, never data of a Secret
// (design: alerts). `continue` is not among them: it holds keys of the store.
constexpr std::array kHarmlessQueryKeys = std::to_array<std::string_view>({
    "limit",
    "fieldSelector",
    "labelSelector",
    "resourceVersion",
    "watch",
    "sendInitialEvents",
    "timeoutSeconds",
    "resourceVersionMatch",
    "dryRun",
    "allowWatchBookmarks",
    "fieldManager",
    "force",
    "container",
    "stdin",
    "stdout",
    "tty",
    "follow",
    "tailLines",
});

// Annotations that the API server writes itself, which hold nothing of a body. Others do: those of
// webhooks hold their patches, those of admission policies quote what they refuse.
constexpr std::array kHarmlessAnnotations = std::to_array<std::string_view>({
    "annotations.apiserver.latency.k8s.io/",
    "annotations.audit.k8s.io/",
    "annotations.authentication.k8s.io/",
    "annotations.authentication.kubernetes.io/",
    "annotations.authorization.k8s.io/",
    "annotations.k8s.io/",
    "annotations.mutation.webhook.admission.k8s.io/",
    "annotations.pod-security.kubernetes.io/",
});

// Is `path` the prefix itself or something below it?
bool IsAtOrBelow(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '.');
}

// Messages of the API server quote what it refused.
bool IsBody(std::string_view path) {
  return IsAtOrBelow(path, "requestObject") || IsAtOrBelow(path, "responseObject") ||
         IsAtOrBelow(path, "responseStatus.message") || IsAtOrBelow(path, "responseStatus.details");
}

// `path` is any but one with an id of its own. What no audit event has may be anything.
bool IsRedactedPath(const Field& field) {
  const std::string_view path = field.argument;
  if (IsAtOrBelow(path, "annotations")) {
    return std::none_of(kHarmlessAnnotations.begin(), kHarmlessAnnotations.end(),
                        [path](std::string_view prefix) { return path.starts_with(prefix); });
  }
  // The metadata of a list holds its continue token.
  return IsBody(path) || IsAtOrBelow(path, "responseStatus.metadata") || !CanExist(field);
}

template <std::size_t size>
bool Contains(const std::array<std::string_view, size>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

const std::vector<std::string_view>& AllNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    all.reserve(kNamedFields.size() + kShortNames.size() + kOtherPaths.size());
    for (const FieldDoc& field : kNamedFields) {
      all.push_back(field.name);
    }
    for (const ShortName& field : kShortNames) {
      all.push_back(field.name);
    }
    std::copy_if(kOtherPaths.begin(), kOtherPaths.end(), std::back_inserter(all),
                 [](std::string_view path) { return !path.ends_with('.'); });
    return all;
  }();
  return names;
}

}  // namespace

Field ResolveField(std::string_view name) {
  if (name.starts_with(kUriQueryPrefix) && name.size() > kUriQueryPrefix.size()) {
    return {std::string(name), FieldId::kUriQuery,
            std::string(name.substr(kUriQueryPrefix.size()))};
  }
  for (const FieldDoc& field : kNamedFields) {
    if (field.name == name && field.id != FieldId::kUriQuery) {
      return {std::string(name), field.id, ""};
    }
  }
  for (const ShortName& field : kShortNames) {
    if (field.name == name) {
      return {std::string(name), field.id, std::string(field.argument)};
    }
  }
  return {std::string(name), FieldId::kPath, std::string(name)};
}

bool IsMultiValued(const Field& field) {
  switch (field.id) {
    case FieldId::kUserGroups:
    case FieldId::kImpersonatedGroups:
    case FieldId::kSourceIps:
    case FieldId::kUriQuery:  // a parameter may be given twice
      return true;
    case FieldId::kPath:
      return IsBody(field.argument) || IsAtOrBelow(field.argument, "user.extra") ||
             IsAtOrBelow(field.argument, "impersonatedUser.extra") ||
             IsAtOrBelow(field.argument, "responseStatus.details") ||
             IsAtOrBelow(field.argument, "metadata");
    default:
      return false;
  }
}

bool IsHarmlessQueryKey(std::string_view key) {
  return Contains(kHarmlessQueryKeys, key);
}

bool IsRedacted(const Field& field) {
  switch (field.id) {
    case FieldId::kRequestUri:
    case FieldId::kUriPath:  // the rest of a proxy's path belongs to the one behind the proxy
    case FieldId::kExecCommand:
      return true;
    case FieldId::kUriQuery:
      return !IsHarmlessQueryKey(field.argument);
    case FieldId::kPath:
      return IsRedactedPath(field);
    default:
      return false;
  }
}

EventParts PartsOf(const Field& field) {
  switch (field.id) {
    case FieldId::kActorName:
    case FieldId::kActorType:
    case FieldId::kActorKnown:
    case FieldId::kActorNamespace:
      return Bit(EventPart::kUser) | Bit(EventPart::kImpersonatedUser);
    case FieldId::kUserName:
      return Bit(EventPart::kUser);
    case FieldId::kActorCredential:
    case FieldId::kUserUid:
    case FieldId::kUserGroups:
      return Bit(EventPart::kUser) | Bit(EventPart::kUserDetails);
    case FieldId::kImpersonatedName:
      return Bit(EventPart::kImpersonatedUser);
    case FieldId::kImpersonatedUid:
    case FieldId::kImpersonatedGroups:
      return Bit(EventPart::kImpersonatedUser) | Bit(EventPart::kUserDetails);
    case FieldId::kSourceIp:
    case FieldId::kSourceIps:
      return Bit(EventPart::kSourceIps);
    case FieldId::kScope:
    case FieldId::kResource:
    case FieldId::kObjectKey:
    case FieldId::kObjectResource:
    case FieldId::kObjectSubresource:
    case FieldId::kObjectApiGroup:
    case FieldId::kObjectApiVersion:
    case FieldId::kObjectNamespace:
    case FieldId::kObjectName:
      return Bit(EventPart::kObjectRef);
    case FieldId::kOutcome:
    case FieldId::kCode:
    case FieldId::kStatusReason:
      return Bit(EventPart::kResponseStatus);
    case FieldId::kDecision:
      return Bit(EventPart::kDecision);
    case FieldId::kExecCommand:  // only an exec has one, and the objectRef says what is an exec
      return Bit(EventPart::kText) | Bit(EventPart::kObjectRef);
    case FieldId::kUriPath:
    case FieldId::kUriQuery:
    case FieldId::kUserAgentProduct:
    case FieldId::kRequestUri:
    case FieldId::kUserAgent:
      return Bit(EventPart::kText);
    case FieldId::kVerb:
      return Bit(EventPart::kVerb);
    case FieldId::kLevel:
    case FieldId::kAuditId:
      return Bit(EventPart::kIdentity);
    case FieldId::kCluster:
    case FieldId::kStage:
    case FieldId::kPath:
      return 0;
  }
  return 0;
}

bool CanExist(const Field& field) {
  if (field.id != FieldId::kPath) {
    return true;
  }
  const std::string_view path = field.argument;
  return std::any_of(kOtherPaths.begin(), kOtherPaths.end(), [&](std::string_view known) {
    return path == known || (known.ends_with('.') && path.starts_with(known));
  });
}

std::string NearestFieldName(std::string_view name) {
  const std::vector<std::string_view>& names = AllNames();
  // `code` is not misspelt but cut: it is the end of responseStatus.code.
  const std::string wanted = LowerAscii(name);
  for (const std::string_view candidate : names) {
    const std::string lower = LowerAscii(candidate);
    if (lower.ends_with("." + wanted) || lower.ends_with("/" + wanted)) {
      return std::string(candidate);
    }
  }
  return std::string(Nearest(name, names));
}

const std::vector<FieldDoc>& AllFields() {
  static const std::vector<FieldDoc> fields(kNamedFields.begin(), kNamedFields.end());
  return fields;
}

}  // namespace hark::rules
