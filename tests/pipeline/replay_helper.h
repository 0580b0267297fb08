#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"

#include "hark/alert.h"
#include "hark/event.h"

#include "base/rfc3339.h"
#include "rules/loader.h"

namespace hark::testing {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kStart = 1'767'225'600 * kSecond;  // 2026-01-01T00:00:00Z

// A rule that raises an alert for each Secret that is read, by actor and address.
inline std::shared_ptr<const rules::RuleSet> SecretReadRules() {
  static const std::vector<rules::RuleFile> files = {{.path = "secret_read.yml", .content = R"(
title: Secret read
id: 11111111-2222-4333-8444-555555555555
name: secret_read
logsource: {product: kubernetes, service: audit}
detection:
  selection: {verb: get, objectRef.resource: secrets}
  condition: selection
level: medium
)"}};
  Diagnostics diagnostics;
  return rules::LoadRules(files, diagnostics);
}

// One event of the log, a second of event time being a unit.
struct EventLine {
  int second = 0;
  std::string_view user = "alice";
  std::string_view resource = "secrets";
};

inline std::string ToJson(const EventLine& line) {
  const std::string time = FormatRfc3339(kStart + line.second * kSecond);
  return absl::StrFormat(
      R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"%d-%s-%s",)"
      R"("stage":"ResponseComplete","requestURI":"/api/v1/namespaces/a/%s/b","verb":"get",)"
      R"("user":{"username":"%s"},"sourceIPs":["192.0.2.1"],)"
      R"("objectRef":{"resource":"%s","namespace":"a","name":"b"},"responseStatus":{"code":200},)"
      R"("requestReceivedTimestamp":"%s","stageTimestamp":"%s"})"
      "\n",
      line.second, line.user, line.resource, line.resource, line.user, line.resource, time, time);
}

inline std::string ToJson(const std::vector<EventLine>& lines) {
  std::string text;
  for (const EventLine& line : lines) {
    text += ToJson(line);
  }
  return text;
}

}  // namespace hark::testing
