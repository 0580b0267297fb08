#include "server/mhd.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace hark::server::mhd {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 5> kSecurityHeaders = {{
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
}};

MHD_Result CollectHeader(void* headers, MHD_ValueKind, const char* key, const char* value) {
  std::string name(key);
  for (char& c : name) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  static_cast<Headers*>(headers)->insert_or_assign(std::move(name), value == nullptr ? "" : value);
  return MHD_YES;
}

const char* ReasonPhrase(int status) {
  return MHD_get_reason_phrase_for(static_cast<unsigned>(status));
}

}  // namespace

int SocketOf(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

const sockaddr* PeerAddressOf(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

std::string PeerTextOf(MHD_Connection* connection) {
  const sockaddr* const address = PeerAddressOf(connection);
  if (address == nullptr) {
    return "";
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const socklen_t length =
      address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return getnameinfo(address, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0
             ? text.data()
             : "";
}

Headers HeadersOf(MHD_Connection* connection) {
  Headers headers;
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &CollectHeader, &headers);
  return headers;
}

MHD_Result Send(MHD_Connection* connection, const Response& response) {
  // The library only reads the bytes, which it copies.
  MHD_Response* const answer = MHD_create_response_from_buffer(
      response.body.size(), const_cast<char*>(response.body.data()),  // NOLINT
      MHD_RESPMEM_MUST_COPY);
  if (answer == nullptr) {
    return MHD_NO;
  }
  MHD_add_response_header(answer, "Content-Type", response.content_type.c_str());
  for (const auto& [name, value] : kSecurityHeaders) {
    MHD_add_response_header(answer, name, value);
  }
  for (const auto& [name, value] : response.headers) {
    MHD_add_response_header(answer, name.c_str(), value.c_str());
  }
  const MHD_Result result =
      MHD_queue_response(connection, static_cast<unsigned>(response.status), answer);
  MHD_destroy_response(answer);
  return result;
}

void SendEarly(MHD_Connection* connection, const Response& response) {
  std::string text = absl::StrFormat("HTTP/1.1 %d %s\r\nContent-Length: %d\r\nContent-Type: %s\r\n",
                                     response.status, ReasonPhrase(response.status),
                                     response.body.size(), response.content_type);
  for (const auto& [name, value] : kSecurityHeaders) {
    absl::StrAppendFormat(&text, "%s: %s\r\n", name, value);
  }
  for (const auto& [name, value] : response.headers) {
    if (name != "Connection") {
      absl::StrAppendFormat(&text, "%s: %s\r\n", name, value);
    }
  }
  text += "Connection: close\r\n\r\n" + response.body;
  gnutls_session_t const session = SessionOf(connection);
  if (session != nullptr) {
    gnutls_record_send(session, text.data(), text.size());
  } else {
    send(SocketOf(connection), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

gnutls_session_t SessionOf(MHD_Connection* connection) {
  const MHD_ConnectionInfo* const info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info == nullptr ? nullptr : static_cast<gnutls_session_t>(info->tls_session);
}

void Log(Logger* log, const char* format, va_list arguments) {
  if (log == nullptr) {
    return;
  }
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  log->Write(
      {.level = LogLevel::kDebug, .key = "http_library", .text = "libmicrohttpd says something."},
      {{"message", std::string_view(text.data())}});
}

}  // namespace hark::server::mhd
