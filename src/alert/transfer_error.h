#pragma once

#include <string>
#include <string_view>

namespace hark::alert {

// What libcurl and OpenSSL say of a request that failed, and behind it, for those of their messages
// that name a cause only to experts, what to look at:
// "SSL certificate problem: unable to get local issuer certificate (the receiver's certificate
// ...)".
std::string ExplainTransferError(std::string_view error);

}  // namespace hark::alert
