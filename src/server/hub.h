#pragma once
// The live stream's middle: what happened, once as text, to every reader. Never blocks: each reader
// has a bounded queue of its own (net::EventStream) and loses events when it is slow, which it is
// told by a `gap` event. Any thread may publish.
//
// Bounded: readers (503 beyond), bytes queued per reader.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "net/event_stream.h"
#include "server/view_types.h"

namespace tocsin::server {

struct HubOptions {
  size_t readers_max = 100;
  size_t queue_bytes_max = 1024 * 1024;  // per reader
};

class Hub {
 public:
  Hub(const HubOptions& options, Counters& counters);
  ~Hub();  // closes every stream
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void violation(const ViolationRow& row);
  void alert(const AlertEntry& entry);
  void delivery(const Delivery& delivery);
  void status(const StatusView& status);    // each second, by the program's timer
  void now(std::span<const KpiTick> kpis);  // each 2 s
  // Whether anybody listens: what is costly to gather need not be, for nobody.
  bool heard() const;
  size_t readers() const;

  // GET /api/stream.
  void open(net::Request&& request, const net::Respond& respond);

 private:
  struct Shared;
  void publish(std::string_view event, std::string_view json);
  std::shared_ptr<Shared> shared_;  // readers outlive the hub by what their loops still hold
  const HubOptions options_;
};

}  // namespace tocsin::server
