#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/http.h"

namespace hark::server {

// Who may call a route.
enum class Access : std::uint8_t {
  kAnyone,      // probes and metrics: no event data
  kAuthorized,  // over the Unix socket, from loopback, or with the token
};

struct Route {
  Method method = Method::kGet;
  std::vector<std::string> pattern;  // segments; "{name}" takes any one segment that is not empty
  Access access = Access::kAuthorized;
  Handler handler;
};

// Finds the route of a request. Built once, then immutable and safe to share.
class Router {
 public:
  struct Found {
    const Route* route = nullptr;  // lives as long as the router
    std::map<std::string, std::string> parameters;
  };
  struct NotFound {};
  struct NotAllowed {
    std::string allow;  // the methods that the path has: "GET, HEAD, POST"
  };
  using Result = std::variant<Found, NotFound, NotAllowed>;

  // `path` is "/api/v1/alerts/{id}". Of routes that fit the first added is taken. GET includes
  // HEAD. REQUIRES: `path` begins with a slash.
  void Add(Method method, std::string_view path, Access access, Handler handler);

  Result Find(Method method, const std::vector<std::string>& segments) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace hark::server
