#pragma once
// Server-sent events: the answer that does not end. A handler opens it instead of calling Respond.
//
//   auto stream = EventStream::open(request, {.on_gap = ..., .on_close = ...});
//   if (stream) stream->send("event: alert\ndata: {...}\n\n");
//
// A reader that is too slow fills its queue; from then on events are dropped until the queue has
// drained, and on_gap's text stands in their place. A comment line keeps a silent stream open.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "net/http.h"

namespace tocsin::net {

struct EventStreamOptions {
  size_t queue_bytes_max = 1024 * 1024;              // not yet taken by the kernel
  std::function<std::string(uint64_t lost)> on_gap;  // text to send in place of lost events
  std::function<void()> on_close;                    // once; the reader went away or close()
};

class EventStream {
 public:
  // In the handler, before it returns. nullptr if the request did not come through a server or was
  // answered already; then answer by Respond. Both callbacks run in the connection's loop.
  static std::shared_ptr<EventStream> open(Request& request, EventStreamOptions options);

  // Any thread. `event` is complete ("event: x\ndata: y\n\n"). False when the stream is closed;
  // true also when the event was dropped for a slow reader (on_gap tells).
  bool send(std::string_view event);
  void close();  // any thread; what is queued is not sent any more
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  uint64_t lost() const;  // events dropped so far

 private:
  friend class Connection;
  // In the loop: everything to write now, moved out; empty if nothing.
  std::string take();
  void written();      // what take() gave has left
  void mark_closed();  // the connection is gone; calls on_close once

  EventStreamOptions options_;
  std::function<void()> wake_;  // any thread: makes the connection call take()
  std::atomic<bool> closed_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::string queue_;
  size_t in_flight_ = 0;  // bytes that take() gave and written() has not confirmed
  uint64_t lost_now_ = 0;
  uint64_t lost_total_ = 0;
  bool awake_ = false;  // wake_ was called and take() has not been yet
  bool told_ = false;   // on_close was called
};

}  // namespace tocsin::net
