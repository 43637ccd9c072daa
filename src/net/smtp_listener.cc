#include "net/smtp_listener.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <set>
#include <utility>

#include "base/log.h"
#include "net/loop_core.h"
#include "net/transport_asio.h"

namespace tocsin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytes = 16 * 1024;
constexpr DurationMs kLook = seconds(1);

std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

class MailConnection;

// What the connections of one listener share; used in its loop only.
struct Shared {
  Loop& loop;
  const SmtpListener::Options options;
  const SmtpListener::Handlers handlers;
  Counters& counters;
  std::set<std::shared_ptr<MailConnection>> open;
  DurationMs up{};  // how long it has listened, moved by its look

  void refused(std::string_view reason) const {
    counters
        .counter("tocsin_smtp_refused_total", fmt::format("reason=\"{}\"", reason),
                 "Connections that brought mail and were refused or cut off.")
        .add();
  }
};

// One client. Owned by `open` until close(), and by its transport's pending operations.
class MailConnection : public std::enable_shared_from_this<MailConnection> {
 public:
  MailConnection(std::shared_ptr<Shared> shared, std::unique_ptr<Transport> transport,
                 std::string peer)
      : shared_(std::move(shared)),
        transport_(std::move(transport)),
        peer_(std::move(peer)),
        session_(shared_->options.session, shared_->handlers.knows),
        began_(shared_->up),
        progress_(began_) {}

  void start() { send(session_.greeting()); }
  // Says it and ends.
  void turn_away(std::string_view line) {
    last_ = true;
    send(std::string(line));
  }

  void tick() {
    const bool silent = !asked_ && shared_->up - progress_ > shared_->options.silence;
    if (!silent && shared_->up - began_ <= shared_->options.longest) return;
    shared_->refused(silent ? "silence" : "time");
    close();
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    const auto keep = shared_from_this();
    transport_->close();
    shared_->open.erase(keep);
  }

 private:
  // A reply that may come late, twice, never, or from another thread.
  struct Answer {
    std::weak_ptr<MailConnection> connection;
    LoopHandle loop;
    std::atomic<bool> given{false};

    void give(SmtpReply reply) {
      if (given.exchange(true)) return;
      loop.post([weak = connection, reply = std::move(reply)] {
        if (const auto self = weak.lock()) self->answered(reply);
      });
    }
    ~Answer() { give({451, "4.3.0", "Nothing came of it; try again later"}); }
  };

  void send(std::string text) {
    if (closed_) return;
    out_ += text;
    if (!writing_) write();
  }

  void write() {
    if (out_.empty()) {
      if (last_ || session_.over()) return finish();
      return read();
    }
    writing_ = true;
    transport_->write(out_, {}, [self = shared_from_this()](bool ok, size_t n) {
      self->writing_ = false;
      if (!ok) return self->close();
      self->out_.erase(0, n);
      self->progress_ = self->shared_->up;
      self->write();
    });
  }

  // The client reads the last line before it sees the end.
  void finish() {
    transport_->end_writing();
    close();
  }

  void read() {
    if (closed_ || reading_ || asked_) return;
    reading_ = true;
    transport_->read(buffer_.data(), buffer_.size(),
                     [self = shared_from_this()](bool ok, size_t n) { self->on_read(ok, n); });
  }

  void on_read(bool ok, size_t n) {
    reading_ = false;
    if (!ok || n == 0) return close();
    progress_ = shared_->up;
    go_on(session_.feed({buffer_.data(), n}));
  }

  void go_on(std::string reply) {
    auto mail = session_.take_mail();
    asked_ = mail.has_value();
    send(std::move(reply));
    if (!mail) {
      if (!writing_) read();
      return;
    }
    const auto answer = std::make_shared<Answer>();
    answer->connection = weak_from_this();
    answer->loop = LoopHandle(shared_->loop);
    shared_->handlers.take(std::move(*mail), peer_,
                           [answer](SmtpReply given) { answer->give(std::move(given)); });
  }

  void answered(const SmtpReply& reply) {
    if (closed_) return;
    asked_ = false;
    progress_ = shared_->up;
    go_on(session_.answer(reply));
  }

  const std::shared_ptr<Shared> shared_;
  const std::unique_ptr<Transport> transport_;
  const std::string peer_;
  SmtpSession session_;
  std::array<char, kReadBytes> buffer_;
  std::string out_;
  bool reading_ = false, writing_ = false, closed_ = false;
  bool asked_ = false;      // a mail is with the handler
  bool last_ = false;       // ends when all is sent
  const DurationMs began_;  // of `up`
  DurationMs progress_;
};

}  // namespace

struct SmtpListener::State : std::enable_shared_from_this<State> {
  explicit State(std::shared_ptr<Shared> s)
      : shared(std::move(s)), acceptor(shared->loop.core()->io) {}

  Result<void> bind() {
    error_code failed;
    const SmtpListener::Options& options = shared->options;
    const auto cannot = [&](std::string_view step) {
      return fail(
          ErrorCode::kUnavailable,
          fmt::format("listening for mail on {} port {} failed at {}: {}; change mail.listen",
                      options.address, options.port, step, failed.message()));
    };
    const auto address = asio::ip::make_address(options.address, failed);
    if (failed) return cannot("reading the numeric address");
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), failed);
    if (failed) return cannot("socket");
    acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (address.is_v6() && !failed) acceptor.set_option(asio::ip::v6_only(false), failed);
    if (!failed) acceptor.bind(endpoint, failed);
    if (failed) return cannot("bind");
    acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) return cannot("listen");
    return {};
  }

  void accept() {
    if (closed) return;
    acceptor.async_accept([weak = weak_from_this()](const error_code& failed, tcp::socket socket) {
      const auto self = weak.lock();
      if (!self || self->closed || failed == asio::error::operation_aborted) return;
      if (failed) {  // out of descriptors, mostly: wait for some to come back
        log::warning("accepting a connection that brings mail failed: {}", failed.message());
        return self->shared->loop.after(milliseconds(100), [weak] {
          if (const auto again = weak.lock()) again->accept();
        });
      }
      self->serve(std::move(socket));
      self->accept();
    });
  }

  void serve(tcp::socket socket) {
    error_code failed;
    const auto remote = socket.remote_endpoint(failed);
    if (failed) return;  // gone already
    const std::string peer = address_text(remote.address());
    const bool stranger = !shared->handlers.may_connect(peer);
    const bool full = shared->open.size() >= shared->options.connections_max;
    // Twice as many at most: those that are turned away hold their socket for one line.
    if (shared->open.size() >= 2 * shared->options.connections_max)
      return shared->refused("connections");
    const auto connection =
        std::make_shared<MailConnection>(shared, plain_transport(std::move(socket)), peer);
    shared->open.insert(connection);
    if (stranger || full) shared->refused(stranger ? "peer" : "connections");
    if (stranger) return connection->turn_away("554 5.7.1 Not a peer of section mail\r\n");
    if (full) return connection->turn_away("421 4.3.2 Too many connections; come again\r\n");
    connection->start();
  }

  void look() {
    shared->loop.after(kLook, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closed) return;
      const std::vector<std::shared_ptr<MailConnection>> all(self->shared->open.begin(),
                                                             self->shared->open.end());
      self->shared->up = self->shared->up + kLook;
      for (const auto& one : all) one->tick();
      self->look();
    });
  }

  std::shared_ptr<Shared> shared;
  tcp::acceptor acceptor;
  bool closed = false;
};

Result<std::unique_ptr<SmtpListener>> SmtpListener::listen(Loop& loop, Options options,
                                                           Handlers handlers, Counters& counters) {
  auto state = std::make_shared<State>(std::make_shared<Shared>(
      Shared{loop, std::move(options), std::move(handlers), counters, {}, {}}));
  if (const auto bound = state->bind(); !bound) return fail(bound.error());
  state->accept();
  state->look();
  return std::unique_ptr<SmtpListener>(new SmtpListener(std::move(state)));
}

SmtpListener::SmtpListener(std::shared_ptr<State> state) : state_(std::move(state)) {}

SmtpListener::~SmtpListener() {
  error_code ignored;
  state_->closed = true;
  state_->acceptor.close(ignored);
  const std::vector<std::shared_ptr<MailConnection>> all(state_->shared->open.begin(),
                                                         state_->shared->open.end());
  for (const auto& one : all) one->close();
}

uint16_t SmtpListener::port() const {
  error_code failed;
  return state_->acceptor.local_endpoint(failed).port();
}

}  // namespace tocsin::net
