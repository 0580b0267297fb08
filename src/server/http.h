#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hark::server {

// kOther has no handlers. HEAD is answered as GET is, without the body.
enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kDelete, kOther };

Method ParseMethod(std::string_view name);
std::string_view MethodName(Method method);

// By their names in lower case.
using Headers = std::map<std::string, std::string>;
// Empty if there is none; lives as long as the headers.
std::string_view Header(const Headers& headers, const std::string& name);

// One HTTP request, read whole. All texts are decoded, and the client chose them.
struct Request {
  Method method = Method::kOther;
  std::map<std::string, std::string> path_parameters;  // by their names in the route
  std::map<std::string, std::string> query;            // of equal keys the last
  Headers headers;
  std::string body;
  // The caller has shown the token or needs none. Always true for routes that ask for it; others
  // may tell such a caller more.
  bool authorized = false;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

// {"error": "..."} with that status.
Response ErrorResponse(int status, std::string_view message);

// Is called on a thread of the server, several at a time. Must return within seconds: others wait
// meanwhile, and so does the end of the program.
using Handler = std::function<Response(const Request&)>;

}  // namespace hark::server
