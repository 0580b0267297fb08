#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

#include "base/check.h"

namespace hark::testing {

struct ReceivedRequest {
  std::string method, target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// What the receiver does with a request. The text is sent as it is; then the connection is closed,
// kept, reset (the client sees an error), or left open without another word.
struct ScriptedAnswer {
  enum class Then { kKeep, kClose, kReset, kHang };
  std::string text;
  Then then = Then::kKeep;
};

inline ScriptedAnswer HttpText(int status, std::string_view body = "",
                               std::string_view headers = "") {
  return {.text = absl::StrFormat("HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s", status,
                                  body.size(), headers, body)};
}

// An HTTP/1.1 server on a port of 127.0.0.1 whose answers a test decides, request by request, wrong
// ones too. Keeps what it got. Thread-safe.
class ScriptedReceiver {
 public:
  // Is called for one request at a time.
  using Answer = std::function<ScriptedAnswer(const ReceivedRequest&)>;

  explicit ScriptedReceiver(Answer answer = [](const auto&) { return HttpText(200); })
      : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    HARK_CHECK(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    HARK_CHECK(listen(listener_, 128) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ScriptedReceiver() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int connection : open_) {
        shutdown(connection, SHUT_RDWR);
      }
    }
    changed_.notify_all();
    for (std::thread& server : servers_) {
      server.join();
    }
    close(listener_);
  }
  ScriptedReceiver(const ScriptedReceiver&) = delete;
  ScriptedReceiver& operator=(const ScriptedReceiver&) = delete;

  std::string url() const { return absl::StrFormat("http://127.0.0.1:%d", port_); }

  void SetAnswer(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<ReceivedRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Waits for at most 20 s.
  bool WaitForRequests(std::size_t number) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return requests_.size() >= number; });
  }

 private:
  void Accept() {
    while (true) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) {
        return;
      }
      const std::lock_guard lock(mutex_);
      open_.push_back(connection);
      servers_.emplace_back([this, connection] { Serve(connection); });
    }
  }

  void Serve(int connection) {
    std::string received;
    ReceivedRequest request;
    bool hangs = false;
    while (!hangs && Read(connection, received, request)) {
      ScriptedAnswer answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        answer = answer_(request);
      }
      changed_.notify_all();
      send(connection, answer.text.data(), answer.text.size(), MSG_NOSIGNAL);
      if (answer.then == ScriptedAnswer::Then::kReset) {
        const linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      }
      hangs = answer.then == ScriptedAnswer::Then::kHang;
      if (answer.then == ScriptedAnswer::Then::kClose ||
          answer.then == ScriptedAnswer::Then::kReset) {
        break;
      }
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || !hangs; });
    std::erase(open_, connection);
    close(connection);
  }

  static bool ReadMore(int connection, std::string& received) {
    char buffer[16384];
    const ssize_t count = recv(connection, buffer, sizeof(buffer), 0);
    if (count <= 0) {
      return false;
    }
    received.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  static bool Read(int connection, std::string& received, ReceivedRequest& request) {
    std::size_t end = std::string::npos;
    while ((end = received.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore(connection, received)) {
        return false;
      }
    }
    request = {};
    const std::string_view head = std::string_view(received).substr(0, end + 2);
    const std::size_t space = head.find(' ');
    request.method = head.substr(0, space);
    request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
      const std::size_t stop = head.find("\r\n", line);
      const std::size_t colon = head.find(':', line);
      std::string name(head.substr(line, colon - line));
      for (char& c : name) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
      const std::size_t value = head.find_first_not_of(' ', colon + 1);
      request.headers[name] = head.substr(value, stop - value);
      line = stop + 2;
    }
    received.erase(0, end + 4);
    const auto size = std::strtoul(request.headers["content-length"].c_str(), nullptr, 10);
    while (received.size() < size) {
      if (!ReadMore(connection, received)) {
        return false;
      }
    }
    request.body = received.substr(0, size);
    received.erase(0, size);
    return true;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Answer answer_;
  std::vector<ReceivedRequest> requests_;
  std::vector<int> open_;
  bool stopping_ = false;
  const int listener_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> servers_;
  std::thread acceptor_;
};

}  // namespace hark::testing
