#include "net/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace tocsin::net {

namespace {

// Smaller bodies are copied behind their heads, so that pipelined answers leave in one write.
constexpr size_t kSmallBody = 16 * 1024;
constexpr int64_t kLingerNs = 5'000'000'000;

// "gzip" stands in the list and is not ruled out by a weight of zero.
bool takes_gzip(const Request& request) {
  const std::string_view list = request.headers.get("Accept-Encoding");
  const size_t at = list.find("gzip");
  if (at == list.npos) return false;
  const std::string_view item = list.substr(at, list.find(',', at) - at);
  const size_t weight = item.find("q=");
  return weight == item.npos || item.find_first_of("123456789", weight) != item.npos;
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerShared> shared, std::unique_ptr<Transport> transport,
                       std::string remote_address)
    : shared_(std::move(shared)),
      transport_(std::move(transport)),
      remote_address_(std::move(remote_address)),
      reader_({shared_->options.header_bytes_max, shared_->options.body_bytes_max,
               shared_->options.inflated_bytes_max},
              shared_->held) {
  message_ns_ = progress_ns_ = shared_->now_ns;
}

void Connection::start() {
  shared_->open.insert(shared_from_this());
  transport_->start([self = shared_from_this()](bool ok) {
    if (!ok) return self->close();
    self->ready_ = true;
    self->read_on();
  });
}

void Connection::close() {
  if (closed_) return;
  closed_ = stopped_ = true;
  gone_->store(true, std::memory_order_relaxed);
  transport_->close();
  if (stream_) stream_->mark_closed();
  for (Slot& slot : slots_)
    if (slot.stream) slot.stream->mark_closed();
  const auto self = shared_from_this();  // the set may hold the last owner
  shared_->open.erase(self);
}

void Connection::drain() {
  if (slots_.empty() && !writing_ && !reader_.mid_message() && !stream_) close();
}

void Connection::tick() {
  const int64_t now = shared_->now_ns;
  const int64_t limit = shared_->options.idle_timeout.count * 1'000'000;
  const auto over = [&](int64_t since) { return now - since > limit; };
  if (lingering_) {
    if (now - progress_ns_ > kLingerNs) close();
  } else if (writing_ || !ready_) {
    if (over(progress_ns_)) close();  // the reader does not read, or shakes no hands
  } else if (stream_) {
    if (now - progress_ns_ >= shared_->options.stream_ping.count * 1'000'000)
      stream_->send(": still here\n\n");
  } else if (stopped_ || !reading_) {
    return;  // waits for a handler
  } else if (reader_.mid_message()) {
    if (over(reader_.in_body() ? progress_ns_ : message_ns_))
      refuse(Response::error_json(408, "the request did not arrive in time"), "timeout");
  } else if (slots_.empty() && (over(progress_ns_) || shared_->draining)) {
    close();
  }
}

// ---- Reading

void Connection::read_on() {
  while (!stopped_ && !reading_ && !yielding_ && slots_.size() < shared_->options.pipeline_max) {
    switch (reader_.advance()) {
      case RequestReader::Step::kNeedBytes:
        return read_more();
      case RequestReader::Step::kHeader:
        if (!on_header()) return;
        break;
      case RequestReader::Step::kYield:
        yielding_ = true;
        return shared_->loop.post([self = shared_from_this()] {
          self->yielding_ = false;
          self->read_on();
        });
      case RequestReader::Step::kMessage:
        on_message();
        break;
      case RequestReader::Step::kRefused:
        return refuse(std::move(reader_.refusal().response), reader_.refusal().reason);
    }
  }
}

void Connection::read_more() {
  reading_ = true;
  const std::span<char> space = reader_.space();
  transport_->read(space.data(), space.size(),
                   [self = shared_from_this()](bool ok, size_t n) { self->on_read(ok, n); });
}

void Connection::on_read(bool ok, size_t n) {
  reading_ = false;
  if (!ok) return close();
  if (stopped_) {
    if (stream_ || lingering_) n > 0 ? read_lingering() : close();
    return;
  }
  if (n == 0) return on_end();
  progress_ns_ = shared_->now_ns;
  if (!reader_.mid_message()) message_ns_ = progress_ns_;
  reader_.received(n);
  read_on();
}

// The peer sends no more; it may still wait for answers.
void Connection::on_end() {
  gone_->store(true, std::memory_order_relaxed);
  if (reader_.mid_message())
    return refuse(Response::error_json(400,
                                       "the request is truncated: the connection ended before "
                                       "the request did"),
                  "truncated");
  stopped_ = true;
  if (!slots_.empty())
    slots_.back().close = true;
  else if (writing_)
    close_after_ = true;
  else
    close();
}

bool Connection::on_header() {
  Request& request = reader_.request();
  request.remote_address = remote_address_;
  match_ = shared_->router.match(request);
  if (match_.refusal && reader_.has_body()) {  // its body is not worth reading
    refuse(std::move(*match_.refusal), "route");
    return false;
  }
  if (reader_.expects_continue()) {
    slots_.emplace_back().interim = "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
  }
  return true;
}

Connection::Slot& Connection::add_slot() {
  Slot& slot = slots_.emplace_back();
  slot.head_only = reader_.request().method == "HEAD";
  slot.http_1_0 = reader_.http_1_0();
  slot.close = !reader_.keep_alive() || shared_->draining;
  slot.lease = reader_.take_lease();
  return slot;
}

void Connection::on_message() {
  shared_->counters.requests.add();
  Request& request = reader_.request();
  shared_->counters.body_bytes.add(request.body.size());
  const Slot& slot = add_slot();
  stopped_ = slot.close;
  const uint64_t sequence = first_sequence_ + slots_.size() - 1;
  request.exchange = std::make_shared<Exchange>(weak_from_this(), shared_->loop, sequence,
                                                takes_gzip(request), gone_);
  Respond respond = [exchange = request.exchange](Response r) { exchange->answer(std::move(r)); };
  try {
    if (match_.refusal)
      respond(std::move(*match_.refusal));
    else
      shared_->router.answer(match_, std::move(request), respond);
  } catch (const std::exception& thrown) {
    log::error("handling {} {} failed: {}", request.method, request.raw_path, thrown.what());
    respond(Response::error_json(500, "the server failed while it handled this; see its log"));
  }
  message_ns_ = shared_->now_ns;
  reader_.next();
}

// The answer to what cannot be read on from: it is the last one, after those still owed.
void Connection::refuse(Response response, std::string_view reason) {
  shared_->counters.refused(reason).add();
  Slot& slot = add_slot();
  slot.close = true;
  stopped_ = true;
  answer(first_sequence_ + slots_.size() - 1, std::move(response));
}

// ---- Answering

void Connection::answer(uint64_t sequence, Response response) {
  if (closed_ || sequence - first_sequence_ >= slots_.size()) return;
  Slot& slot = slots_[sequence - first_sequence_];
  if (slot.response || slot.stream) return;
  shared_->counters.answered(response.status).add();
  slot.response = std::move(response);
  slot.lease.release();
  flush();
}

void Connection::flush() {
  if (writing_ || closed_ || stream_) return;
  gather();
  if (!out_.empty()) return write();
  if (close_after_) return linger();
  if (!slots_.empty() && slots_.front().stream) begin_stream();
}

// Takes what may leave now: ready answers from the front, up to the first large body.
void Connection::gather() {
  while (!slots_.empty() && !close_after_ && out_body_.empty()) {
    Slot& slot = slots_.front();
    if (!slot.interim.empty()) {
      out_ += slot.interim;
    } else if (slot.response) {
      out_ += head(*slot.response, slot, slot.close);
      if (slot.head_only) {
        // The length is told, the body is not sent.
      } else if (slot.response->body.size() <= kSmallBody) {
        out_ += slot.response->body;
      } else {
        out_body_ = std::move(slot.response->body);
      }
      close_after_ = slot.close;
    } else {
      return;
    }
    slots_.pop_front();
    ++first_sequence_;
  }
}

std::string Connection::head(const Response& response, const Slot& slot, bool last) const {
  const std::string_view reason = status_text(response.status);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nServer: Tocsin\r\nDate: {}\r\n", response.status,
                                reason, shared_->date);
  for (const auto& [name, value] : response.headers.pairs()) {
    out.append(name).append(": ");
    // A value from elsewhere must not be able to start a header of its own.
    for (const char c : value) out.push_back(c == '\r' || c == '\n' ? ' ' : c);
    out.append("\r\n");
  }
  if (response.status != 204 && response.status != 304)
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (last)
    out += "Connection: close\r\n";
  else if (slot.http_1_0)
    out += "Connection: keep-alive\r\n";
  return out += "\r\n";
}

void Connection::write() {
  writing_ = true;
  progress_ns_ = shared_->now_ns;
  const std::string_view first = std::string_view(out_).substr(std::min(written_, out_.size()));
  const size_t in_body = written_ > out_.size() ? written_ - out_.size() : 0;
  transport_->write(first, std::string_view(out_body_).substr(in_body),
                    [self = shared_from_this()](bool ok, size_t n) { self->on_written(ok, n); });
}

void Connection::on_written(bool ok, size_t n) {
  writing_ = false;
  if (!ok) return close();
  if (closed_) return;
  written_ += n;
  progress_ns_ = shared_->now_ns;
  if (written_ < out_.size() + out_body_.size()) return write();
  out_.clear();
  out_body_.clear();
  written_ = 0;
  if (stream_) {
    stream_->written();
    return write_stream();
  }
  flush();
  read_on();
}

// ---- Event streams

std::shared_ptr<EventStream> Connection::open_stream(uint64_t sequence,
                                                     EventStreamOptions options) {
  if (closed_ || sequence - first_sequence_ >= slots_.size()) return nullptr;
  Slot& slot = slots_[sequence - first_sequence_];
  if (slot.response || slot.stream || slot.head_only) return nullptr;
  auto stream = std::make_shared<EventStream>();
  stream->options_ = std::move(options);
  stream->wake_ = [loop = shared_->loop, weak = weak_from_this()] {
    loop.post([weak] {
      if (const auto self = weak.lock()) self->write_stream();
    });
  };
  slot.stream = stream;
  slot.lease.release();
  stopped_ = true;  // nothing can follow on this connection
  shared_->counters.answered(200).add();
  flush();
  return stream;
}

void Connection::begin_stream() {
  stream_ = std::move(slots_.front().stream);
  slots_.clear();
  out_ = fmt::format(
      "HTTP/1.1 200 OK\r\nServer: Tocsin\r\nDate: {}\r\nContent-Type: text/event-stream\r\n"
      "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\n"
      "Connection: close\r\n\r\n",
      shared_->date);
  write();
  // Only to notice that the reader went away; what it says is not listened to.
  if (!reading_) read_lingering();
}

void Connection::write_stream() {
  if (closed_ || writing_ || !stream_) return;
  if (stream_->closed()) return close();
  out_ = stream_->take();
  if (!out_.empty()) write();
}

// ---- Ending

// Closing with unread bytes would reset the connection and could destroy the answer on its way: the
// peer is told that nothing follows, and what it still sends is thrown away for a while.
void Connection::linger() {
  if (lingering_ || closed_) return;
  lingering_ = stopped_ = true;
  progress_ns_ = shared_->now_ns;
  transport_->end_writing();
  if (!reading_) read_lingering();
}

void Connection::read_lingering() {
  reading_ = true;
  auto scratch = std::make_shared<std::array<char, 16 * 1024>>();
  transport_->read(scratch->data(), scratch->size(),
                   [self = shared_from_this(), scratch](bool ok, size_t n) {
                     self->reading_ = false;
                     if (!ok || n == 0) return self->close();
                     self->read_lingering();
                   });
}

}  // namespace tocsin::net
