#pragma once
// For tests only: an HTTP and an SMTP server on plain sockets, independent of the code they test.
// One thread accepts, one serves each connection; stop() shuts every socket down and joins.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "net/http.h"

namespace tocsin::net::testing {

// Reads lines and counted bytes from a socket.
class SocketReader {
 public:
  explicit SocketReader(int fd) : fd_(fd) {}
  bool line(std::string& out) {  // without CRLF; false at the end
    size_t end = 0;
    while ((end = kept_.find('\n')) == std::string::npos)
      if (!more()) return false;
    out = kept_.substr(0, end);
    if (!out.empty() && out.back() == '\r') out.pop_back();
    kept_.erase(0, end + 1);
    return true;
  }
  bool bytes(size_t count, std::string& out) {
    while (kept_.size() < count)
      if (!more()) return false;
    out = kept_.substr(0, count);
    kept_.erase(0, count);
    return true;
  }

 private:
  bool more() {
    char buffer[16384];
    const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) kept_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }
  int fd_;
  std::string kept_;
};

inline void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

class SocketServer {
 public:
  using Serve = std::function<void(int fd, int connection)>;
  explicit SocketServer(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    auto* address = reinterpret_cast<sockaddr*>(&any);
    TOCSIN_CHECK(::bind(listener_, address, size) == 0, "bind on loopback failed");
    TOCSIN_CHECK(::listen(listener_, 64) == 0, "listen on loopback failed");
    ::getsockname(listener_, address, &size);
    port_ = ntohs(any.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~SocketServer() { stop(); }
  uint16_t port() const { return port_; }
  int connections() const { return connections_.load(); }
  void stop() {
    if (!acceptor_.joinable()) return;
    stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& each : threads_) each.join();
    for (const int fd : open_) ::close(fd);
    ::close(listener_);
  }
  // Blocks the connection's thread until the server stops or the peer goes.
  static void hold(int fd) {
    char byte = 0;
    while (::recv(fd, &byte, 1, 0) > 0) {
    }
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      const int number = connections_++;
      threads_.emplace_back([this, fd, number] {
        serve_(fd, number);
        ::shutdown(fd, SHUT_RDWR);
      });
      if (stopping_) ::shutdown(fd, SHUT_RDWR);
    }
  }
  Serve serve_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

struct HttpSeen {
  std::string method, target, body;
  Headers headers;
  int connection = 0;
};

// What the handler returns is sent as it is; empty = never answer, "close" = close at once.
class HttpTestServer {
 public:
  using Handler = std::function<std::string(const HttpSeen&)>;
  explicit HttpTestServer(Handler handler)
      : handler_(std::move(handler)), server_([this](int fd, int number) { serve(fd, number); }) {}
  uint16_t port() const { return server_.port(); }
  int connections() const { return server_.connections(); }
  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
  }
  std::vector<HttpSeen> seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  static std::string answer(int status, const std::string& body, const std::string& more = "") {
    return "HTTP/1.1 " + std::to_string(status) +
           " Word\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more + "\r\n" +
           body;
  }

 private:
  static bool read_one(SocketReader& in, HttpSeen& out) {
    std::string line;
    if (!in.line(line)) return false;
    const size_t first = line.find(' ');
    const size_t second = line.find(' ', first + 1);
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, second - first - 1);
    while (in.line(line) && !line.empty()) {
      const size_t colon = line.find(':');
      const size_t value = line.find_first_not_of(' ', colon + 1);
      out.headers.add(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
    }
    const std::string length(out.headers.get("content-length"));
    return length.empty() || in.bytes(std::stoul(length), out.body);
  }
  void serve(int fd, int number) {
    SocketReader in(fd);
    HttpSeen seen;
    seen.connection = number;
    while (read_one(in, seen)) {
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(seen);
      }
      const std::string answer = handler_(seen);
      if (answer.empty()) return SocketServer::hold(fd);
      if (answer == "close") return;
      send_all(fd, answer);
      seen = HttpSeen{};
      seen.connection = number;
    }
  }
  Handler handler_;
  mutable std::mutex mutex_;
  std::vector<HttpSeen> seen_;
  SocketServer server_;  // last: its threads use what stands above
};

struct MailSeen {
  std::string from;
  std::vector<std::string> to;
  std::string data;   // CRLF lines, dots unstuffed
  std::string login;  // what AUTH gave
};

// Replies are overridden by verb, or verb and argument: {"RCPT TO:<b@x>", "550 no such user"}.
class SmtpTestServer {
 public:
  explicit SmtpTestServer(std::map<std::string, std::string> replies = {}, std::string extra = "")
      : replies_(std::move(replies)),
        extensions_(std::move(extra)),
        server_([this](int fd, int) { serve(fd); }) {}
  uint16_t port() const { return server_.port(); }
  int connections() const { return server_.connections(); }
  std::vector<MailSeen> mails() const {
    const std::lock_guard lock(mutex_);
    return mails_;
  }

 private:
  std::string reply(const std::string& line, const std::string& standard) const {
    for (const auto& [start, text] : replies_)
      if (line.rfind(start, 0) == 0) return text;
    return standard;
  }
  static void take_data(SocketReader& in, MailSeen& mail) {
    std::string line;
    while (in.line(line) && line != ".")
      mail.data += (line[0] == '.' ? line.substr(1) : line) + "\r\n";
  }
  void serve(int fd) {
    SocketReader in(fd);
    MailSeen mail;
    std::string line;
    send_all(fd, reply("CONNECT", "220 test ready") + "\r\n");
    while (in.line(line)) {
      std::string answer = "250 fine";
      if (line.rfind("EHLO", 0) == 0) answer = "250-test\r\n" + extensions_ + "250 SIZE 1000000";
      if (line == "AUTH PLAIN") {
        send_all(fd, "334 \r\n");
        in.line(mail.login);
        answer = "235 welcome";
      }
      if (line.rfind("MAIL FROM:", 0) == 0) mail.from = line.substr(10);
      if (line.rfind("RCPT TO:", 0) == 0) mail.to.push_back(line.substr(8));
      if (line == "DATA") {
        const std::string go = reply("DATA", "354 go on");
        send_all(fd, go + "\r\n");
        if (go[0] != '3') continue;
        take_data(in, mail);
        answer = reply("END", "250 2.0.0 queued as 1F");
        const std::lock_guard lock(mutex_);
        if (answer[0] == '2') mails_.push_back(mail);
        mail = MailSeen{};
      }
      send_all(fd, reply(line, answer) + "\r\n");
      if (line == "QUIT") return;
    }
  }
  std::map<std::string, std::string> replies_;
  std::string extensions_;
  mutable std::mutex mutex_;
  std::vector<MailSeen> mails_;
  SocketServer server_;
};

}  // namespace tocsin::net::testing
