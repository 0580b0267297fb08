#pragma once

#include <string>
#include <string_view>

#include "hark/event.h"

namespace hark::match {

// What stands in place of a value that must not leave hark: "<redacted:LENGTH:CLASS>", with the
// length in bytes and one of the classes empty, number, hex, uuid, jwt, base64, text.
std::string Redacted(std::string_view value);

// A request URI with nothing in it but what is known to be harmless. Kept: the path of a request
// whose objectRef has a resource, up to the start of what a proxy passes on; the keys of the
// query that are parameters of the Kubernetes API; and the values of an allow-list of these (limit,
// labelSelector, ...). Everything else, exec arguments and continue tokens among it, is redacted.
std::string RedactUri(const AuditEvent& event);

// The decoded value of a parameter whose values are harmless. What follows a semicolon was another
// parameter for servers up to Kubernetes 1.21, and is redacted.
std::string RedactQueryValue(std::string_view value);

}  // namespace hark::match
