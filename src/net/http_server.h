#pragma once
// HTTP/1.1 on one port and one loop. Several servers, one per loop, may share a port (reuse_port):
// the kernel spreads connections over them. Requests on one connection may be pipelined: handlers
// of up to `pipeline_max` requests run at once, answers leave in order.
//
// Bounded: connections (503 and close), header (431), body (413), inflated body (413), bytes of all
// bodies held (503 with Retry-After), requests in flight per connection (stops reading), time of a
// header or between two pieces of a body (408). Malformed requests get 400. All are counted.

#include <cstdint>
#include <memory>
#include <string>

#include "base/counters.h"
#include "base/result.h"
#include "base/time.h"
#include "net/loop.h"
#include "net/router.h"

namespace tocsin::net {

struct HttpOptions {
  std::string address = "127.0.0.1";  // numeric; "::" listens on IPv4 as well
  uint16_t port = 0;                  // 0: the kernel picks one
  bool reuse_port = false;
  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 32 * 1024 * 1024;       // as sent
  size_t inflated_bytes_max = 128 * 1024 * 1024;  // after Content-Encoding is undone
  size_t held_bytes_max = 160 * 1024 * 1024;      // all bodies of this server at one time
  size_t connections_max = 4096;
  size_t pipeline_max = 8;
  DurationMs idle_timeout = seconds(75);
  DurationMs stream_ping = seconds(15);  // comment line on an event stream with nothing to say
  std::string tls_certificate;           // PEM file (chain); empty = no TLS
  std::string tls_key;                   // PEM file
};

class HttpServer {
 public:
  // Binds and listens; accepts as soon as the loop runs. Loop, router and counters outlive it.
  // kUnavailable if the address cannot be bound, kInvalid if address or certificate are wrong.
  static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, const Router& router,
                                                    const HttpOptions& options, Counters& counters);
  // In the loop's thread or after run() returned. Closes the port and every connection.
  ~HttpServer();

  uint16_t port() const;
  // Stops accepting; idle connections close, answers in flight are still given. In the loop.
  void drain();
  size_t connections() const;  // open now; in the loop

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tocsin::net
