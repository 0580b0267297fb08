#include "server/audit_receiver.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include <array>
#include <cstdarg>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

#include "base/listen_address.h"
#include "base/status_macros.h"
#include "server/audit_credentials.h"
#include "server/audit_requests.h"
#include "server/connection_deadlines.h"
#include "server/listen_socket.h"
#include "server/mhd.h"
#include "server/server_tls.h"

namespace hark::server {
namespace {

// From GiveUpOnSink() until its answers are on their way.
constexpr absl::Duration kLastAnswers = absl::Seconds(1);

// Each session gets its certificate when its connection begins: the library's own has none.
// NOLINTNEXTLINE(readability-function-size): a callback of GnuTLS
int NoCertificate(gnutls_session_t, const gnutls_datum_t*, int, const gnutls_pk_algorithm_t*, int,
                  gnutls_pcert_st**, unsigned*, gnutls_privkey_t*) {
  return -1;
}

}  // namespace

class AuditReceiver::Impl {
 public:
  Impl(AuditReceiverOptions options, AuditSink& sink, MemoryBudget& budget,
       metrics::ReceiverMetrics& metrics, Logger& log)
      : options_(std::move(options)),
        metrics_(metrics),
        log_(log),
        credentials_(options_, log),
        requests_({.options = options_,
                   .credentials = credentials_,
                   .sink = sink,
                   .budget = budget,
                   .metrics = metrics,
                   .log = log,
                   .deadlines = deadlines_}) {}
  ~Impl() { Stop(); }

  absl::Status Start();
  void Stop();

  const AuditReceiverOptions& options() const { return options_; }
  AuditCredentials& credentials() { return credentials_; }
  std::uint16_t port() const { return port_; }

 private:
  struct Connection {
    std::shared_ptr<const ServerTls> tls;  // whose certificate its session uses
    bool has_had_request = false;
  };

  static void* OnTarget(void* impl, const char* target, MHD_Connection* connection);
  static MHD_Result OnRequest(void* impl, MHD_Connection* connection, const char* url,
                              const char* method, const char* version, const char* body,
                              std::size_t* body_size, void** request);
  static void OnCompleted(void* impl, MHD_Connection* connection, void** request,
                          MHD_RequestTerminationCode code);
  static void OnConnection(void* impl, MHD_Connection* connection, void** context,
                           MHD_ConnectionNotificationCode code);
  [[gnu::format(printf, 2, 0)]] static void OnLibraryMessage(void* impl, const char* format,
                                                             va_list arguments);

  absl::Status StartDaemon();
  void BeginConnection(MHD_Connection* connection, Connection& context);
  void EndConnection(MHD_Connection* connection, const Connection& context);

  const AuditReceiverOptions options_;
  metrics::ReceiverMetrics& metrics_;
  Logger& log_;
  AuditCredentials credentials_;
  ConnectionDeadlines deadlines_;
  AuditRequests requests_;
  std::optional<ListenSocket> socket_;
  std::uint16_t port_ = 0;
  MHD_Daemon* daemon_ = nullptr;
};

absl::Status AuditReceiver::Impl::Start() {
  RETURN_IF_ERROR(CheckAuditReceiverOptions(options_));
  RETURN_IF_ERROR(credentials_.Load());
  ASSIGN_OR_RETURN(const ListenAddress address, ParseListenAddress(options_.listen));
  absl::StatusOr<ListenSocket> socket = ListenSocket::Tcp(address);
  if (!socket.ok()) {
    return absl::Status(socket.status().code(),
                        absl::StrFormat("listen address %s: %s", options_.listen,
                                        std::string(socket.status().message())));
  }
  port_ = socket->port();
  socket_.emplace(*std::move(socket));
  metrics_.Expect({});
  for (const AuditClient& client : options_.clients) {
    for (const std::string& cluster : client.clusters) {
      metrics_.Expect(cluster);
    }
  }
  return StartDaemon();
}

absl::Status AuditReceiver::Impl::StartDaemon() {
  // The library only reads the text that the pointer is to.
  void* const priorities = const_cast<char*>(ServerTls::Priorities());  // NOLINT
  std::array<MHD_OptionItem, 3> tls_options = {{
      {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
      {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, reinterpret_cast<void*>(&NoCertificate)},
      {MHD_OPTION_END, 0, nullptr},
  }};
  unsigned flags =
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
  if (options_.cert_file.empty()) {
    tls_options.front() = {MHD_OPTION_END, 0, nullptr};
  } else {
    flags |= MHD_USE_TLS;
  }
  daemon_ =
      MHD_start_daemon(flags, 0, nullptr, nullptr, &Impl::OnRequest, this,         //
                       MHD_OPTION_EXTERNAL_LOGGER, &Impl::OnLibraryMessage, this,  //
                       MHD_OPTION_LISTEN_SOCKET, socket_->fd(),                    //
                       MHD_OPTION_THREAD_POOL_SIZE, mhd::kThreads,                 //
                       MHD_OPTION_CONNECTION_LIMIT, options_.max_connections,      //
                       MHD_OPTION_PER_IP_CONNECTION_LIMIT, options_.max_connections_per_address,
                       MHD_OPTION_CONNECTION_MEMORY_LIMIT, mhd::kConnectionMemory,  //
                       MHD_OPTION_STRICT_FOR_CLIENT, 1,                             //
                       MHD_OPTION_URI_LOG_CALLBACK, &Impl::OnTarget, this,          //
                       MHD_OPTION_NOTIFY_COMPLETED, &Impl::OnCompleted, this,       //
                       MHD_OPTION_NOTIFY_CONNECTION, &Impl::OnConnection, this,     //
                       MHD_OPTION_ARRAY, tls_options.data(), MHD_OPTION_END);
  return daemon_ == nullptr ? absl::InternalError("libmicrohttpd cannot be started")
                            : absl::OkStatus();
}

void AuditReceiver::Impl::Stop() {
  if (daemon_ == nullptr) {
    return;
  }
  requests_.RefuseNew();
  MHD_quiesce_daemon(daemon_);
  socket_.reset();
  requests_.WaitForEnds(options_.stop_grace);
  // The library aborts the process if it is stopped while a connection is suspended.
  requests_.GiveUpOnSink();
  requests_.WaitForEnds(kLastAnswers);
  MHD_stop_daemon(daemon_);
  daemon_ = nullptr;
}

void* AuditReceiver::Impl::OnTarget(void* impl, const char* target, MHD_Connection* connection) {
  // Undecoded, unlike the `url` of OnRequest. OnCompleted deletes it.
  return static_cast<Impl*>(impl)->requests_.New(target, connection).release();
}

// NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's.
MHD_Result AuditReceiver::Impl::OnRequest(void* impl, MHD_Connection* connection, const char*,
                                          const char* method, const char*, const char* body,
                                          std::size_t* body_size, void** request_pointer) {
  AuditRequests& requests = static_cast<Impl*>(impl)->requests_;
  auto& request = *static_cast<AuditRequests::Request*>(*request_pointer);
  // The first call has the headers, the next ones parts of the body, the last one neither; that one
  // comes again after a suspension.
  if (!request.has_begun()) {
    static_cast<Connection*>(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context)
        ->has_had_request = true;
    return requests.Begin(connection, method, request);
  }
  if (*body_size > 0) {
    requests.AddBody(connection, {body, *body_size}, request);
    *body_size = 0;
    return MHD_YES;
  }
  return requests.Finish(connection, request);
}

void AuditReceiver::Impl::OnCompleted(void* impl, MHD_Connection* connection,
                                      void** request_pointer, MHD_RequestTerminationCode) {
  const std::unique_ptr<AuditRequests::Request> request(
      static_cast<AuditRequests::Request*>(*request_pointer));
  *request_pointer = nullptr;
  if (request != nullptr && request->has_begun()) {
    static_cast<Impl*>(impl)->requests_.End(connection, *request);
  }
}

void AuditReceiver::Impl::OnConnection(void* impl_pointer, MHD_Connection* connection,
                                       void** context, MHD_ConnectionNotificationCode code) {
  auto& impl = *static_cast<Impl*>(impl_pointer);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    auto begun = std::make_unique<Connection>();
    impl.BeginConnection(connection, *begun);
    *context = begun.release();
    return;
  }
  const std::unique_ptr<Connection> ended(static_cast<Connection*>(*context));
  *context = nullptr;
  impl.EndConnection(connection, *ended);
}

void AuditReceiver::Impl::BeginConnection(MHD_Connection* connection, Connection& context) {
  deadlines_.Set(mhd::SocketOf(connection), options_.first_deadline);
  context.tls = credentials_.loaded().tls;
  if (context.tls == nullptr) {
    return;
  }
  const absl::Status attached = context.tls->Attach(mhd::SessionOf(connection));
  if (!attached.ok()) {
    log_.Write({.level = LogLevel::kError,
                .key = "tls_failed",
                .text = "A connection cannot be given its certificate.",
                .about = options_.listen},
               {{"listener", options_.listen}, ErrorField(attached)});
  }
}

void AuditReceiver::Impl::EndConnection(MHD_Connection* connection, const Connection& context) {
  deadlines_.Remove(mhd::SocketOf(connection));
  if (!context.has_had_request && context.tls != nullptr) {
    log_.Write({.level = LogLevel::kInfo,
                .key = "webhook_no_request",
                .text = "A connection has ended before its first request: a probe, or a client "
                        "that does not trust the certificate or speaks no TLS.",
                .about = options_.listen},
               {{"listener", options_.listen}, {"client", mhd::PeerTextOf(connection)}});
  }
}

void AuditReceiver::Impl::OnLibraryMessage(void* impl, const char* format, va_list arguments) {
  mhd::Log(&static_cast<Impl*>(impl)->log_, format, arguments);
}

absl::StatusOr<std::unique_ptr<AuditReceiver>> AuditReceiver::Start(
    const AuditReceiverOptions& options, AuditSink& sink, MemoryBudget& budget,
    metrics::ReceiverMetrics& metrics, Logger& log) {
  auto impl = std::make_unique<Impl>(options, sink, budget, metrics, log);
  RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<AuditReceiver>(new AuditReceiver(std::move(impl)));
}

AuditReceiver::AuditReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AuditReceiver::~AuditReceiver() = default;

absl::Status AuditReceiver::Reload() {
  return impl_->credentials().Load();
}

const std::string& AuditReceiver::listener() const {
  return impl_->options().listen;
}

std::uint16_t AuditReceiver::port() const {
  return impl_->port();
}

std::optional<Micros> AuditReceiver::certificate_expiry() const {
  return impl_->credentials().expiry();
}

std::vector<std::string> AuditReceiver::files() const {
  return impl_->credentials().files();
}

void AuditReceiver::Stop() {
  impl_->Stop();
}

}  // namespace hark::server
