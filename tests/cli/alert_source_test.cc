#include "cli/alert_source.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "alert/alert_store.h"
#include "support/revision_builder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace hark::cli {
namespace {

using ::hark::testing::AlertId;
using ::hark::testing::IsOk;
using ::hark::testing::MakeTestRevision;
using ::hark::testing::StatusIs;
using ::hark::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The lock as a daemon holds it.
class DaemonLock {
 public:
  explicit DaemonLock(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    taken_ = flock(file_, LOCK_EX | LOCK_NB) == 0;
  }
  ~DaemonLock() { close(file_); }
  DaemonLock(const DaemonLock&) = delete;
  DaemonLock& operator=(const DaemonLock&) = delete;

  bool taken() const { return taken_; }

 private:
  int file_;
  bool taken_ = false;
};

// Answers one request on a Unix socket, whatever it is, and keeps it.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, std::string status, std::string body)
      : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    const void* const place = &address;
    EXPECT_EQ(bind(socket_, static_cast<const sockaddr*>(place), sizeof(address)), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    thread_ = std::thread([this, status = std::move(status), body = std::move(body)] {
      const int client = accept(socket_, nullptr, nullptr);
      std::array<char, 4096> buffer{};
      while (request_.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = read(client, buffer.data(), buffer.size());
        if (got <= 0) {
          break;
        }
        request_.append(buffer.data(), static_cast<std::size_t>(got));
      }
      const std::string answer =
          absl::StrFormat("HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                          status, body.size(), body);
      EXPECT_EQ(write(client, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
      close(client);
    });
  }
  ~FakeDaemon() {
    if (thread_.joinable()) {
      thread_.join();
    }
    close(socket_);
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  // REQUIRES: it was asked.
  const std::string& Request() {
    thread_.join();
    return request_;
  }

 private:
  int socket_;
  std::string request_;
  std::thread thread_;
};

class AlertSourceTest : public ::testing::Test {
 protected:
  std::unique_ptr<AlertSource> Open() {
    absl::StatusOr<std::unique_ptr<AlertSource>> source = OpenAlertSource(folder_.Path(""));
    EXPECT_THAT(source, IsOk());
    return *std::move(source);
  }
  // What a daemon has left.
  void MakeDataDir() {
    absl::StatusOr<alert::AlertStore> store = alert::AlertStore::Open(folder_.Path("hark.db"));
    ASSERT_THAT(store, IsOk());
    const alert::Revision revision = MakeTestRevision(1);
    ASSERT_THAT(store->Commit({.revisions = {&revision, 1}}), IsOk());
    folder_.Write("lock", "");
  }

  TempDir folder_;
};

TEST_F(AlertSourceTest, WithoutADaemonTheDatabaseIsReadAndTheDataDirIsHeld) {
  MakeDataDir();
  {
    const std::unique_ptr<AlertSource> source = Open();
    const alert::AlertEntry entry = {MakeTestRevision(1).detected, MakeTestRevision(1).json};
    EXPECT_THAT(source->Query({})->alerts, ElementsAre(entry));
    EXPECT_THAT(source->RevisionsOf(AlertId(1))->alerts, ElementsAre(entry));
    EXPECT_FALSE(DaemonLock(folder_.Path("lock")).taken());
    EXPECT_EQ(Open()->Query({})->alerts.size(), 1U);  // another command
  }
  EXPECT_TRUE(DaemonLock(folder_.Path("lock")).taken());
}

TEST_F(AlertSourceTest, WithADaemonItIsAskedOverItsSocket) {
  const DaemonLock lock(folder_.Path("lock"));
  FakeDaemon daemon(folder_.Path("hark.sock"), "200 OK",
                    alert::ToJson(alert::AlertPage{.alerts = {{1, "{\"n\":1}"}}, .next = "v1-3"}));
  absl::StatusOr<alert::AlertPage> page = Open()->Query({.actor = "a b", .limit = 7});
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->alerts, ElementsAre(alert::AlertEntry{1, "{\"n\":1}"}));
  EXPECT_EQ(page->next, "v1-3");
  EXPECT_THAT(daemon.Request(), StartsWith("GET /api/v1/alerts?actor=a%20b&limit=7 HTTP/1.1\r\n"));
}

TEST_F(AlertSourceTest, ADaemonIsAskedForOneAlert) {
  const DaemonLock lock(folder_.Path("lock"));
  FakeDaemon daemon(folder_.Path("hark.sock"), "200 OK", "{\"alerts\":[]}");
  EXPECT_THAT(Open()->RevisionsOf("3f2a"), IsOk());
  EXPECT_THAT(daemon.Request(), StartsWith("GET /api/v1/alerts/3f2a HTTP/1.1\r\n"));
}

TEST_F(AlertSourceTest, WhatADaemonRefusesIsSaid) {
  const DaemonLock lock(folder_.Path("lock"));
  const FakeDaemon daemon(folder_.Path("hark.sock"), "404 Not Found", "{\"error\":\"no such\"}");
  EXPECT_THAT(Open()->RevisionsOf("3f2a"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such")));
}

TEST_F(AlertSourceTest, AnAnswerThatIsNoPageIsSaid) {
  const DaemonLock lock(folder_.Path("lock"));
  const FakeDaemon daemon(folder_.Path("hark.sock"), "200 OK", "<html>");
  EXPECT_THAT(Open()->Query({}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not understand")));
}

TEST_F(AlertSourceTest, ADaemonWithoutASocketIsSaid) {
  const DaemonLock lock(folder_.Path("lock"));
  EXPECT_THAT(Open()->Query({}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("a daemon holds the data_dir")));
}

TEST_F(AlertSourceTest, AFolderThatIsNoDataDirIsRefusedAndStaysAsItIs) {
  EXPECT_THAT(OpenAlertSource(folder_.Path("")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("is it the data_dir")));
  EXPECT_NE(access(folder_.Path("lock").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace hark::cli
