#include "match/redact.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_format.h"

#include "rules/fields.h"

namespace hark::match {
namespace {

bool AllOf(std::string_view text, bool (*test)(char)) {
  return std::all_of(text.begin(), text.end(), test);
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsAlpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsBase64(char c) {
  return IsAlpha(c) || IsDigit(c) || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) {
      return false;
    }
  }
  return true;
}

std::string_view ClassOf(std::string_view value) {
  if (value.empty()) {
    return "empty";
  }
  if (AllOf(value, IsDigit)) {
    return "number";
  }
  if (IsUuid(value)) {
    return "uuid";
  }
  if (value.starts_with("eyJ") && std::count(value.begin(), value.end(), '.') == 2) {
    return "jwt";
  }
  if (value.size() >= 8 && AllOf(value, IsHex)) {
    return "hex";
  }
  return value.size() >= 16 && AllOf(value, IsBase64) ? "base64" : "text";
}

// The parameters of the Kubernetes API whose names are shown and whose values are not.
constexpr std::array kKeysWithoutValue = std::to_array<std::string_view>({
    "command",
    "continue",
    "export",
    "fieldValidation",
    "gracePeriodSeconds",
    "includeObject",
    "insecureSkipTLSVerifyBackend",
    "limitBytes",
    "orphanDependents",
    "path",
    "ports",
    "pretty",
    "previous",
    "propagationPolicy",
    "sinceSeconds",
    "sinceTime",
    "stderr",
    "stream",
    "timeout",
    "timestamps",
});

// A query key is chosen by the client too, and may be a secret as well as its value: "?hunter2".
bool IsShownKey(std::string_view key) {
  return rules::IsHarmlessQueryKey(key) ||
         std::find(kKeysWithoutValue.begin(), kKeysWithoutValue.end(), key) !=
             kKeysWithoutValue.end();
}

void AppendPlainParameter(std::string_view parameter, std::string& out) {
  const std::size_t equals = parameter.find('=');
  const std::string_view key = parameter.substr(0, equals);
  if (!IsShownKey(key)) {
    out += Redacted(parameter);
    return;
  }
  out += key;
  if (equals == std::string_view::npos) {
    return;
  }
  const std::string_view value = parameter.substr(equals + 1);
  out += '=';
  out += rules::IsHarmlessQueryKey(key) ? std::string(value) : Redacted(value);
}

// A semicolon parts parameters for servers up to Kubernetes 1.21 and none for later ones: what
// follows it is a parameter, or a part of the value before it, and never worth the risk.
void AppendParameter(std::string_view parameter, std::string& out) {
  const std::size_t semicolon = parameter.find(';');
  AppendPlainParameter(parameter.substr(0, semicolon), out);
  if (semicolon != std::string_view::npos) {
    out += ';';
    out += Redacted(parameter.substr(semicolon + 1));
  }
}

void AppendPath(const AuditEvent& event, std::string_view path, std::string& out) {
  // One that does not begin with a slash is none of the API: it may name a user and a password.
  if (event.resource.empty() || !path.starts_with('/')) {
    out += Redacted(path);
    return;
  }
  const bool proxy = event.subresource == "proxy" || event.verb == "proxy";
  if (!proxy) {
    out += path;
    return;
  }
  // The server has decoded the path before it split it: behind an escape, "%70roxy" or "n%2Fproxy"
  // may be where the proxy begins.
  const std::string_view plain = path.substr(0, path.find('%'));
  const std::size_t passed_on = plain.find("/proxy/");
  if (passed_on == std::string_view::npos) {
    out += path.ends_with("/proxy") && plain.size() == path.size() ? std::string(path)
                                                                   : Redacted(path);
    return;
  }
  const std::size_t kept = passed_on + std::string_view("/proxy/").size();
  out += path.substr(0, kept);
  if (kept < path.size()) {
    out += Redacted(path.substr(kept));
  }
}

}  // namespace

std::string Redacted(std::string_view value) {
  return absl::StrFormat("<redacted:%d:%s>", value.size(), ClassOf(value));
}

std::string RedactUri(const AuditEvent& event) {
  const std::string_view uri = event.request_uri;
  const std::size_t question = uri.find('?');
  std::string out;
  if (!uri.empty()) {
    AppendPath(event, uri.substr(0, question), out);
  }
  if (question == std::string_view::npos) {
    return out;
  }
  out += '?';
  std::string_view rest = uri.substr(question + 1);
  while (true) {
    const std::size_t ampersand = rest.find('&');
    AppendParameter(rest.substr(0, ampersand), out);
    if (ampersand == std::string_view::npos) {
      return out;
    }
    out += '&';
    rest.remove_prefix(ampersand + 1);
  }
}

std::string RedactQueryValue(std::string_view value) {
  const std::size_t semicolon = value.find(';');
  std::string out(value.substr(0, semicolon));
  if (semicolon != std::string_view::npos) {
    out += ';';
    out += Redacted(value.substr(semicolon + 1));
  }
  return out;
}

}  // namespace hark::match
