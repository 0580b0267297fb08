#include "cli/daemon_client.h"

#include <curl/curl.h>

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "simdjson.h"

#include "base/text.h"

namespace hark::cli {
namespace {

constexpr long kTimeoutSeconds = 30;
constexpr std::size_t kMaxAnswerBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxExcerptBytes = 300;

struct Cleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

// Fewer bytes than were given end the transfer.
std::size_t Append(const char* data, std::size_t size, std::size_t count, void* context) {
  auto& answer = *static_cast<std::string*>(context);
  if (answer.size() + size * count > kMaxAnswerBytes) {
    return 0;
  }
  answer.append(data, size * count);
  return size * count;
}

absl::StatusCode CodeOf(long http_status) {
  if (http_status == 404) {
    return absl::StatusCode::kNotFound;
  }
  return http_status >= 400 && http_status < 500 ? absl::StatusCode::kInvalidArgument
                                                 : absl::StatusCode::kUnavailable;
}

}  // namespace

absl::Status ErrorOf(long http_status, const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view error;
  const bool says_why =
      parser.parse(body).at_key("error").get_string().get(error) == simdjson::SUCCESS;
  return {CodeOf(http_status), says_why ? std::string(error)
                                        : absl::StrFormat("the daemon answers %d: %s", http_status,
                                                          CutUtf8(body, kMaxExcerptBytes))};
}

absl::StatusOr<std::string> DaemonClient::Send(const std::string& method, const std::string& target,
                                               const std::string& body) const {
  const std::unique_ptr<CURL, Cleanup> handle(curl_easy_init());
  if (handle == nullptr) {
    return absl::ResourceExhaustedError("no memory to ask the daemon");
  }
  std::string answer;
  const std::string url = "http://localhost" + target;
  curl_easy_setopt(handle.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_UNIX_SOCKET_PATH, socket_path_.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!body.empty()) {
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, body.c_str());
  }
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) {
    return absl::UnavailableError(
        absl::StrFormat("a daemon holds the data_dir, but cannot be asked over %s: %s",
                        socket_path_, curl_easy_strerror(code)));
  }
  long http_status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &http_status);
  if (http_status != 200) {
    return ErrorOf(http_status, answer);
  }
  return answer;
}

}  // namespace hark::cli
