#pragma once
// One connection: reads requests, hands them to the router, sends the answers in order, keeps the
// time limits. Free of Boost; lives in one loop. Owned by its server until close(), and by its
// transport's pending operations.

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/counters.h"
#include "net/event_stream.h"
#include "net/http_server.h"
#include "net/request_reader.h"
#include "net/transport.h"

namespace tocsin::net {

struct HttpCounters {
  explicit HttpCounters(Counters& counters);
  Counter& refused(std::string_view reason);  // tocsin_http_refused_total{reason=}
  Counter& answered(int status);              // tocsin_http_responses_total{class=}
  Counters& all;
  Counter& connections;
  Counter& requests;
  Counter& body_bytes;
  Counter* by_class[6];
};

class Connection;

// What the connections of one server share; used in its loop only.
struct ServerShared {
  ServerShared(const Router& r, const HttpOptions& o, const Loop& loop, Counters& c);
  const Router& router;
  const HttpOptions options;
  const LoopHandle loop;
  HttpCounters counters;
  std::shared_ptr<HeldBytes> held;
  std::set<std::shared_ptr<Connection>> open;  // owns them; close() takes out
  int64_t now_ns = 0;  // monotonic, moved by the server's tick: coarse and free to read
  std::string date;    // "Mon, 23 Nov 2026 14:32:45 GMT", moved by the tick
  bool draining = false;
};

// The server's side of one request: gives exactly one answer, from any thread.
class Exchange {
 public:
  using Gone = std::shared_ptr<const std::atomic<bool>>;  // the client sends no more
  Exchange(std::weak_ptr<Connection> connection, const LoopHandle& loop, uint64_t sequence,
           bool packs, Gone gone);
  ~Exchange();  // nobody answered: 500
  void answer(Response response);
  std::shared_ptr<EventStream> open(EventStreamOptions options);
  const Gone& gone() const { return gone_; }

 private:
  void deliver(Response response);
  const std::weak_ptr<Connection> connection_;
  const LoopHandle loop_;
  const uint64_t sequence_;
  const bool packs_;  // the client takes gzip
  const Gone gone_;
  std::atomic<bool> answered_{false};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerShared> shared, std::unique_ptr<Transport> transport,
             std::string remote_address);
  void start();
  void tick();   // looks at the time limits; some times per limit
  void drain();  // closes when nothing is in flight
  void close();

 private:
  friend class Exchange;
  // A request that was read and whose answer has not left.
  struct Slot {
    std::optional<Response> response;
    std::shared_ptr<EventStream> stream;
    std::string interim;  // "100 Continue": sent as it is
    BodyLease lease;
    bool head_only = false;
    bool close = false;  // this answer is the last one
    bool http_1_0 = false;
  };

  // Reading.
  void read_on();
  void read_more();
  void on_read(bool ok, size_t n);
  void on_end();
  bool on_header();  // false: refused, reading has ended
  void on_message();
  void refuse(Response response, std::string_view reason);
  Slot& add_slot();
  // Answering.
  void answer(uint64_t sequence, Response response);
  void flush();
  void gather();
  void write();
  void on_written(bool ok, size_t n);
  std::string head(const Response& response, const Slot& slot, bool last) const;
  // Event streams.
  std::shared_ptr<EventStream> open_stream(uint64_t sequence, EventStreamOptions options);
  void begin_stream();
  void write_stream();
  // Ending.
  void linger();
  void read_lingering();

  const std::shared_ptr<ServerShared> shared_;
  const std::unique_ptr<Transport> transport_;
  const std::string remote_address_;
  RequestReader reader_;
  Router::Match match_;  // of the request being read

  std::deque<Slot> slots_;
  uint64_t first_sequence_ = 0;  // of slots_.front()
  std::string out_, out_body_;   // being written: all of out_, then all of out_body_
  size_t written_ = 0;
  bool stopped_ = false;      // reads no further request
  bool reading_ = false;      // a read is pending
  bool yielding_ = false;     // a step of inflating is posted
  bool writing_ = false;      // a write is pending
  bool close_after_ = false;  // what is being written is the last
  bool lingering_ = false;    // all sent; discards what the peer still sends
  bool closed_ = false;
  bool ready_ = false;                   // the handshake is over
  std::shared_ptr<EventStream> stream_;  // set once the stream's head was sent
  // Told to whoever still works on an answer: the client closed its side or all of it.
  const std::shared_ptr<std::atomic<bool>> gone_ = std::make_shared<std::atomic<bool>>(false);
  int64_t message_ns_ = 0;   // the message being read began
  int64_t progress_ns_ = 0;  // last read, or last write
};

}  // namespace tocsin::net
