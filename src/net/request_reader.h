#pragma once
// Turns the bytes of one connection into requests, one after the other: header, body (by length or
// in chunks), inflating. Knows no sockets: bytes are put into space() and advance() says what is
// next. The header is parsed by Beast, inside request_reader.cc.
//
//   kNeedBytes: read into space(), call received()
//   kHeader:    request() has everything but the body; may be refused now
//   kYield:     call advance() again, after others had their turn (inflating a long body)
//   kMessage:   request() is complete; take it, then next()
//   kRefused:   refusal() says why; nothing more can be read from this connection

#include <cstddef>
#include <memory>
#include <span>

#include "net/held_bytes.h"
#include "net/http.h"

namespace tocsin::net {

struct ReaderLimits {
  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 32 * 1024 * 1024;
  size_t inflated_bytes_max = 128 * 1024 * 1024;
};

class RequestReader {
 public:
  enum class Step { kNeedBytes, kHeader, kYield, kMessage, kRefused };
  struct Refusal {
    Response response;
    std::string_view reason;  // for the counter: "malformed", "header", "body", "inflate", ...
  };

  RequestReader(const ReaderLimits& limits, std::shared_ptr<HeldBytes> held);
  ~RequestReader();

  std::span<char> space();
  void received(size_t n);
  Step advance();
  Request& request();
  Refusal& refusal();
  BodyLease take_lease();  // with the message; holds the body's bytes until it is released
  void next();             // the message is done with; a body left in request() is used again

  bool keep_alive() const;
  bool http_1_0() const;
  bool expects_continue() const;  // and no byte of the body is here yet
  bool has_body() const;
  bool mid_message() const;  // a request has begun and is not complete
  bool in_body() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin::net
