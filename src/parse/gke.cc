#include "parse/gke.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/json_members.h"
#include "base/json_writer.h"
#include "parse/kept_bytes.h"

namespace hark::parse {
namespace {

constexpr std::size_t kPadding = 64;

// The parts of an entry, as JSON; empty where it has none.
struct Entry {
  std::string_view timestamp, insert_id, operation, labels, resource, payload;
};

using Names = std::array<std::string_view, 6>;
constexpr Names kEntryNames = {"timestamp", "insertId", "operation",
                               "labels",    "resource", "protoPayload"};
// As the Go client names them; the payload is a member of what holds the entry.
constexpr Names kGoNames = {"Timestamp", "InsertID", "Operation", "Labels", "Resource", ""};

Entry EntryOf(std::string_view json, const Names& names) {
  const auto [timestamp, insert_id, operation, labels, resource, payload] = MembersOf(json, names);
  return {.timestamp = timestamp,
          .insert_id = insert_id,
          .operation = operation,
          .labels = labels,
          .resource = resource,
          .payload = payload};
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

// v1, v1beta1, v2alpha3
bool IsVersion(std::string_view text) {
  return text.size() >= 2 && text[0] == 'v' && text[1] >= '0' && text[1] <= '9';
}

// What the resource name and the method name say of a request. Views into the names.
struct Target {
  std::string_view verb;
  std::string_view group, version, resource, namespace_name, name, subresource;
};

// group "/" version [ "/namespaces/" namespace ] "/" resource [ "/" name [ "/" subresource ... ] ]
//
// The group of the core is "core". As in the API server, a namespace itself has its own name as its
// namespace, and two subresources.
void ReadResourceName(const std::vector<std::string_view>& parts, Target& target) {
  if (parts.size() < 3 || !IsVersion(parts[1]) || parts[2].empty()) {
    return;
  }
  target.group = parts[0] == "core" ? std::string_view() : parts[0];
  target.version = parts[1];
  std::size_t at = 2;
  if (parts[2] == "namespaces" && parts.size() > 3) {
    target.namespace_name = parts[3];
    const bool is_namespace = parts.size() == 4 || parts[4] == "status" || parts[4] == "finalize";
    at = is_namespace ? 2 : 4;
  }
  target.resource = parts[at];
  target.name = at + 1 < parts.size() ? parts[at + 1] : std::string_view();
  target.subresource = at + 2 < parts.size() ? parts[at + 2] : std::string_view();
}

// ... "." resource [ "." subresource ] "." verb
void ReadMethodName(const std::vector<std::string_view>& parts, Target& target) {
  target.verb = parts.back();
  const std::size_t size = parts.size();
  if (size >= 3 && !target.resource.empty() && target.subresource.empty() &&
      parts[size - 3] == target.resource) {
    target.subresource = parts[size - 2];
  }
}

// The HTTP code of a gRPC code (google/rpc/code.proto); 0 if none belongs to it.
int HttpCode(int grpc_code) {
  constexpr std::array<int, 17> kCodes = {200, 499, 0,   400, 504, 404, 409, 403, 429,
                                          400, 409, 400, 501, 500, 503, 500, 401};
  return grpc_code < 0 || grpc_code >= static_cast<int>(kCodes.size())
             ? 0
             : kCodes.at(static_cast<std::size_t>(grpc_code));
}

// A number that is all of the JSON; -1 if it is none.
int NumberOf(std::string_view json) {
  int number = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), number);
  return error == std::errc() && end == json.data() + json.size() ? number : -1;
}

void WriteText(JsonWriter& writer, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    writer.Key(key).String(text);
  }
}

// A string of the entry goes on as it is written.
void WriteRawText(JsonWriter& writer, std::string_view key, std::string_view json) {
  if (IsString(json)) {
    writer.Key(key).Raw(json);
  }
}

// A body without its member "@type", which is Google's; one that is no object as it is.
void WriteBody(JsonWriter& writer, std::string_view key, std::string_view json) {
  if (json.empty()) {
    return;
  }
  if (!IsObject(json)) {
    writer.Key(key).Raw(json);
    return;
  }
  std::string body = "{";
  for (Walk walk(json); walk.Next() == WalkStep::kValue;) {
    if (walk.key() != "@type") {
      body.append(body.size() == 1 ? "\"" : ",\"").append(walk.raw_key()).append("\":");
      body.append(walk.value());
    }
  }
  writer.Key(key).Raw(body.append("}"));
}

void WriteObjectRef(JsonWriter& writer, const Target& target) {
  if (target.resource.empty()) {
    return;
  }
  writer.Key("objectRef").BeginObject();
  writer.Key("resource").String(target.resource);
  WriteText(writer, "namespace", target.namespace_name);
  WriteText(writer, "name", target.name);
  WriteText(writer, "apiGroup", target.group);
  WriteText(writer, "apiVersion", target.version);
  WriteText(writer, "subresource", target.subresource);
  writer.EndObject();
}

enum class Upgrade : std::uint8_t { kNo, kPossible };

int CodeOf(std::string_view status, std::string_view response_code, Upgrade upgrade) {
  constexpr int kUnknown = 2;
  constexpr int kSwitchingProtocols = 101;
  if (const int code = NumberOf(response_code); code > 0) {
    return code;
  }
  if (!IsObject(status)) {
    return 0;
  }
  const auto [json] = MembersOf(status, std::array<std::string_view, 1>{"code"});
  const int grpc_code = json.empty() ? 0 : NumberOf(json);
  return grpc_code == kUnknown && upgrade == Upgrade::kPossible ? kSwitchingProtocols
                                                                : HttpCode(grpc_code);
}

void WriteStatus(JsonWriter& writer, std::string_view status, std::string_view response,
                 Upgrade upgrade) {
  auto [kind, response_code, reason] =
      MembersOf(response, std::array<std::string_view, 3>{"kind", "code", "reason"});
  if (!Reads(kind, "Status")) {
    response_code = reason = {};
  }
  const int code = CodeOf(status, response_code, upgrade);
  const auto [message] = MembersOf(status, std::array<std::string_view, 1>{"message"});
  if (code == 0 && !IsString(message) && !IsString(reason)) {
    return;
  }
  writer.Key("responseStatus").BeginObject();
  WriteRawText(writer, "message", message);
  WriteRawText(writer, "reason", reason);
  if (code != 0) {
    writer.Key("code").Signed(code);
  }
  writer.EndObject();
}

// Who asked, from where and when. The time of an entry is its timestamp unless the request has one
// of its own.
void WriteRequest(JsonWriter& writer, std::string_view authentication, std::string_view metadata,
                  std::string_view timestamp) {
  const auto [email] = MembersOf(authentication, std::array<std::string_view, 1>{"principalEmail"});
  if (IsString(email)) {
    writer.Key("user").BeginObject().Key("username").Raw(email).EndObject();
  }
  const auto [address, agent, attributes] = MembersOf(
      metadata,
      std::array<std::string_view, 3>{"callerIp", "callerSuppliedUserAgent", "requestAttributes"});
  if (IsString(address)) {
    writer.Key("sourceIPs").BeginArray().Raw(address).EndArray();
  }
  WriteRawText(writer, "userAgent", agent);
  const auto [time] = MembersOf(attributes, std::array<std::string_view, 1>{"time"});
  WriteRawText(writer, "requestReceivedTimestamp", IsString(time) ? time : timestamp);
  WriteRawText(writer, "stageTimestamp", timestamp);
}

Target TargetOf(const std::string& resource_name, const std::string& method_name) {
  Target target;
  ReadResourceName(Split(resource_name, '/'), target);
  ReadMethodName(Split(method_name, '.'), target);
  return target;
}

// The names of the members of the audit record, in the order in which Convert takes them.
constexpr std::array<std::string_view, 8> kPayloadNames = {
    "serviceName",        "methodName",      "resourceName", "status",
    "authenticationInfo", "requestMetadata", "request",      "response"};

// auditID and stage.
void WriteOperation(JsonWriter& writer, const Entry& entry) {
  const auto [id, first, last] =
      MembersOf(entry.operation, std::array<std::string_view, 3>{"id", "first", "last"});
  WriteRawText(writer, "auditID", IsString(id) && id.size() > 2 ? id : entry.insert_id);
  const bool has_only_begun = first == "true" && last != "true";
  writer.Key("stage").String(has_only_begun ? "ResponseStarted" : "ResponseComplete");
}

}  // namespace

GkeOutcome GkeConverter::Convert(std::string_view entry_json) {
  const auto [go_entry, go_payload] =
      MembersOf(entry_json, std::array<std::string_view, 2>{"Entry", "AuditPayload"});
  Entry entry = EntryOf(entry_json, kEntryNames);
  if (IsObject(go_entry) && entry.payload.empty()) {
    payload_ = TextOf(go_payload);
    entry = EntryOf(go_entry, kGoNames);
    // Of a text that cannot be opened the string itself remains, which is no object.
    entry.payload = payload_.empty() ? go_payload : Trim(payload_);
  }
  if (entry.payload.empty()) {
    return GkeOutcome::kOtherService;
  }
  if (!IsObject(entry.payload)) {
    return GkeOutcome::kBroken;
  }
  const auto [service, method, resource, status, authentication, metadata, request, response] =
      MembersOf(entry.payload, kPayloadNames);
  if (!Reads(service, "k8s.io")) {
    return GkeOutcome::kOtherService;
  }
  const std::string resource_name = TextOf(resource);
  const std::string method_name = TextOf(method);
  const Target target = TargetOf(resource_name, method_name);

  JsonWriter writer;
  writer.BeginObject();
  writer.Key("kind").String("Event").Key("apiVersion").String("audit.k8s.io/v1");
  writer.Key("level").String(!response.empty()  ? "RequestResponse"
                             : !request.empty() ? "Request"
                                                : "Metadata");
  WriteOperation(writer, entry);
  WriteText(writer, "verb", target.verb);
  WriteRequest(writer, authentication, metadata, entry.timestamp);
  WriteObjectRef(writer, target);
  const bool switches = target.subresource == "exec" || target.subresource == "attach" ||
                        target.subresource == "portforward";
  WriteStatus(writer, status, response, switches ? Upgrade::kPossible : Upgrade::kNo);
  WriteBody(writer, "requestObject", request);
  WriteBody(writer, "responseObject", response);
  if (IsObject(entry.labels)) {
    writer.Key("annotations").Raw(entry.labels);
  }
  json_ = writer.EndObject().Take();
  json_size_ = json_.size();
  json_.append(kPadding, '\0');

  const auto [labels] = MembersOf(entry.resource, std::array<std::string_view, 1>{"labels"});
  const auto [cluster] = MembersOf(labels, std::array<std::string_view, 1>{"cluster_name"});
  cluster_ = TextOf(cluster);
  return GkeOutcome::kEvent;
}

void GkeConverter::Shrink() {
  for (std::string* const buffer : {&json_, &payload_}) {
    ShrinkBuffer(*buffer);
  }
}

}  // namespace hark::parse
