#include "base/systemd_notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark {
namespace {

using ::hark::testing::IsOk;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::_;
using ::testing::MatchesRegex;
using ::testing::Not;

// What systemd listens on.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') {
      address.sun_path[0] = '\0';
    }
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~NotifySocket() { close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string Receive() {
    std::array<char, 4096> buffer{};
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
};

class SystemdNotifyTest : public ::testing::Test {
 protected:
  ~SystemdNotifyTest() override {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
      unsetenv(name);
    }
  }

  TempDir dir_;
  const std::string path_ = dir_.Path("notify");
};

TEST_F(SystemdNotifyTest, SendsEachState) {
  NotifySocket socket(path_);
  const SystemdNotifier notifier(path_);
  EXPECT_THAT(notifier.Ready(), IsOk());
  EXPECT_EQ(socket.Receive(), "READY=1");
  EXPECT_THAT(notifier.Reloading(), IsOk());
  EXPECT_THAT(socket.Receive(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  EXPECT_THAT(notifier.Stopping(), IsOk());
  EXPECT_EQ(socket.Receive(), "STOPPING=1");
  EXPECT_THAT(notifier.Watchdog(), IsOk());
  EXPECT_EQ(socket.Receive(), "WATCHDOG=1");
}

TEST_F(SystemdNotifyTest, KeepsAStatusInOneLine) {
  NotifySocket socket(path_);
  EXPECT_THAT(SystemdNotifier(path_).Status("2 sources\nSTOPPING=1"), IsOk());
  EXPECT_EQ(socket.Receive(), "STATUS=2 sources\\nSTOPPING=1");
}

TEST_F(SystemdNotifyTest, KnowsAbstractSockets) {
  const std::string name = "@hark-test-" + std::to_string(getpid());
  NotifySocket socket(name);
  EXPECT_THAT(SystemdNotifier(name).Ready(), IsOk());
  EXPECT_EQ(socket.Receive(), "READY=1");
}

TEST_F(SystemdNotifyTest, DoesNothingWithoutASocket) {
  EXPECT_THAT(SystemdNotifier::FromEnvironment().Ready(), IsOk());
}

TEST_F(SystemdNotifyTest, SaysWhenTheMessageDoesNotGetThrough) {
  EXPECT_THAT(SystemdNotifier(path_).Ready(), Not(IsOk()));
  for (const std::string& socket : {std::string("relative"), "/" + std::string(200, 'x')}) {
    EXPECT_THAT(SystemdNotifier(socket).Ready(), StatusIs(absl::StatusCode::kInvalidArgument, _));
  }
}

TEST_F(SystemdNotifyTest, ReadsTheEnvironment) {
  NotifySocket socket(path_);
  setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  setenv("WATCHDOG_USEC", "30000000", 1);
  const SystemdNotifier notifier = SystemdNotifier::FromEnvironment();
  EXPECT_EQ(notifier.watchdog_timeout(), absl::Seconds(30));
  EXPECT_THAT(notifier.Ready(), IsOk());
  EXPECT_EQ(socket.Receive(), "READY=1");
}

TEST_F(SystemdNotifyTest, LeavesTheWatchdogOfAnotherProcessAlone) {
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(SystemdNotifier::FromEnvironment().watchdog_timeout(), absl::Seconds(30));
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(SystemdNotifier::FromEnvironment().watchdog_timeout(), std::nullopt);
}

TEST_F(SystemdNotifyTest, HasNoWatchdogForABadTime) {
  for (const char* const value : {"", "0", "-1", "x", "10s"}) {
    setenv("WATCHDOG_USEC", value, 1);
    EXPECT_EQ(SystemdNotifier::FromEnvironment().watchdog_timeout(), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace hark
