#include "connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <charconv>

namespace bench {
namespace {

constexpr std::string_view kLength = "content-length:";

// Value of Content-Length in a header; 0 if it has none.
size_t content_length(std::string_view header) {
  for (size_t at = 0; at + kLength.size() < header.size(); ++at) {
    size_t same = 0;
    while (same < kLength.size() && (header[at + same] | 0x20) == (kLength[same] | 0x20)) ++same;
    if (same < kLength.size()) continue;
    at += kLength.size();
    while (at < header.size() && header[at] == ' ') ++at;
    size_t value = 0;
    std::from_chars(header.data() + at, header.data() + header.size(), value);
    return value;
  }
  return 0;
}

}  // namespace

Connection::Connection(std::string host, uint16_t port, std::string target)
    : host_(std::move(host)), target_(std::move(target)), port_(port) {}

Connection::~Connection() { close(); }

void Connection::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

bool Connection::connect() {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  const int one = 1;
  if (socket_ >= 0) setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (socket_ < 0 || inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1 ||
      ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close();
    return false;
  }
  return true;
}

bool Connection::send_all(std::string_view head, std::string_view body) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  while (message.msg_iovlen > 0) {
    ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    while (message.msg_iovlen > 0 && static_cast<size_t>(sent) >= message.msg_iov->iov_len) {
      sent -= static_cast<ssize_t>(message.msg_iov->iov_len);
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen > 0) {
      message.msg_iov->iov_base = static_cast<char*>(message.msg_iov->iov_base) + sent;
      message.msg_iov->iov_len -= static_cast<size_t>(sent);
    }
  }
  return true;
}

int Connection::read_answer() {
  answer_.clear();
  answer_body_.clear();
  size_t whole = std::string::npos;
  char piece[4096];
  while (answer_.size() < whole) {
    const ssize_t got = ::recv(socket_, piece, sizeof piece, 0);
    if (got <= 0) return 0;
    answer_.append(piece, static_cast<size_t>(got));
    const size_t end = answer_.find("\r\n\r\n");
    if (end != std::string::npos)
      whole = end + 4 + content_length(std::string_view(answer_).substr(0, end));
  }
  int status = 0;
  if (answer_.size() > 12) std::from_chars(answer_.data() + 9, answer_.data() + 12, status);
  if (status != 204) answer_body_ = answer_.substr(answer_.find("\r\n\r\n") + 4);
  return status;
}

int Connection::post(std::string_view body) {
  if (socket_ < 0 && !connect()) return 0;
  head_.clear();
  fmt::format_to(std::back_inserter(head_),
                 "POST {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: tocsin_bench_send/1\r\n"
                 "Content-Length: {}\r\n\r\n",
                 target_, host_, port_, body.size());
  const int status = send_all(head_, body) ? read_answer() : 0;
  if (status == 0) close();
  return status;
}

}  // namespace bench
