#include "alert/http_sender.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <map>
#include <string_view>

#include "absl/strings/str_format.h"

#include "alert/forbidden_address.h"
#include "alert/transfer_error.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace hark::alert {
namespace {

constexpr std::size_t kKeptBytes = 1'024;
// An answer says yes or no. One that goes on and on is cut off; its status counts.
constexpr std::size_t kMaxAnswerBytes = std::size_t{1} << 20;
constexpr absl::Duration kMaxRetryAfter = absl::Hours(24);
constexpr const char* kUserAgent = "hark";

struct Transfer {
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  HttpRequest request;
  HttpSender::Done done;
  HttpAnswer answer;
  std::size_t received = 0;
  bool forbidden = false;
  std::array<char, CURL_ERROR_SIZE> error = {};
};

std::size_t OnData(char* data, std::size_t size, std::size_t count, void* owner) {
  auto& transfer = *static_cast<Transfer*>(owner);
  const std::string_view piece(data, size * count);
  transfer.received += piece.size();
  const std::size_t room = kKeptBytes - std::min(kKeptBytes, transfer.answer.body.size());
  transfer.answer.body.append(piece.substr(0, room));
  return transfer.received > kMaxAnswerBytes ? 0 : piece.size();
}

// Is called with every address that a name has resolved to, so no name leads around it.
curl_socket_t OpenAllowed(void* owner, curlsocktype /*purpose*/, curl_sockaddr* address) {
  if (IsForbiddenAddress(address->addr)) {
    static_cast<Transfer*>(owner)->forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

absl::Status CheckReadable(const std::string& path) {
  return path.empty() || access(path.c_str(), R_OK) == 0
             ? absl::OkStatus()
             : absl::ErrnoToStatus(errno, absl::StrFormat("cannot read %s", path));
}

template <typename Value>
void Set(CURL* handle, CURLoption option, Value value) {
  // Fails only for an option that this libcurl does not have, and for want of memory.
  HARK_CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
}

void SetFile(CURL* handle, CURLoption option, const std::string& path) {
  if (!path.empty()) {
    Set(handle, option, path.c_str());
  }
}

}  // namespace

struct HttpSender::Impl {
  explicit Impl(HttpOptions given) : options(std::move(given)), multi(curl_multi_init()) {
    HARK_CHECK(multi != nullptr);
  }
  ~Impl() {
    for (auto& [handle, transfer] : transfers) {
      Remove(*transfer);
    }
    curl_multi_cleanup(multi);
  }

  void Remove(Transfer& transfer) const {
    curl_multi_remove_handle(multi, transfer.handle);
    curl_easy_cleanup(transfer.handle);
    curl_slist_free_all(transfer.headers);
  }

  void Prepare(Transfer& transfer) const {
    CURL* const handle = transfer.handle;
    Set(handle, CURLOPT_URL, transfer.request.url.c_str());
    Set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    Set(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    Set(handle, CURLOPT_POST, 1L);
    Set(handle, CURLOPT_POSTFIELDS, transfer.request.body.c_str());
    Set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.request.body.size()));
    Set(handle, CURLOPT_USERAGENT, kUserAgent);
    Set(handle, CURLOPT_TIMEOUT_MS, long{absl::ToInt64Milliseconds(options.timeout)});
    Set(handle, CURLOPT_NOSIGNAL, 1L);
    Set(handle, CURLOPT_PROXY, options.proxy.c_str());
    // Without it no_proxy of the environment would lead around the proxy.
    Set(handle, CURLOPT_NOPROXY, "");
    if (!options.ca_file.empty()) {
      Set(handle, CURLOPT_CAINFO, options.ca_file.c_str());
      // Else the folder of the system's would be trusted beside it.
      Set(handle, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
      // Else a file that is renewed would not be read for a day.
      Set(handle, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    }
    SetFile(handle, CURLOPT_SSLCERT, options.cert_file);
    SetFile(handle, CURLOPT_SSLKEY, options.key_file);
    // Else OpenSSL would ask the terminal for the passphrase of a key that has one.
    Set(handle, CURLOPT_KEYPASSWD, "");
    Set(handle, CURLOPT_WRITEFUNCTION, &OnData);
    Set(handle, CURLOPT_WRITEDATA, &transfer);
    Set(handle, CURLOPT_ERRORBUFFER, transfer.error.data());
    if (!options.allow_link_local) {
      Set(handle, CURLOPT_OPENSOCKETFUNCTION, &OpenAllowed);
      Set(handle, CURLOPT_OPENSOCKETDATA, &transfer);
    }
    for (const auto& [name, value] : transfer.request.headers) {
      // "Name;" is libcurl's way to send a header without a value.
      const std::string line = value.empty() ? name + ";" : absl::StrFormat("%s: %s", name, value);
      transfer.headers = curl_slist_append(transfer.headers, line.c_str());
    }
    // Without it a body over 1 MiB waits for a "100 Continue".
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    Set(handle, CURLOPT_HTTPHEADER, transfer.headers);
  }

  void Finish(Transfer& transfer, CURLcode code) const {
    HttpAnswer& answer = transfer.answer;
    long status = 0;
    curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(transfer.handle, CURLINFO_RETRY_AFTER, &retry_after);
    answer.retry_after = std::min(absl::Seconds(retry_after), kMaxRetryAfter);
    if (code == CURLE_OK || (code == CURLE_WRITE_ERROR && status != 0)) {
      return;
    }
    answer.error = transfer.forbidden
                       ? "the address is link-local, or serves a cloud's credentials"
                       : ExplainTransferError(transfer.error[0] != '\0' ? transfer.error.data()
                                                                        : curl_easy_strerror(code));
  }

  void FinishAll() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) {
        continue;
      }
      const auto found = transfers.find(message->easy_handle);
      const std::unique_ptr<Transfer> transfer = std::move(found->second);
      transfers.erase(found);
      Finish(*transfer, message->data.result);
      Remove(*transfer);
      transfer->done(transfer->answer);
    }
  }

  const HttpOptions options;
  CURLM* const multi;
  std::map<CURL*, std::unique_ptr<Transfer>> transfers;
};

absl::StatusOr<std::unique_ptr<HttpSender>> HttpSender::Create(const HttpOptions& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  HARK_CHECK(initialized == CURLE_OK);
  for (const std::string* const path : {&options.ca_file, &options.cert_file, &options.key_file}) {
    RETURN_IF_ERROR(CheckReadable(*path));
  }
  return std::unique_ptr<HttpSender>(new HttpSender(std::make_unique<Impl>(options)));
}

HttpSender::HttpSender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpSender::~HttpSender() = default;

void HttpSender::Post(HttpRequest request, Done done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->handle = curl_easy_init();
  HARK_CHECK(transfer->handle != nullptr);
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  impl_->Prepare(*transfer);
  HARK_CHECK(curl_multi_add_handle(impl_->multi, transfer->handle) == CURLM_OK);
  impl_->transfers.emplace(transfer->handle, std::move(transfer));
}

void HttpSender::Wait(absl::Duration at_most) {
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  const bool has_ended = static_cast<std::size_t>(running) < impl_->transfers.size();
  const std::int64_t milliseconds =
      has_ended
          ? 0
          : std::clamp<std::int64_t>(
                absl::ToInt64Milliseconds(absl::Ceil(at_most, absl::Milliseconds(1))), 0, INT_MAX);
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(milliseconds), nullptr);
  curl_multi_perform(impl_->multi, &running);
  impl_->FinishAll();
}

void HttpSender::Wake() {
  curl_multi_wakeup(impl_->multi);
}

Attempt ToAttempt(const HttpAnswer& answer) {
  Attempt attempt = {
      .status = answer.status, .answer = answer.body, .wait_at_least = answer.retry_after};
  const int status = answer.status;
  attempt.reason = answer.error.empty() ? absl::StrFormat("HTTP %d", status) : answer.error;
  constexpr std::array kMayPass = {401, 403, 404, 407, 408, 421, 423, 425, 429};
  attempt.outcome = Outcome::kRetry;
  if (!answer.error.empty()) {
    return attempt;
  }
  if (status >= 200 && status < 300) {
    attempt = {};
  } else if (status == 410) {
    attempt.outcome = Outcome::kStop;
  } else if (status >= 400 && status < 500 &&
             std::find(kMayPass.begin(), kMayPass.end(), status) == kMayPass.end()) {
    attempt.outcome = Outcome::kRejected;
  }
  return attempt;
}

}  // namespace hark::alert
