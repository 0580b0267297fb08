#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace hark {

// Tells systemd how the service is doing (sd_notify(3), Type=notify). Without a socket, that is
// when systemd did not start the process, everything succeeds and does nothing. An error says that
// the message did not get through; the service can go on. Thread-safe.
class SystemdNotifier {
 public:
  // By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. To be called before threads are started.
  static SystemdNotifier FromEnvironment();

  // A path, or "@name" for an abstract socket; empty for none.
  explicit SystemdNotifier(std::string socket, std::optional<absl::Duration> watchdog = {});

  // After the listeners are bound and the state is restored; also at the end of a reload.
  absl::Status Ready() const { return Send("READY=1"); }
  absl::Status Reloading() const;
  absl::Status Stopping() const { return Send("STOPPING=1"); }
  // One line for `systemctl status`. Control characters are escaped: a line break would begin
  // another command.
  absl::Status Status(std::string_view text) const;
  absl::Status Watchdog() const { return Send("WATCHDOG=1"); }

  // systemd restarts the service when no Watchdog() came for so long: call it at a third of that.
  const std::optional<absl::Duration>& watchdog_timeout() const { return watchdog_; }

 private:
  absl::Status Send(std::string_view message) const;

  std::string socket_;
  std::optional<absl::Duration> watchdog_;
};

}  // namespace hark
