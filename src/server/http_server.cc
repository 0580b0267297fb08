#include "server/http_server.h"

#include <microhttpd.h>

#include <chrono>
#include <cstdarg>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "base/mutex.h"
#include "base/status_macros.h"
#include "server/access.h"
#include "server/connection_deadlines.h"
#include "server/exchange.h"
#include "server/listen_socket.h"
#include "server/mhd.h"

namespace hark::server {

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, Router router)
      : options_(options), router_(std::move(router)), access_(options.token_file) {}
  ~Impl() { Stop(); }

  absl::Status Start();
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);
  std::uint16_t port() const { return port_; }
  absl::Status ReloadToken() { return access_.LoadToken(); }

 private:
  // A daemon of libmicrohttpd, and what its callbacks get.
  struct Listener {
    Listener(Impl& owner, ListenSocket listen_socket, bool unix_socket)
        : impl(owner), socket(std::move(listen_socket)), is_unix(unix_socket) {}
    Impl& impl;
    std::optional<ListenSocket> socket;
    const bool is_unix;
    MHD_Daemon* daemon = nullptr;
  };

  static void* OnTarget(void* listener, const char* target, MHD_Connection* connection);
  static MHD_Result OnRequest(void* listener, MHD_Connection* connection, const char* url,
                              const char* method, const char* version, const char* body,
                              std::size_t* body_size, void** exchange);
  static void OnCompleted(void* listener, MHD_Connection* connection, void** exchange,
                          MHD_RequestTerminationCode code);
  static void OnConnection(void* listener, MHD_Connection* connection, void** context,
                           MHD_ConnectionNotificationCode code);
  [[gnu::format(printf, 2, 0)]] static void OnLibraryMessage(void* listener, const char* format,
                                                             va_list arguments);

  absl::Status Listen(ListenSocket socket, bool is_unix);
  void Begin(const Listener& listener, MHD_Connection* connection, const char* method,
             Exchange& exchange) ABSL_LOCKS_EXCLUDED(mutex_);
  void WaitForAnswers() ABSL_LOCKS_EXCLUDED(mutex_);

  const HttpServerOptions options_;
  const Router router_;
  AccessControl access_;
  ConnectionDeadlines deadlines_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::uint16_t port_ = 0;

  Mutex mutex_;
  CondVar answered_;
  std::size_t running_ ABSL_GUARDED_BY(mutex_) = 0;  // requests between their headers and the end
};

absl::Status CheckHttpServerOptions(const HttpServerOptions& options) {
  if (options.listen.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(options.listen));
  if (!address.is_loopback() && options.token_file.empty()) {
    return InvalidArgument("listen address %s is not loopback: a token file is needed",
                           options.listen);
  }
  return absl::OkStatus();
}

absl::Status HttpServer::Impl::Start() {
  RETURN_IF_ERROR(CheckHttpServerOptions(options_));
  RETURN_IF_ERROR(access_.LoadToken());
  if (!options_.listen.empty()) {
    ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(options_.listen));
    absl::StatusOr<ListenSocket> socket = ListenSocket::Tcp(address);
    if (!socket.ok()) {
      return absl::Status(socket.status().code(),
                          absl::StrFormat("listen address %s: %s", options_.listen,
                                          std::string(socket.status().message())));
    }
    port_ = socket->port();
    RETURN_IF_ERROR(Listen(*std::move(socket), /*is_unix=*/false));
  }
  if (!options_.unix_socket.empty()) {
    ASSIGN_OR_RETURN(ListenSocket socket, ListenSocket::Unix(options_.unix_socket));
    RETURN_IF_ERROR(Listen(std::move(socket), /*is_unix=*/true));
  }
  return absl::OkStatus();
}

absl::Status HttpServer::Impl::Listen(ListenSocket socket, bool is_unix) {
  auto owned = std::make_unique<Listener>(*this, std::move(socket), is_unix);
  Listener* const listener = owned.get();
  listener->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC, 0, nullptr, nullptr,
      &Impl::OnRequest, listener,                                     //
      MHD_OPTION_EXTERNAL_LOGGER, &Impl::OnLibraryMessage, listener,  //
      MHD_OPTION_LISTEN_SOCKET, listener->socket->fd(),               //
      MHD_OPTION_THREAD_POOL_SIZE, mhd::kThreads,                     //
      MHD_OPTION_CONNECTION_LIMIT, options_.max_connections,          //
      MHD_OPTION_PER_IP_CONNECTION_LIMIT, is_unix ? 0U : options_.max_connections_per_address,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, mhd::kConnectionMemory,  //
      MHD_OPTION_STRICT_FOR_CLIENT, 1,                             //
      MHD_OPTION_URI_LOG_CALLBACK, &Impl::OnTarget, listener, MHD_OPTION_NOTIFY_COMPLETED,
      &Impl::OnCompleted, listener, MHD_OPTION_NOTIFY_CONNECTION, &Impl::OnConnection, listener,
      MHD_OPTION_END);
  if (listener->daemon == nullptr) {
    return absl::InternalError("libmicrohttpd cannot be started");
  }
  listeners_.push_back(std::move(owned));
  return absl::OkStatus();
}

void HttpServer::Impl::Stop() {
  for (const auto& listener : listeners_) {
    MHD_quiesce_daemon(listener->daemon);
    listener->socket.reset();
  }
  WaitForAnswers();
  for (const auto& listener : listeners_) {
    MHD_stop_daemon(listener->daemon);
  }
  listeners_.clear();
}

void HttpServer::Impl::WaitForAnswers() {
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options_.stop_grace);
  MutexLock lock(mutex_);
  while (running_ > 0 && std::chrono::steady_clock::now() < deadline) {
    answered_.WaitUntil(lock, deadline);
  }
}

void* HttpServer::Impl::OnTarget(void*, const char* target, MHD_Connection*) {
  // Undecoded, unlike the `url` of OnRequest. OnCompleted deletes it.
  return new Exchange(target);
}

void HttpServer::Impl::Begin(const Listener& listener, MHD_Connection* connection,
                             const char* method, Exchange& exchange) {
  {
    const MutexLock lock(mutex_);
    ++running_;
  }
  deadlines_.Set(mhd::SocketOf(connection), options_.request_deadline);
  exchange.Begin(
      {.method = ParseMethod(method),
       .headers = mhd::HeadersOf(connection),
       .peer = listener.is_unix ? Peer::kUnixSocket : PeerOf(mhd::PeerAddressOf(connection))},
      router_, access_);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's.
MHD_Result HttpServer::Impl::OnRequest(void* listener_pointer, MHD_Connection* connection,
                                       const char*, const char* method, const char*,
                                       const char* body, std::size_t* body_size,
                                       void** exchange_pointer) {
  const auto& listener = *static_cast<const Listener*>(listener_pointer);
  auto& exchange = *static_cast<Exchange*>(*exchange_pointer);
  // The first call has the headers, the next ones parts of the body, the last one neither.
  if (!exchange.has_begun()) {
    listener.impl.Begin(listener, connection, method, exchange);
    return MHD_YES;
  }
  if (*body_size > 0) {
    exchange.AddBody({body, *body_size}, listener.impl.options_.max_body_bytes);
    *body_size = 0;
    return MHD_YES;
  }
  return mhd::Send(connection, exchange.Finish());
}

void HttpServer::Impl::OnCompleted(void* listener, MHD_Connection* connection,
                                   void** exchange_pointer, MHD_RequestTerminationCode) {
  const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*exchange_pointer));
  *exchange_pointer = nullptr;
  if (exchange == nullptr || !exchange->has_begun()) {
    return;
  }
  Impl& impl = static_cast<Listener*>(listener)->impl;
  impl.deadlines_.Set(mhd::SocketOf(connection), impl.options_.idle_deadline);
  const MutexLock lock(impl.mutex_);
  --impl.running_;
  impl.answered_.NotifyAll();
}

void HttpServer::Impl::OnConnection(void* listener, MHD_Connection* connection, void**,
                                    MHD_ConnectionNotificationCode code) {
  Impl& impl = static_cast<Listener*>(listener)->impl;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    impl.deadlines_.Set(mhd::SocketOf(connection), impl.options_.request_deadline);
  } else {
    impl.deadlines_.Remove(mhd::SocketOf(connection));
  }
}

void HttpServer::Impl::OnLibraryMessage(void* listener, const char* format, va_list arguments) {
  mhd::Log(static_cast<Listener*>(listener)->impl.options_.log, format, arguments);
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              Router router) {
  auto impl = std::make_unique<Impl>(options, std::move(router));
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
  return impl_->port();
}

absl::Status HttpServer::ReloadToken() {
  return impl_->ReloadToken();
}

void HttpServer::Stop() {
  impl_->Stop();
}

}  // namespace hark::server
