#include "http_link.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace bench {
namespace {

// The value of a header in a head, "" if it is not there.
std::string_view header(std::string_view head, std::string_view name) {
  for (size_t at = 0; (at = head.find("\r\n", at)) != head.npos;) {
    at += 2;
    if (head.size() - at > name.size() && head[at + name.size()] == ':' &&
        strncasecmp(head.data() + at, name.data(), name.size()) == 0) {
      std::string_view value = head.substr(at + name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value.substr(0, value.find("\r\n"));
    }
  }
  return "";
}

}  // namespace

HttpLink::~HttpLink() { close(); }

void HttpLink::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  in_.clear();
}

bool HttpLink::connect() {
  if (socket_ >= 0) return true;
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return true;
  close();
  return false;
}

bool HttpLink::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool HttpLink::receive() {
  char piece[256 * 1024];
  const ssize_t n = ::recv(socket_, piece, sizeof piece, 0);
  if (n > 0) in_.append(piece, static_cast<size_t>(n));
  return n > 0;
}

bool HttpLink::read_chunks(std::string& body) {
  for (;;) {
    size_t line;
    while ((line = in_.find("\r\n")) == in_.npos)
      if (!receive()) return false;
    const size_t size = std::strtoull(in_.c_str(), nullptr, 16);
    while (in_.size() < line + 2 + size + 2)
      if (!receive()) return false;
    body.append(in_, line + 2, size);
    in_.erase(0, line + 2 + size + 2);
    if (size == 0) return true;
  }
}

Answer HttpLink::ask(std::string_view head, std::string_view body) {
  Answer out;
  if (!connect() || !send_all(head) || !send_all(body)) {
    close();
    return out;
  }
  size_t end;
  while ((end = in_.find("\r\n\r\n")) == in_.npos)
    if (!receive()) {
      close();
      return out;
    }
  const std::string answer_head = in_.substr(0, end + 2);
  in_.erase(0, end + 4);
  const int status = std::atoi(answer_head.c_str() + 9);
  if (header(answer_head, "Transfer-Encoding") == "chunked") {
    if (!read_chunks(out.body)) return out;
  } else {
    const auto size =
        static_cast<size_t>(std::atoll(std::string(header(answer_head, "Content-Length")).c_str()));
    while (in_.size() < size)
      if (!receive()) return out;
    out.body = in_.substr(0, size);
    in_.erase(0, size);
  }
  out.status = status;
  return out;
}

Answer HttpLink::get(std::string_view target) {
  return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "");
}

Answer HttpLink::post(std::string_view target, std::string_view body, std::string_view headers) {
  return ask("POST " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
                 std::string(headers) + "Content-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n",
             body);
}

}  // namespace bench
