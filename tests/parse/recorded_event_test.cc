// Recorded events, against a reading that is too simple to be wrong: a whole tree of the event,
// in which the last of equal keys is looked up.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "simdjson.h"

#include "base/rfc3339.h"
#include "parse/event_parser.h"
#include "parse/parse_helper.h"
#include "support/event_json.h"
#include "support/recorded_data.h"

namespace hark::parse {
namespace {

using ::hark::testing::PaddedText;
using ::hark::testing::RecordedLines;
using ::hark::testing::RecordedPath;
using simdjson::dom::element;

using Projection = std::map<std::string, std::string>;

std::optional<element> Member(std::optional<element> object, std::string_view key) {
  std::optional<element> found;
  if (object.has_value() && object->is_object()) {
    const simdjson::dom::object fields = object->get_object().value_unsafe();
    for (const auto field : fields) {
      if (field.key == key) {
        found = field.value;
      }
    }
  }
  return found;
}

class NaiveReader {
 public:
  explicit NaiveReader(element event) : event_(event) {}

  Projection Read() {
    for (const char* const key : {"auditID", "stage", "level", "verb", "requestURI", "userAgent"}) {
      Text(key, Member(event_, key));
    }
    for (const char* const key : {"requestReceivedTimestamp", "stageTimestamp"}) {
      Time(key, Member(event_, key));
    }
    User("user");
    User("impersonatedUser");
    Texts("sourceIPs", Member(event_, "sourceIPs"));
    for (const char* const key :
         {"resource", "subresource", "apiGroup", "apiVersion", "namespace", "name"}) {
      Text(std::string("objectRef.") + key, Member(Member(event_, "objectRef"), key));
    }
    Text("reason", Member(Member(event_, "responseStatus"), "reason"));
    std::int64_t code = 0;
    const std::optional<element> status = Member(event_, "responseStatus");
    if (const auto value = Member(status, "code"); value && value->get(code) == simdjson::SUCCESS) {
      values_["code"] = std::to_string(code);
    }
    Text("decision", Member(Member(event_, "annotations"), "authorization.k8s.io/decision"));
    return std::move(values_);
  }

 private:
  void User(const std::string& owner) {
    const std::optional<element> user = Member(event_, owner);
    Text(owner + ".username", Member(user, "username"));
    Text(owner + ".uid", Member(user, "uid"));
    Texts(owner + ".groups", Member(user, "groups"));
    const std::optional<element> ids =
        Member(Member(user, "extra"), "authentication.kubernetes.io/credential-id");
    element first;
    if (ids && ids->at(0).get(first) == simdjson::SUCCESS) {
      Text(owner + ".credential", first);
    }
  }
  void Text(const std::string& name, std::optional<element> value) {
    if (value && value->is_string()) {
      values_[name] = std::string(value->get_string().value_unsafe());
    }
  }
  void Time(const std::string& name, std::optional<element> value) {
    if (value && value->is_string()) {
      values_[name] = FormatRfc3339(ParseRfc3339(value->get_string().value_unsafe()).value_or(0));
    }
  }
  void Texts(const std::string& name, std::optional<element> list) {
    if (list && list->is_array()) {
      std::size_t index = 0;
      const simdjson::dom::array items = list->get_array().value_unsafe();
      for (const element item : items) {
        Text(name + std::to_string(index++), item);
      }
    }
  }

  element event_;
  Projection values_;
};

std::string_view NameOf(Level level) {
  constexpr std::string_view kNames[] = {"None", "Metadata", "Request", "RequestResponse"};
  return kNames[static_cast<std::size_t>(level)];
}

class Projector {
 public:
  Projection Read(const AuditEvent& event) {
    Add("auditID", event.audit_id);
    Add("stage", StageName(event.stage));
    Add("level", NameOf(event.level));
    Add("verb", event.verb);
    Add("requestURI", event.request_uri);
    Add("userAgent", event.user_agent);
    Add("requestReceivedTimestamp", FormatRfc3339(event.received_time));
    Add("stageTimestamp", FormatRfc3339(event.stage_time));
    AddUser("user", event.user);
    AddUser("impersonatedUser", event.impersonated);
    AddAll("sourceIPs", event.source_ips);
    Add("objectRef.resource", event.resource);
    Add("objectRef.subresource", event.subresource);
    Add("objectRef.apiGroup", event.api_group);
    Add("objectRef.apiVersion", event.api_version);
    Add("objectRef.namespace", event.namespace_name);
    Add("objectRef.name", event.name);
    Add("reason", event.status_reason);
    if (event.code != 0) {
      Add("code", std::to_string(event.code));
    }
    Add("decision", event.decision);
    return std::move(values_);
  }

 private:
  void Add(const std::string& name, std::string_view value) {
    if (value.data() != nullptr) {
      values_[name] = std::string(value);
    }
  }
  void AddAll(const std::string& name, std::span<const std::string_view> texts) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Add(name + std::to_string(i), texts[i]);
    }
  }
  void AddUser(const std::string& owner, const UserView& user) {
    Add(owner + ".username", user.username);
    Add(owner + ".uid", user.uid);
    AddAll(owner + ".groups", user.groups);
    Add(owner + ".credential", user.credential);
  }

  Projection values_;
};

// Every line is an event, and is read as the naive reader reads it.
void ExpectSameAsNaive(const std::vector<std::string>& lines) {
  EventParser parser(kAllEventParts);
  simdjson::dom::parser tree;
  AuditEvent event;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const PaddedText text(lines[i]);
    ASSERT_EQ(parser.Parse(text.view(), event), ParseOutcome::kEvent) << "line " << i + 1;
    element root;
    ASSERT_EQ(tree.parse(lines[i]).get(root), simdjson::SUCCESS) << "line " << i + 1;
    ASSERT_EQ(Projector().Read(event), NaiveReader(root).Read()) << "line " << i + 1;
  }
  EXPECT_EQ(parser.wrong_types(), 0);
}

TEST(RecordedEventTest, EventsOf2018AreReadAsTheNaiveReaderReadsThem) {
  const std::optional<std::string> folder = RecordedPath("events-2018");
  if (!folder.has_value()) {
    GTEST_SKIP() << "HARK_DATA has no events-2018";
  }
  std::vector<std::string> events;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".json") || name == "fal_01_003.json") {
      continue;
    }
    const auto lines = RecordedLines("events-2018/" + name);
    std::copy_if(lines->begin(), lines->end(), std::back_inserter(events),
                 [](const std::string& line) { return !line.empty(); });
  }
  EXPECT_EQ(events.size(), 51);
  ExpectSameAsNaive(events);
}

TEST(RecordedEventTest, AnObjectWhoseKindIsANumberIsSkipped) {
  const auto lines = RecordedLines("events-2018/fal_01_003.json");
  if (!lines.has_value()) {
    GTEST_SKIP() << "HARK_DATA has no events-2018";
  }
  EXPECT_EQ(OutcomeOf(lines->front()), "skipped");
}

TEST(RecordedEventTest, TheProbesOfOddRequestsAreReadAsTheNaiveReaderReadsThem) {
  const auto lines = RecordedLines("kube-1.20/audit-semantics-test.log.zst");
  if (!lines.has_value()) {
    GTEST_SKIP() << "HARK_DATA has no kube-1.20, or there is no zstd";
  }
  EXPECT_GT(lines->size(), 1'000);
  ExpectSameAsNaive(*lines);
}

TEST(RecordedEventTest, EventsOfACurrentServerAreReadAsTheNaiveReaderReadsThem) {
  const auto lines = RecordedLines("kube-1.37.2/audit-typical.jsonl.zst", 8'000);
  if (!lines.has_value()) {
    GTEST_SKIP() << "HARK_DATA has no kube-1.37.2, or there is no zstd";
  }
  ExpectSameAsNaive(*lines);
}

}  // namespace
}  // namespace hark::parse
