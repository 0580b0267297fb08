#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"

namespace hark::testing {

inline std::string JsonString(std::string_view text) {
  return JsonWriter().String(text).Take();
}

inline std::string JsonStrings(std::initializer_list<std::string_view> texts) {
  JsonWriter writer;
  writer.BeginArray();
  for (const std::string_view text : texts) {
    writer.String(text);
  }
  return writer.EndArray().Take();
}

// A JSON text with 64 readable bytes after it, and not one more. They are there to be looked at,
// not to be believed: by default they would complete many a text that is cut off.
class PaddedText {
 public:
  static constexpr std::size_t kPadding = 64;

  explicit PaddedText(std::string_view text, char filler = '}')
      : bytes_(text.begin(), text.end()), size_(text.size()) {
    bytes_.insert(bytes_.end(), kPadding, filler);
    bytes_.shrink_to_fit();
  }

  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::vector<char> bytes_;
  std::size_t size_;
};

// An audit event as JSON: a named get of a Secret that succeeded, unless told otherwise.
//
//   EventBuilder().Verb("create").Resource("pods/exec").Namespace("a").Name("p").Json()
class EventBuilder {
 public:
  EventBuilder() {
    Set("kind", JsonString("Event"));
    Set("apiVersion", JsonString("audit.k8s.io/v1"));
    Level("Metadata").AuditId("11111111-2222-4333-8444-555555555555").Stage("ResponseComplete");
    Uri("/api/v1/namespaces/a/secrets/b").Verb("get").User("alice").SourceIps({"203.0.113.7"});
    UserAgent("kubectl/v1.37.2 (linux/amd64) kubernetes/0c5d8f1");
    Resource("secrets").Namespace("a").Name("b").Code(200);
    At("2026-11-23T18:04:22.921545Z");
    Annotation("authorization.k8s.io/decision", "allow");
  }

  // Any member of the event, by the JSON of its key without the quotes and of its value. A key
  // that is there keeps its place.
  EventBuilder& Set(std::string_view key, std::string_view json) {
    Put(members_, key, json);
    return *this;
  }
  // Adds a member at the end, though there may be one of that key.
  EventBuilder& Append(std::string_view key, std::string_view json) {
    members_.emplace_back(key, json);
    return *this;
  }
  EventBuilder& Without(std::string_view key) {
    std::erase_if(members_, [key](const Member& member) { return member.first == key; });
    return *this;
  }

  EventBuilder& Level(std::string_view text) { return Set("level", JsonString(text)); }
  EventBuilder& AuditId(std::string_view text) { return Set("auditID", JsonString(text)); }
  EventBuilder& Stage(std::string_view text) { return Set("stage", JsonString(text)); }
  EventBuilder& Uri(std::string_view text) { return Set("requestURI", JsonString(text)); }
  EventBuilder& Verb(std::string_view text) { return Set("verb", JsonString(text)); }
  EventBuilder& UserAgent(std::string_view text) { return Set("userAgent", JsonString(text)); }
  EventBuilder& SourceIps(std::initializer_list<std::string_view> texts) {
    return Set("sourceIPs", JsonStrings(texts));
  }

  EventBuilder& User(std::string_view name) { return UserField("username", JsonString(name)); }
  // A member of `user`, and of what stands beside it, with the JSON of its value.
  EventBuilder& UserField(std::string_view key, std::string_view json) {
    return PutInto("user", user_, key, json);
  }
  EventBuilder& Credential(std::string_view id) {
    return UserField("extra",
                     "{\"authentication.kubernetes.io/credential-id\":" + JsonStrings({id}) + "}");
  }
  EventBuilder& Impersonate(std::string_view name) {
    return ImpersonatedField("username", JsonString(name));
  }
  EventBuilder& ImpersonatedField(std::string_view key, std::string_view json) {
    return PutInto("impersonatedUser", impersonated_, key, json);
  }

  // "pods" or "pods/exec".
  EventBuilder& Resource(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
      ObjectField("subresource", JsonString(text.substr(slash + 1)));
    }
    return ObjectField("resource", JsonString(text.substr(0, slash)));
  }
  EventBuilder& Namespace(std::string_view text) {
    return ObjectField("namespace", JsonString(text));
  }
  EventBuilder& Name(std::string_view text) { return ObjectField("name", JsonString(text)); }
  EventBuilder& ObjectField(std::string_view key, std::string_view json) {
    return PutInto("objectRef", object_, key, json);
  }
  // An objectRef with nothing in it yet.
  EventBuilder& NewObject() {
    object_.clear();
    return Set("objectRef", "{}");
  }

  EventBuilder& Code(std::int64_t code) { return StatusField("code", std::to_string(code)); }
  EventBuilder& StatusField(std::string_view key, std::string_view json) {
    return PutInto("responseStatus", status_, key, json);
  }
  EventBuilder& Annotation(std::string_view key, std::string_view value) {
    return PutInto("annotations", annotations_, key, JsonString(value));
  }

  // Both times.
  EventBuilder& At(std::string_view time) { return Received(time).StageTime(time); }
  EventBuilder& Received(std::string_view time) {
    return Set("requestReceivedTimestamp", JsonString(time));
  }
  EventBuilder& StageTime(std::string_view time) { return Set("stageTimestamp", JsonString(time)); }

  std::string Json() const { return Text(members_); }
  // The members in the opposite order.
  std::string ReversedJson() const { return Text({members_.rbegin(), members_.rend()}); }

 private:
  using Member = std::pair<std::string, std::string>;  // the key, the JSON of the value
  using Members = std::vector<Member>;

  static void Put(Members& members, std::string_view key, std::string_view json) {
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const Member& member) { return member.first == key; });
    if (found == members.end()) {
      members.emplace_back(key, json);
    } else {
      found->second = json;
    }
  }

  EventBuilder& PutInto(std::string_view owner, Members& members, std::string_view key,
                        std::string_view json) {
    Put(members, key, json);
    return Set(owner, Text(members));
  }

  static std::string Text(const Members& members) {
    std::string text = "{";
    for (const auto& [key, json] : members) {
      text.append(text.size() == 1 ? "" : ",").append("\"").append(key).append("\":").append(json);
    }
    return text + "}";
  }

  Members members_, user_, impersonated_, object_, status_, annotations_;
};

}  // namespace hark::testing
