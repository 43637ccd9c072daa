#pragma once
// One blocking keep-alive HTTP/1.1 connection, as curl would hold it: asks, waits, reads the answer
// by its length or its chunks.

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

struct Answer {
  int status = 0;  // 0: no answer
  std::string body;
};

class HttpLink {
 public:
  explicit HttpLink(uint16_t port) : port_(port) {}
  ~HttpLink();
  HttpLink(const HttpLink&) = delete;
  HttpLink& operator=(const HttpLink&) = delete;

  Answer get(std::string_view target);
  // headers: complete lines, each ending with \r\n.
  Answer post(std::string_view target, std::string_view body, std::string_view headers = "");

 private:
  Answer ask(std::string_view head, std::string_view body);
  bool connect();
  bool send_all(std::string_view bytes);
  bool receive();
  bool read_chunks(std::string& body);
  void close();

  const uint16_t port_;
  int socket_ = -1;
  std::string in_;
};

}  // namespace bench
