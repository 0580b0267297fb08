#include "server/router.h"

#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"

namespace hark::server {
namespace {

std::vector<std::string> Split(std::string_view path) {
  HARK_CHECK(!path.empty() && path.front() == '/');
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    segments.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

bool IsParameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::optional<std::map<std::string, std::string>> Match(const std::vector<std::string>& pattern,
                                                        const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) {
    return std::nullopt;
  }
  std::map<std::string, std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (IsParameter(pattern[i]) && !segments[i].empty()) {
      parameters.emplace(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return parameters;
}

}  // namespace

void Router::Add(Method method, std::string_view path, Access access, Handler handler) {
  routes_.push_back(
      {.method = method, .pattern = Split(path), .access = access, .handler = std::move(handler)});
}

Router::Result Router::Find(Method method, const std::vector<std::string>& segments) const {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  std::set<Method> methods;
  for (const Route& route : routes_) {
    auto parameters = Match(route.pattern, segments);
    if (!parameters) {
      continue;
    }
    if (route.method == wanted) {
      return Found{.route = &route, .parameters = *std::move(parameters)};
    }
    methods.insert(route.method);
    if (route.method == Method::kGet) {
      methods.insert(Method::kHead);
    }
  }
  if (methods.empty()) {
    return NotFound{};
  }
  NotAllowed result;
  for (const Method allowed : methods) {
    result.allow += (result.allow.empty() ? "" : ", ") + std::string(MethodName(allowed));
  }
  return result;
}

}  // namespace hark::server
