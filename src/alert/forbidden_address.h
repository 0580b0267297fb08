#pragma once

#include <sys/socket.h>

namespace hark::alert {

// Is it an address that an output must not connect to unless it is allowed? Link-local ones
// (169.254.0.0/16, fe80::/10) and those at which clouds serve credentials to their machines, also
// where they are written as IPv6: a name under somebody else's control may resolve to one, and
// what is sent there, or comes back, is not for this program. Thread-safe.
bool IsForbiddenAddress(const sockaddr& address);

}  // namespace hark::alert
