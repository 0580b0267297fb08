#pragma once

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include <cstdarg>
#include <cstddef>
#include <string>

#include "base/log.h"
#include "server/http.h"

namespace hark::server::mhd {

// What the servers have in common in their use of libmicrohttpd. Included by no other header: the
// library is an implementation detail.

// Bounds the request line and the headers of each connection, and what is read of a body at once.
constexpr std::size_t kConnectionMemory = std::size_t{32} * 1024;
// Of each listener.
constexpr unsigned kThreads = 2;

int SocketOf(MHD_Connection* connection);
const sockaddr* PeerAddressOf(MHD_Connection* connection);
// The address without the port, "10.0.0.7": for people.
std::string PeerTextOf(MHD_Connection* connection);
// Of headers of one name the last.
Headers HeadersOf(MHD_Connection* connection);

// Queues the answer, with security headers: nothing in it may be run, framed, guessed at or kept.
MHD_Result Send(MHD_Connection* connection, const Response& response);

// Writes an answer past the library, which takes none between the beginning and the end of a body.
// To be called by its handler, with a part of the body; after that the rest may be read and thrown
// away, and the connection is good for nothing else. It is lost if the socket does not take it at
// once.
void SendEarly(MHD_Connection* connection, const Response& response);

// The TLS session of the connection, null without TLS.
gnutls_session_t SessionOf(MHD_Connection* connection);

// Writes a message of the library at the level debug. The logger may be null.
[[gnu::format(printf, 2, 0)]] void Log(Logger* log, const char* format, va_list arguments);

}  // namespace hark::server::mhd
