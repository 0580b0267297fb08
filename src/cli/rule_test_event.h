#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hark/event.h"

#include "base/yaml_node.h"

namespace hark::cli {

// An event of a rule's test in its compact form, with its defaults: docs/rule-tests.md.
struct CompactEvent {
  Micros at = 0;                   // after the beginning of the test
  std::optional<Micros> received;  // as `at`
  std::vector<std::string> stages = {"ResponseComplete"};
  std::optional<std::string> id;
  std::string user = "alice";
  std::string uid, as, api_group;
  std::optional<std::vector<std::string>> groups;
  std::string verb = "get";
  std::string resource = "configmaps";  // with a subresource: "pods/exec"
  std::string namespace_name = "default";
  std::string name = "settings";
  std::optional<std::string> uri, decision;
  std::int64_t code = 200;
  std::vector<std::string> source_ips = {"192.0.2.10"};
  std::string user_agent = "kubectl/v1.37.0";
  std::optional<YamlNode> raw;
  bool repeated = false;
  std::uint64_t count = 1;
  Micros every = 0;
};

// Appends the audit events that it stands for, as JSON lines. `number` counts the events of a test,
// so that each has an auditID of its own.
void AppendAuditEvents(const CompactEvent& event, std::uint64_t& number, std::string& lines);

}  // namespace hark::cli
