#include "server/http.h"

#include <array>

#include "base/json_writer.h"

namespace hark::server {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "HEAD", "POST", "PUT", "DELETE"};

}  // namespace

Method ParseMethod(std::string_view name) {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (kMethods.at(i) == name) {
      return static_cast<Method>(i);
    }
  }
  return Method::kOther;
}

std::string_view MethodName(Method method) {
  const auto index = static_cast<std::size_t>(method);
  return index < kMethods.size() ? kMethods.at(index) : "?";
}

std::string_view Header(const Headers& headers, const std::string& name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

Response ErrorResponse(int status, std::string_view message) {
  JsonWriter json;
  json.BeginObject().Key("error").String(message).EndObject();
  return {.status = status, .body = json.Take() + "\n"};
}

}  // namespace hark::server
