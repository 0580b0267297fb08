#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "server/memory_budget.h"

namespace hark::server {

// The body of one request of an API server, received whole. Nothing of it was looked at: it may
// be no JSON at all.
struct AuditBody {
  // As configured: "127.0.0.1:9880".
  std::string listener;
  // Of the URL. The caller has shown that it may post for it.
  std::string cluster;
  // At least kPadding readable bytes follow the first `size`: simdjson reads that far.
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  // Covers `bytes` with the padding, and returns it to the budget of all bodies at the end. What
  // a parser needs beside it is taken by Grow(); when that fails the body is kBusy.
  MemoryReservation memory;

  static constexpr std::size_t kPadding = 64;
};

// What becomes of a body, and so what the API server is told. It sends the batch again after
// anything but kStored: after kBusy and kUnavailable soon and often, after kNotEvents four times.
enum class AuditOutcome : std::uint8_t {
  kStored,       // 200: its facts survive the loss of power
  kNotEvents,    // 400: no EventList
  kBusy,         // 429 with Retry-After: too much waits
  kUnavailable,  // 503 with Retry-After: the facts could not be stored
};

// Where the receiver brings what API servers post. Calls come from the receiver's threads, several
// at a time, and must return at once: all connections of a thread wait meanwhile. It outlives the
// receiver. Thread-safe.
class AuditSink {
 public:
  virtual ~AuditSink() = default;

  // A request for the cluster has begun: its headers are read and the caller may post for it. Each
  // OnOpen is followed by exactly one OnClose, when the request has ended, however: answered,
  // refused, or its connection lost. Between the two the source (listener, cluster) is not idle.
  // Of a body that was taken, OnClose comes after `done`, unless the receiver waits for it no
  // longer: at the request's deadline, or when it stops.
  virtual void OnOpen(std::string_view listener, std::string_view cluster) = 0;
  virtual void OnClose(std::string_view listener, std::string_view cluster) = 0;

  // Judges the body some time later. `done` must be called exactly once, on any thread, also within
  // Take(), and may be called at any time: when the client, the connection or the receiver has
  // gone meanwhile, it does nothing. It returns at once, and calls nothing of the sink. If it is
  // destroyed without having been called, that counts as kUnavailable.
  virtual void Take(AuditBody body, std::function<void(AuditOutcome)> done) = 0;
};

}  // namespace hark::server
