#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

namespace hark::testing {

struct HttpAnswer {
  int status = 0;  // 0: none came
  std::map<std::string, std::string> headers;
  std::string body;
};

// A client that sends exactly the bytes it is told to: a connection to a server of the test. What
// takes longer than 20 s is given up.
class HttpClient {
 public:
  // To a TCP port of an IPv4 address.
  HttpClient(const std::string& address, std::uint16_t port) : fd_(Open(AF_INET)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  // To a Unix socket.
  explicit HttpClient(const std::string& path) : fd_(Open(AF_UNIX)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof(to.sun_path) - 1);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  virtual ~HttpClient() { close(fd_); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  bool connected() const { return connected_; }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = Write(bytes);
      if (sent <= 0) {
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // `head` has the method and the target; further header lines end in "\r\n".
  HttpAnswer Request(std::string_view head, std::string_view headers = "",
                     std::string_view body = "") {
    std::string text = std::string(head) + " HTTP/1.1\r\n";
    if (headers.find("Host:") == std::string_view::npos) {
      text += "Host: localhost\r\n";
    }
    text += headers;
    if (!body.empty()) {
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    Send(text + "\r\n" + std::string(body));
    return Receive(head.substr(0, 4) == "HEAD");
  }

  // The next answer on this connection.
  HttpAnswer Receive(bool head_only = false) {
    HttpAnswer answer;
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) {
        return answer;
      }
    }
    ParseHead(received_.substr(0, end + 2), answer);
    received_.erase(0, end + 4);
    const auto length = answer.headers.find("content-length");
    if (head_only || length == answer.headers.end()) {
      return answer;
    }
    const auto size = std::strtoul(length->second.c_str(), nullptr, 10);
    while (received_.size() < size && ReadMore()) {
    }
    answer.body = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  // True once the server has closed the connection and all was read.
  bool WaitForEnd() {
    while (ReadMore()) {
    }
    return !timed_out_;
  }

  // Has a byte of the next answer come? Does not wait.
  bool has_answer() const {
    char byte = 0;
    return !received_.empty() || recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  }

 protected:
  int fd() const { return fd_; }
  // How much of it was written, or read; 0 at the end, negative on failure.
  virtual ssize_t Write(std::string_view bytes) {
    return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  virtual ssize_t Read(char* buffer, std::size_t size) { return recv(fd_, buffer, size, 0); }

 private:
  static int Open(int family) {
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
  }

  bool ReadMore() {
    char buffer[4096];
    errno = 0;
    const ssize_t count = Read(buffer, sizeof(buffer));
    timed_out_ = count < 0 && errno == EAGAIN;
    if (count <= 0) {
      return false;
    }
    received_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  // Of what is no head the status stays 0.
  static void ParseHead(std::string_view head, HttpAnswer& answer) {
    if (!head.starts_with("HTTP/1.")) {
      return;
    }
    answer.status = std::atoi(std::string(head.substr(9, 3)).c_str());  // NOLINT(cert-err34-c)
    std::size_t line = head.find("\r\n") + 2;
    while (line < head.size()) {
      const std::size_t end = head.find("\r\n", line);
      const std::size_t colon = head.find(": ", line);
      if (end == std::string_view::npos || colon == std::string_view::npos) {
        return;
      }
      std::string name(head.substr(line, colon - line));
      for (char& c : name) {
        c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      }
      answer.headers[name] = head.substr(colon + 2, end - colon - 2);
      line = end + 2;
    }
  }

  int fd_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string received_;
};

}  // namespace hark::testing
