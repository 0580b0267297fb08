#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

#include "alert/revision.h"

namespace hark::testing {

constexpr Micros kRevisionStart = 1'795'457'062'000'000;  // 2026-11-23T18:04:22Z
constexpr Micros kRevisionStep = 1'000'000;

// The id of a made-up alert: the number in 32 hex digits, its lowest digit first.
inline std::string AlertId(std::uint64_t number) {
  std::string id = absl::StrFormat("%032x", number);
  return {id.rbegin(), id.rend()};
}

// Revision n of the alert of that number, first seen `number` seconds after the start.
inline alert::Revision MakeTestRevision(std::uint64_t number, std::uint32_t n = 1,
                                        AlertState state = AlertState::kOpened) {
  alert::Revision revision;
  revision.id = AlertId(number);
  revision.n = n;
  revision.rule_id = "7acf5cb5-3710-4a3f-9ff2-e9c69ced1641";
  revision.rule_name = "secret_read_burst";
  revision.level = Severity::kHigh;
  revision.state = state;
  revision.actor = "alice";
  revision.cluster = "prod-eu";
  revision.first = kRevisionStart + static_cast<Micros>(number) * kRevisionStep;
  revision.last = revision.first + n;
  revision.closed = state == AlertState::kClosed ? revision.last + kRevisionStep : 0;
  revision.detected = revision.last + 1;
  revision.json = absl::StrFormat("{\"id\":\"%s\",\"n\":%d}", revision.id, n);
  return revision;
}

inline alert::Revision MakeClosedRevision(std::uint64_t number, std::uint32_t n = 1) {
  return MakeTestRevision(number, n, AlertState::kClosed);
}

}  // namespace hark::testing
