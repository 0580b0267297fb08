#include "cli/rule_test_event.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/str_format.h"

#include "base/rfc3339.h"
#include "cli/rule_test_json.h"

namespace hark::cli {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kBeginning = 1'767'225'600 * kSecond;  // 2026-01-01T00:00:00Z
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

std::vector<std::string> DefaultGroups(std::string_view user) {
  if (user.empty()) {
    return {};
  }
  if (user == "system:anonymous") {
    return {"system:unauthenticated"};
  }
  if (user.starts_with(kServiceAccountPrefix)) {
    const std::string_view rest = user.substr(kServiceAccountPrefix.size());
    return {"system:serviceaccounts",
            absl::StrFormat("system:serviceaccounts:%s", rest.substr(0, rest.find(':'))),
            "system:authenticated"};
  }
  if (user.starts_with("system:node:")) {
    return {"system:nodes", "system:authenticated"};
  }
  return {"system:authenticated"};
}

struct ResourceName {
  std::string_view resource, subresource;
};

ResourceName SplitResource(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return {text, {}};
  }
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::string DefaultUri(const CompactEvent& event) {
  if (event.resource.empty()) {
    return "/version";
  }
  std::string uri =
      event.api_group.empty() ? "/api/v1" : absl::StrFormat("/apis/%s/v1", event.api_group);
  const auto append = [&uri](const char* before, std::string_view text) {
    if (!text.empty()) {
      absl::StrAppendFormat(&uri, "%s/%s", before, text);
    }
  };
  const auto [resource, subresource] = SplitResource(event.resource);
  append("/namespaces", event.namespace_name);
  append("", resource);
  append("", event.name);
  append("", subresource);
  return event.verb == "watch" ? uri + "?watch=true" : uri;
}

std::string DefaultDecision(std::int64_t code) {
  if (code == 403) {
    return "forbid";
  }
  return code < 400 ? "allow" : "";
}

void SetText(JsonValue& map, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    map.At(key) = JsonValue::Text(text);
  }
}

void SetUser(const CompactEvent& event, JsonValue& root) {
  JsonValue& user = root.At("user");
  SetText(user, "username", event.user);
  SetText(user, "uid", event.uid);
  const std::vector<std::string> groups = event.groups.value_or(DefaultGroups(event.user));
  if (!groups.empty()) {
    user.At("groups") = JsonValue::Texts(groups);
  }
  if (!event.as.empty()) {
    JsonValue& impersonated = root.At("impersonatedUser");
    SetText(impersonated, "username", event.as);
    impersonated.At("groups") = JsonValue::Texts(DefaultGroups(event.as));
  }
}

void SetObjectRef(const CompactEvent& event, JsonValue& root) {
  if (event.resource.empty()) {
    return;
  }
  const auto [resource, subresource] = SplitResource(event.resource);
  JsonValue& object = root.At("objectRef");
  SetText(object, "resource", resource);
  SetText(object, "namespace", event.namespace_name);
  SetText(object, "name", event.name);
  SetText(object, "apiGroup", event.api_group);
  SetText(object, "apiVersion", "v1");
  SetText(object, "subresource", subresource);
}

// What is the same for all stages and repetitions.
JsonValue CommonPart(const CompactEvent& event) {
  JsonValue root;
  root.At("kind") = JsonValue::Text("Event");
  root.At("apiVersion") = JsonValue::Text("audit.k8s.io/v1");
  root.At("level") = JsonValue::Text("Metadata");
  root.At("auditID") = JsonValue::Text(event.id.value_or(""));
  root.At("stage") = JsonValue();
  root.At("requestURI") = JsonValue::Text(event.uri.value_or(DefaultUri(event)));
  root.At("verb") = JsonValue::Text(event.verb);
  SetUser(event, root);
  root.At("sourceIPs") = JsonValue::Texts(event.source_ips);
  root.At("userAgent") = JsonValue::Text(event.user_agent);
  SetObjectRef(event, root);
  if (event.code != 0) {
    JsonValue& status = root.At("responseStatus");
    status.At("metadata") = JsonValue();
    status.At("code") = JsonValue::Number(event.code);
  }
  const std::string decision = event.decision.value_or(DefaultDecision(event.code));
  if (!decision.empty()) {
    root.At("annotations").At("authorization.k8s.io/decision") = JsonValue::Text(decision);
  }
  return root;
}

}  // namespace

void AppendAuditEvents(const CompactEvent& event, std::uint64_t& number, std::string& lines) {
  const JsonValue common = CommonPart(event);
  for (std::uint64_t k = 0; k < event.count; ++k) {
    const Micros shift = kBeginning + static_cast<Micros>(k) * event.every;
    ++number;
    for (std::size_t stage = 0; stage < event.stages.size(); ++stage) {
      JsonValue root = common;
      if (!event.id.has_value()) {
        root.At("auditID") =
            JsonValue::Text(absl::StrFormat("00000000-0000-4000-8000-%012d", number));
      }
      root.At("stage") = JsonValue::Text(event.stages[stage]);
      root.At("requestReceivedTimestamp") =
          JsonValue::Text(FormatRfc3339(shift + event.received.value_or(event.at)));
      root.At("stageTimestamp") =
          JsonValue::Text(FormatRfc3339(shift + event.at + static_cast<Micros>(stage) * kSecond));
      if (event.raw.has_value()) {
        MergeYaml(*event.raw, root);
      }
      lines += ToJsonText(root, event.repeated ? absl::StrFormat("%d", k + 1) : "");
      lines += '\n';
    }
  }
}

}  // namespace hark::cli
