#pragma once
// For tests of this and higher rooms: a server on a thread of its own and a naive blocking client
// that shares no code with it. Header only; not part of the program.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "net/http_server.h"

namespace tocsin::net::testing {

class RunningServer {
 public:
  explicit RunningServer(const std::function<void(Router&)>& routes, HttpOptions options = {}) {
    routes(router);
    auto made = HttpServer::listen(loop, router, options, counters);
    TOCSIN_CHECK(made.has_value(), "{}", made.has_value() ? "" : made.error().text());
    server = std::move(*made);
    thread_ = std::thread([this] { loop.run(); });
  }
  ~RunningServer() {
    loop.stop();
    thread_.join();
    server.reset();
  }
  uint16_t port() const { return server->port(); }
  uint64_t counted(std::string_view name, std::string_view labels = "") {
    return counters.counter(name, labels, "").value();
  }

  Counters counters;
  Router router;
  Loop loop;
  std::unique_ptr<HttpServer> server;

 private:
  std::thread thread_;
};

struct Answer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head;
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    timeval limit{10, 0};  // a server that hangs fails the test instead of stopping it
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TOCSIN_CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0,
                 "connecting to port {} failed", port);
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  int descriptor() const { return socket_; }
  void end_writing() { ::shutdown(socket_, SHUT_WR); }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // More bytes into pending(); false at the end or after 10 s.
  bool receive() {
    char piece[65536];
    const ssize_t n = ::recv(socket_, piece, sizeof piece, 0);
    if (n > 0) pending_.append(piece, static_cast<size_t>(n));
    return n > 0;
  }
  const std::string& pending() const { return pending_; }
  std::string take_until(std::string_view mark) {  // with the mark; all there is at the end
    size_t at;
    while ((at = pending_.find(mark)) == std::string::npos)
      if (!receive()) return std::exchange(pending_, {});
    std::string out = pending_.substr(0, at + mark.size());
    pending_.erase(0, out.size());
    return out;
  }
  // `without_body`: the answer to a HEAD.
  Answer answer(bool without_body = false) {
    Answer out;
    out.head = take_until("\r\n\r\n");
    if (!out.head.starts_with("HTTP/1.1 ")) return out;
    out.status = std::atoi(out.head.c_str() + 9);
    const size_t at = out.head.find("Content-Length: ");
    if (at == std::string::npos || without_body) return out;
    const auto size = static_cast<size_t>(std::atoll(out.head.c_str() + at + 16));
    while (pending_.size() < size && receive()) {
    }
    out.body = pending_.substr(0, size);
    pending_.erase(0, size);
    return out;
  }
  Answer get(std::string_view path, std::string_view headers = "") {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n");
    return answer();
  }
  Answer post(std::string_view path, std::string_view body, std::string_view headers = "") {
    send("POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    send(body);
    return answer();
  }
  bool ended() {  // the server closed: nothing more comes
    return pending_.empty() && !receive();
  }

 private:
  int socket_ = -1;
  std::string pending_;
};

}  // namespace tocsin::net::testing
