#include "net/http_server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/log.h"
#include "net/connection.h"
#include "net/loop_core.h"
#include "net/transport_asio.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(Loop& l, const Router& router, const HttpOptions& options, Counters& counters)
      : loop(l),
        acceptor(l.core()->io),
        shared(std::make_shared<ServerShared>(router, options, l, counters)) {}

  Result<void> bind();
  void accept();
  void on_accept(const error_code& failed, tcp::socket socket);
  void serve(tcp::socket socket);
  void tick();
  void arm(DurationMs period);
  std::vector<std::shared_ptr<Connection>> connections() const;

  Loop& loop;
  tcp::acceptor acceptor;
  std::shared_ptr<ServerShared> shared;
  std::shared_ptr<TlsIdentity> tls;
  bool closed = false;
};

namespace {

// IPv4 that came through an IPv6 socket is shown, and judged, as IPv4.
std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  // The names of days and months are C's, whatever the locale: nobody calls setlocale here.
  const size_t n = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return std::string(text, n);
}

Error cannot_listen(const HttpOptions& options, std::string_view step, const error_code& why) {
  return Error{ErrorCode::kUnavailable,
               fmt::format("listening on {} port {} failed at {}: {}; give a free port with "
                           "--listen",
                           options.address, options.port, step, why.message()),
               {}};
}

}  // namespace

Result<void> HttpServer::State::bind() {
  const HttpOptions& options = shared->options;
  error_code failed;
  const auto address = asio::ip::make_address(options.address, failed);
  if (failed)
    return fail(ErrorCode::kInvalid, "\"" + options.address +
                                         "\" is not a numeric address; use 127.0.0.1, 0.0.0.0, "
                                         "::1, ...");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), failed);
  if (failed) return fail(cannot_listen(options, "socket", failed));
  acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (options.reuse_port && !failed) acceptor.set_option(ReusePort(true), failed);
  if (address.is_v6() && !failed) acceptor.set_option(asio::ip::v6_only(false), failed);
  if (failed) return fail(cannot_listen(options, "options", failed));
  acceptor.bind(endpoint, failed);
  if (failed) return fail(cannot_listen(options, "bind", failed));
  acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return fail(cannot_listen(options, "listen", failed));
  return {};
}

void HttpServer::State::accept() {
  if (closed || shared->draining) return;
  acceptor.async_accept([weak = weak_from_this()](const error_code& failed, tcp::socket socket) {
    if (const auto self = weak.lock()) self->on_accept(failed, std::move(socket));
  });
}

void HttpServer::State::on_accept(const error_code& failed, tcp::socket socket) {
  if (closed || shared->draining || failed == asio::error::operation_aborted) return;
  if (failed) {  // out of descriptors, mostly: wait for some to come back
    shared->counters.refused("accept").add();
    log::warning("accepting a connection failed: {}", failed.message());
    return loop.after(milliseconds(100), [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->accept();
    });
  }
  serve(std::move(socket));
  accept();
}

void HttpServer::State::serve(tcp::socket socket) {
  error_code failed;
  if (shared->open.size() >= shared->options.connections_max) {
    shared->counters.refused("connections").add();
    static constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nServer: Tocsin\r\nRetry-After: 1\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n";
    if (!tls)  // one packet into an empty buffer: either it fits or nobody will miss it
      (void)::send(socket.native_handle(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    socket.shutdown(tcp::socket::shutdown_send, failed);
    return;
  }
  socket.set_option(tcp::no_delay(true), failed);
  const auto remote = socket.remote_endpoint(failed);
  if (failed) return;  // gone already
  shared->counters.connections.add();
  auto transport = tls ? tls->transport(std::move(socket)) : plain_transport(std::move(socket));
  std::make_shared<Connection>(shared, std::move(transport), address_text(remote.address()))
      ->start();
}

// A copy: connections leave the set while one goes through them.
std::vector<std::shared_ptr<Connection>> HttpServer::State::connections() const {
  return {shared->open.begin(), shared->open.end()};
}

void HttpServer::State::tick() {
  shared->now_ns = std::chrono::steady_clock::now().time_since_epoch().count();
  shared->date = http_date();
  for (const auto& connection : connections()) connection->tick();
}

void HttpServer::State::arm(DurationMs period) {
  loop.after(period, [weak = weak_from_this(), period] {
    const auto self = weak.lock();
    if (!self || self->closed) return;
    self->tick();
    self->arm(period);
  });
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const Router& router,
                                                       const HttpOptions& options,
                                                       Counters& counters) {
  auto state = std::make_shared<State>(loop, router, options, counters);
  if (!options.tls_certificate.empty()) {
    auto tls = TlsIdentity::load(options.tls_certificate, options.tls_key);
    if (!tls) return fail(tls.error());
    state->tls = std::move(*tls);
  }
  if (const Result<void> bound = state->bind(); !bound) return fail(bound.error());
  state->tick();
  const int64_t shortest = std::min(options.idle_timeout.count, options.stream_ping.count);
  // A quarter of the shortest limit; at most a second, because the Date moves with it.
  state->arm(milliseconds(std::clamp<int64_t>(shortest / 4, 5, 1000)));
  state->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  error_code ignored;
  state_->closed = true;
  state_->acceptor.close(ignored);
  for (const auto& connection : state_->connections()) connection->close();
}

uint16_t HttpServer::port() const {
  error_code failed;
  return state_->acceptor.local_endpoint(failed).port();
}

void HttpServer::drain() {
  error_code ignored;
  state_->shared->draining = true;
  state_->acceptor.close(ignored);
  for (const auto& connection : state_->connections()) connection->drain();
}

size_t HttpServer::connections() const { return state_->shared->open.size(); }

}  // namespace tocsin::net
