#include "match/field_reader.h"

#include <charconv>

#include "match/raw_json.h"

namespace hark::match {
namespace {

using rules::FieldId;
using rules::FieldValue;

constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

// The raw path of a projected field, for the one question that the projection cannot answer: is
// an absent value a null that is there?
std::string_view RawPathOf(FieldId id) {
  switch (id) {
    case FieldId::kUserName:
      return "user.username";
    case FieldId::kUserUid:
      return "user.uid";
    case FieldId::kUserGroups:
      return "user.groups";
    case FieldId::kImpersonatedName:
      return "impersonatedUser.username";
    case FieldId::kImpersonatedUid:
      return "impersonatedUser.uid";
    case FieldId::kImpersonatedGroups:
      return "impersonatedUser.groups";
    case FieldId::kSourceIps:
      return "sourceIPs";
    case FieldId::kObjectResource:
      return "objectRef.resource";
    case FieldId::kObjectSubresource:
      return "objectRef.subresource";
    case FieldId::kObjectApiGroup:
      return "objectRef.apiGroup";
    case FieldId::kObjectApiVersion:
      return "objectRef.apiVersion";
    case FieldId::kObjectNamespace:
      return "objectRef.namespace";
    case FieldId::kObjectName:
      return "objectRef.name";
    case FieldId::kCode:
      return "responseStatus.code";
    case FieldId::kStatusReason:
      return "responseStatus.reason";
    case FieldId::kDecision:
      return "annotations.authorization.k8s.io/decision";
    case FieldId::kUserAgent:
      return "userAgent";
    case FieldId::kVerb:
      return "verb";
    case FieldId::kRequestUri:
      return "requestURI";
    default:
      return {};
  }
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Appends a percent-encoded query part, decoded as Go's url.ParseQuery does: + is a space. What
// is no valid escape stands as it is.
void AppendDecoded(std::string_view encoded, std::string& out) {
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const char c = encoded[i];
    const int high = c == '%' && i + 2 < encoded.size() ? HexDigit(encoded[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(encoded[i + 2]) : -1;
    if (low >= 0) {
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(c == '+' ? ' ' : c);
    }
  }
}

// The same for a part that may stand as it is; otherwise the result is a view of `scratch`.
std::string_view Decoded(std::string_view encoded, std::string& scratch) {
  if (encoded.find_first_of("%+") == std::string_view::npos) {
    return encoded;
  }
  scratch.clear();
  AppendDecoded(encoded, scratch);
  return scratch;
}

// Calls visit(key, value) for each parameter of a URI's query, still encoded.
template <typename Visit>
void ForEachParameter(std::string_view uri, Visit visit) {
  const std::size_t question = uri.find('?');
  std::string_view rest =
      question == std::string_view::npos ? std::string_view() : uri.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t ampersand = rest.find('&');
    const std::string_view parameter = rest.substr(0, ampersand);
    const std::size_t equals = parameter.find('=');
    visit(parameter.substr(0, equals),
          equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1));
    rest = ampersand == std::string_view::npos ? std::string_view() : rest.substr(ampersand + 1);
  }
}

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kMetadata:
      return "Metadata";
    case Level::kRequest:
      return "Request";
    case Level::kRequestResponse:
      return "RequestResponse";
    case Level::kNone:
      break;
  }
  return "None";
}

std::string_view ServiceAccountNamespace(std::string_view actor) {
  if (!actor.starts_with(kServiceAccountPrefix)) {
    return {};
  }
  const std::string_view rest = actor.substr(kServiceAccountPrefix.size());
  const std::size_t colon = rest.find(':');
  return colon == std::string_view::npos ? std::string_view() : rest.substr(0, colon);
}

std::string_view Scope(const AuditEvent& event) {
  if (event.resource.empty()) {
    return {};
  }
  if (!event.name.empty()) {
    return "object";
  }
  return event.namespace_name.empty() ? "cluster" : "namespace";
}

}  // namespace

std::string_view ActorName(const AuditEvent& event) {
  return event.impersonated.username.empty() ? event.user.username : event.impersonated.username;
}

std::string_view ActorType(const AuditEvent& event) {
  const std::string_view name = ActorName(event);
  if (name.empty()) {
    return "unauthenticated";
  }
  if (name == "system:anonymous") {
    return "anonymous";
  }
  if (name.starts_with(kServiceAccountPrefix)) {
    return "serviceaccount";
  }
  if (name.starts_with("system:node:")) {
    return "node";
  }
  // system:admin is the client certificate of an installation's first administrator.
  return name.starts_with("system:") && name != "system:admin" ? "control-plane" : "human";
}

rules::Known KnownGrade(const AuditEvent& event, const rules::KnownComponents& known) {
  return event.impersonated.username.empty() ? known.Lookup(event.user.username)
                                             : rules::Known::kNone;
}

std::string_view Outcome(const AuditEvent& event) {
  switch (event.code) {
    case 0:
      return {};
    case 401:
      return "unauthenticated";
    case 403:
      return "denied";
    default:
      return event.code < 400 ? "success" : "error";
  }
}

std::string_view SourceIp(const AuditEvent& event) {
  return event.source_ips.empty() ? std::string_view() : event.source_ips.back();
}

FieldReader::FieldReader(const rules::KnownComponents& known)
    : known_(known), raw_(std::make_unique<RawJsonReader>()) {}

FieldReader::~FieldReader() = default;

void FieldReader::Start(const AuditEvent& event, std::string_view cluster) {
  event_ = &event;
  cluster_ = cluster;
  raw_->Start(event.raw);
}

std::string& FieldReader::Scratch() {
  if (scratch_used_ == scratch_.size()) {
    scratch_.push_back(std::make_unique<std::string>());
  }
  std::string& text = *scratch_[scratch_used_++];
  text.clear();
  return text;
}

void FieldReader::AddText(std::string_view text) {
  if (text.data() != nullptr) {
    // In place: one that is written in pieces and then moved is waited for.
    FieldValue& value = values_.emplace_back();
    value.kind = FieldValue::Kind::kText;
    value.text = text;
  }
}

void FieldReader::AddNumber(std::int64_t number) {
  char buffer[24];
  const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  std::string& text = Scratch();
  text.assign(buffer, result.ptr);
  values_.push_back(
      {.kind = FieldValue::Kind::kNumber, .text = text, .number = static_cast<double>(number)});
}

void FieldReader::AddQuery(std::string_view name) {
  std::string& decoded_key = Scratch();
  ForEachParameter(event_->request_uri, [&](std::string_view key, std::string_view value) {
    if (Decoded(key, decoded_key) == name) {
      std::string& decoded = Scratch();
      AppendDecoded(value, decoded);
      AddText(decoded);
    }
  });
}

void FieldReader::AddExecCommand() {
  std::string& command = Scratch();
  std::string& decoded_key = Scratch();
  bool found = false;
  ForEachParameter(event_->request_uri, [&](std::string_view key, std::string_view value) {
    if (Decoded(key, decoded_key) == "command") {
      command += found ? " " : "";
      AppendDecoded(value, command);
      found = true;
    }
  });
  if (found) {
    AddText(command);
  }
}

void FieldReader::AddResource() {
  if (event_->resource.empty() || event_->subresource.empty()) {
    AddText(event_->resource);
    return;
  }
  std::string& text = Scratch();
  text.append(event_->resource).append("/").append(event_->subresource);
  AddText(text);
}

void FieldReader::AddObjectKey() {
  // The API server names a Namespace as its own namespace.
  const bool cluster_scoped = event_->namespace_name.empty() || event_->resource == "namespaces";
  if (event_->name.empty() || cluster_scoped) {
    AddText(event_->name);
    return;
  }
  std::string& text = Scratch();
  text.append(event_->namespace_name).append("/").append(event_->name);
  AddText(text);
}

bool FieldReader::ReadDerived(const rules::Field& field) {
  const AuditEvent& event = *event_;
  const std::string_view actor = ActorName(event);
  switch (field.id) {
    case FieldId::kActorName:
      AddText(actor);
      return true;
    case FieldId::kActorType:
      AddText(ActorType(event));
      return true;
    case FieldId::kActorKnown:
      AddText(rules::KnownName(KnownGrade(event, known_)));
      return true;
    case FieldId::kActorNamespace:
      AddText(ServiceAccountNamespace(actor));
      return true;
    case FieldId::kActorCredential:
      AddText(event.user.credential);
      return true;
    case FieldId::kSourceIp:
      AddText(SourceIp(event));
      return true;
    case FieldId::kOutcome:
      AddText(Outcome(event));
      return true;
    case FieldId::kScope:
      AddText(Scope(event));
      return true;
    case FieldId::kResource:
      AddResource();
      return true;
    case FieldId::kObjectKey:
      AddObjectKey();
      return true;
    case FieldId::kUriPath:
      AddText(event.request_uri.substr(0, event.request_uri.find('?')));
      return true;
    case FieldId::kUriQuery:
      AddQuery(field.argument);
      return true;
    case FieldId::kExecCommand:
      AddExecCommand();
      return true;
    case FieldId::kUserAgentProduct:
      AddText(event.user_agent.substr(0, event.user_agent.find_first_of("/ ")));
      return true;
    case FieldId::kCluster:
      AddText(cluster_);
      return true;
    default:
      return false;
  }
}

void FieldReader::ReadObjectRef(const rules::Field& field) {
  const AuditEvent& event = *event_;
  switch (field.id) {
    case FieldId::kObjectResource:
      return AddText(event.resource);
    case FieldId::kObjectSubresource:
      return AddText(event.subresource);
    case FieldId::kObjectApiGroup:
      return AddText(event.api_group);
    case FieldId::kObjectApiVersion:
      return AddText(event.api_version);
    case FieldId::kObjectNamespace:
      return AddText(event.namespace_name);
    case FieldId::kObjectName:
      return AddText(event.name);
    default:
      return raw_->Read(field.argument, values_);
  }
}

void FieldReader::ReadProjected(const rules::Field& field) {
  const AuditEvent& event = *event_;
  const auto add_all = [this](std::span<const std::string_view> texts) {
    for (const std::string_view text : texts) {
      AddText(text);
    }
  };
  switch (field.id) {
    case FieldId::kVerb:
      return AddText(event.verb);
    case FieldId::kStage:
      return AddText(StageName(event.stage));
    case FieldId::kLevel:
      return AddText(LevelName(event.level));
    case FieldId::kAuditId:
      return AddText(event.audit_id);
    case FieldId::kRequestUri:
      return AddText(event.request_uri);
    case FieldId::kUserAgent:
      return AddText(event.user_agent);
    case FieldId::kUserName:
      return AddText(event.user.username);
    case FieldId::kUserUid:
      return AddText(event.user.uid);
    case FieldId::kUserGroups:
      return add_all(event.user.groups);
    case FieldId::kImpersonatedName:
      return AddText(event.impersonated.username);
    case FieldId::kImpersonatedUid:
      return AddText(event.impersonated.uid);
    case FieldId::kImpersonatedGroups:
      return add_all(event.impersonated.groups);
    case FieldId::kSourceIps:
      return add_all(event.source_ips);
    case FieldId::kCode:
      return event.code == 0 ? void() : AddNumber(event.code);
    case FieldId::kStatusReason:
      return AddText(event.status_reason);
    case FieldId::kDecision:
      return AddText(event.decision);
    default:
      return ReadObjectRef(field);
  }
}

std::span<const FieldValue> FieldReader::Values(const rules::Field& field) {
  values_.clear();
  scratch_used_ = 0;
  if (!ReadDerived(field)) {
    ReadProjected(field);
  }
  return values_;
}

std::string_view FieldReader::IndexText(const rules::Field& field) {
  const AuditEvent& event = *event_;
  switch (field.id) {
    case FieldId::kResource:
      if (!event.subresource.empty()) {
        break;
      }
      return event.resource;
    case FieldId::kObjectResource:
      return event.resource;
    case FieldId::kOutcome:
      return Outcome(event);
    case FieldId::kVerb:
      return event.verb;
    default:
      break;
  }
  const std::span<const FieldValue> values = Values(field);
  return values.empty() ? std::string_view() : values.front().text;
}

bool FieldReader::Exists(const rules::Field& field) {
  if (!Values(field).empty()) {
    return true;
  }
  const std::string_view path =
      field.id == FieldId::kPath ? std::string_view(field.argument) : RawPathOf(field.id);
  return !path.empty() && raw_->Exists(path);
}

}  // namespace hark::match
