#include "net/event_stream.h"

#include <utility>

#include "net/connection.h"

namespace tocsin::net {

std::shared_ptr<EventStream> EventStream::open(Request& request, EventStreamOptions options) {
  return request.exchange ? request.exchange->open(std::move(options)) : nullptr;
}

bool EventStream::send(std::string_view event) {
  if (closed()) return false;
  {
    const std::lock_guard lock(mutex_);
    const size_t waiting = queue_.size() + in_flight_;
    // Once something is lost, all is lost until the queue has drained: one gap, one place.
    if (lost_now_ > 0 || waiting + event.size() > options_.queue_bytes_max) {
      ++lost_now_;
      ++lost_total_;
      if (waiting > 0) return true;  // written() will see to the rest
    } else {
      queue_.append(event);
    }
    if (awake_) return true;
    awake_ = true;
  }
  wake_();
  return true;
}

void EventStream::close() {
  if (!closed_.exchange(true)) wake_();
}

uint64_t EventStream::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_total_;
}

std::string EventStream::take() {
  std::string out;
  uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    awake_ = false;
    out = std::exchange(queue_, {});
    in_flight_ = out.size();
    if (out.empty()) lost = std::exchange(lost_now_, 0);
  }
  if (lost > 0 && options_.on_gap) {
    out = options_.on_gap(lost);  // not under the lock: it may send
    const std::lock_guard lock(mutex_);
    in_flight_ = out.size();
  }
  return out;
}

void EventStream::written() {
  const std::lock_guard lock(mutex_);
  in_flight_ = 0;
}

void EventStream::mark_closed() {
  closed_.store(true);
  if (std::exchange(told_, true)) return;
  const auto on_close = std::move(options_.on_close);  // what it holds goes with it
  options_.on_close = nullptr;
  options_.on_gap = nullptr;
  if (on_close) on_close();
}

}  // namespace tocsin::net
