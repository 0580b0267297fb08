#pragma once

#include <optional>

#include "hark/alert.h"

namespace hark::testing {

// A correlation over distinct values, with every text filled.
inline const RuleInfo& SampleRule() {
  static const RuleInfo* const rule = new RuleInfo{
      .id = "7acf5cb5-3710-4a3f-9ff2-e9c69ced1641",
      .name = "secret_read_burst",
      .version = "0123456789abcdef0123456789abcdef",
      .title = "Many distinct Secrets read by one actor",
      .author = "hark authors",
      .tactics = {"credential-access"},
      .techniques = {"T1552.007"},
      .references = {"https://kubernetes.io/docs/concepts/security/secrets-good-practices/"},
      .falsepositives = {"Backup tools"},
      .summary = "{actor.name} read {total} Secrets in {window}",
      .window_type = "value_count",
      .timespan = 300'000'000,
      .threshold = "gte 10",
      .group_by = {"actor.name"},
  };
  return *rule;
}

// A rule that looks at one event and has only what a rule must have.
inline const RuleInfo& SampleEventRule() {
  static const RuleInfo* const rule = [] {
    auto* const made = new RuleInfo;
    made->id = "5c2a1a52-8f0b-4c4e-8c0e-6f5d3c2b1a00";
    made->version = "fedcba9876543210fedcba9876543210";
    made->title = "Command run in a container";
    made->window_type = "event";
    made->group_by = {"actor.name", "source.ip"};
    return made;
  }();
  return *rule;
}

// alice read 214 Secrets in 3 minutes and 41 seconds; closed.
inline Alert SampleAlert() {
  return {
      .rule = &SampleRule(),
      .id = "3f2a9c01d4e5f60718293a4b5c6d7e8f",
      .n = 4,
      .state = AlertState::kClosed,
      .level = Severity::kHigh,
      .cluster = "prod-eu",
      .opening = {.audit_id = "a1",
                  .actor_name = "alice",
                  .actor_type = "human",
                  .actor_known = "none",
                  .actor_uid = "u-17",
                  .actor_credential = "X509SHA256=5e8848",
                  .impersonator = "bob",
                  .actor_groups = {"dev", "system:authenticated"},
                  .source_ip = "203.0.113.7",
                  .source_ips = {"10.0.0.1", "203.0.113.7"},
                  .user_agent = "kubectl/v1.31.0",
                  .verb = "get",
                  .resource = "secrets",
                  .namespace_name = "payments",
                  .name = "db",
                  .uri = "/api/v1/namespaces/payments/secrets/db",
                  .outcome = "success",
                  .reason = "NotFound",
                  .code = 200},
      .matched = {{"verb", "get"}, {"resource", "secrets"}},
      .group = {"alice"},
      .count = 230,
      .total = 214,
      .objects_total = 214,
      .namespaces = {"data", "payments"},
      .names = {"payments/db", "data/etl"},
      .audit_ids = {"a1", "a2"},
      .stages = {{Stage::kResponseStarted, 2}, {Stage::kResponseComplete, 228}},
      .first = 1'795'457'062'921'545,  // 2026-11-23T18:04:22.921545Z
      .last = 1'795'457'283'000'000,   // 2026-11-23T18:08:03Z
      .closed = 1'795'457'583'000'000,
      .exact = true,
      .late = false,
  };
}

// The first revision of an alert of a request without credentials: most texts are absent.
inline Alert SampleSparseAlert() {
  Alert alert;
  alert.rule = &SampleEventRule();
  alert.id = "00000000000000000000000000000001";
  alert.n = 1;
  alert.level = Severity::kLow;
  alert.cluster = "default";
  alert.opening.actor_type = "unauthenticated";
  alert.group = {std::nullopt, "198.51.100.7"};
  alert.count = 1;
  alert.audit_ids = {"a1"};
  alert.stages = {{Stage::kResponseStarted, 1}};
  alert.exact = false;
  alert.late = true;
  return alert;
}

}  // namespace hark::testing
