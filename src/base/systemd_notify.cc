#include "base/systemd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "absl/strings/str_format.h"

#include "base/status_macros.h"
#include "base/text.h"

namespace hark {
namespace {

std::string_view Environment(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before threads
  return value == nullptr ? std::string_view() : value;
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

// Set for another process if WATCHDOG_PID names one.
std::optional<absl::Duration> WatchdogTimeout() {
  const std::string_view pid = Environment("WATCHDOG_PID");
  if (!pid.empty() && ParseNumber(pid) != getpid()) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> micros = ParseNumber(Environment("WATCHDOG_USEC"));
  if (!micros || *micros <= 0) {
    return std::nullopt;
  }
  return absl::Microseconds(*micros);
}

}  // namespace

SystemdNotifier SystemdNotifier::FromEnvironment() {
  return SystemdNotifier(std::string(Environment("NOTIFY_SOCKET")), WatchdogTimeout());
}

SystemdNotifier::SystemdNotifier(std::string socket, std::optional<absl::Duration> watchdog)
    : socket_(std::move(socket)), watchdog_(watchdog) {}

absl::Status SystemdNotifier::Reloading() const {
  // Type=notify-reload asks for the time, by which systemd tells this reload from an older one.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t micros = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  return Send(absl::StrFormat("RELOADING=1\nMONOTONIC_USEC=%d", micros));
}

absl::Status SystemdNotifier::Status(std::string_view text) const {
  return Send("STATUS=" + EscapeForTerminal(text));
}

absl::Status SystemdNotifier::Send(std::string_view message) const {
  if (socket_.empty()) {
    return absl::OkStatus();
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((socket_[0] != '/' && socket_[0] != '@') || socket_.size() >= sizeof(address.sun_path)) {
    return InvalidArgument("NOTIFY_SOCKET: %s is no path and no abstract socket", socket_);
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_[0] == '@') {
    address.sun_path[0] = '\0';
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno, "cannot open a socket for systemd");
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const ssize_t sent = sendto(fd, message.data(), message.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), length);
  const int error = errno;
  close(fd);
  if (sent < 0) {
    return absl::ErrnoToStatus(error, "cannot notify systemd");
  }
  return absl::OkStatus();
}

}  // namespace hark
