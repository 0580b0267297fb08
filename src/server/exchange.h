#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/access.h"
#include "server/http.h"
#include "server/router.h"

namespace hark::server {

// One request on its way from the request line to its answer. It knows nothing of sockets. Used by
// one thread at a time.
//
//   Exchange(target) ─▶ Begin(headers) ─▶ AddBody()* ─▶ Finish() = the answer
class Exchange {
 public:
  explicit Exchange(std::string_view target) : target_(target) {}

  struct Head {
    Method method = Method::kOther;
    Headers headers = {};
    Peer peer = Peer::kRemote;
  };
  // Decides what can be decided without the body: 400, 404, 405, 401, 403.
  // The router outlives the exchange.
  void Begin(Head head, const Router& router, const AccessControl& access);
  bool has_begun() const { return has_begun_; }

  // Keeps the bytes if they are wanted and at most `max_bytes` in all. What is refused is read to
  // its end and thrown away: an answer before that could be lost with a reset.
  void AddBody(std::string_view bytes, std::size_t max_bytes);

  // Calls the handler, unless the answer is already clear.
  Response Finish();

 private:
  void Authorize(Access wanted, Peer peer, const AccessControl& access);

  const std::string target_;
  bool has_begun_ = false;
  Request request_;
  const Route* route_ = nullptr;
  std::optional<Response> refusal_;
};

}  // namespace hark::server
