#pragma once
// One blocking HTTP/1.1 connection that posts a body and waits for the answer: as little work as
// possible, because the sender shares its cores with the server it measures.

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

class Connection {
 public:
  // target: "/write?db=bench&precision=ns".
  Connection(std::string host, uint16_t port, std::string target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The answer's status; 0 when the connection failed (the next call connects anew).
  int post(std::string_view body);
  const std::string& last_body() const { return answer_body_; }  // of an answer that was not 204

 private:
  bool connect();
  bool send_all(std::string_view head, std::string_view body);
  int read_answer();
  void close();

  const std::string host_, target_;
  const uint16_t port_;
  int socket_ = -1;
  std::string head_;
  std::string answer_;
  std::string answer_body_;
};

}  // namespace bench
