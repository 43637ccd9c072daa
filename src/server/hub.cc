#include "server/hub.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/json.h"
#include "server/restrict.h"

namespace tocsin::server {
struct Hub::Shared {
  explicit Shared(Counters& counters)
      : opened(counters.counter("tocsin_stream_readers_total", "", "Live streams opened.")),
        refused(counters.counter("tocsin_stream_refused_total", "",
                                 "Live streams refused because there are too many.")),
        lost(counters.counter("tocsin_stream_events_lost_total", "",
                              "Live events that slow readers lost.")) {}
  struct Reader {
    std::shared_ptr<net::EventStream> stream;
    LabelView view;
  };
  using Shown = std::function<bool(const LabelView&)>;

  // Sending only appends to the readers' queues, so the lock is held for copies of one text.
  void publish(std::string_view event, std::string_view json, const Shown& shown) {
    const std::string text = fmt::format("event: {}\ndata: {}\n\n", event, json);
    const std::lock_guard lock(mutex);
    std::erase_if(readers, [&](const Reader& reader) {
      return (reader.view.everything() || shown(reader.view)) && !reader.stream->send(text);
    });
  }
  // Each second; what a restricted reader gets is made for them.
  void publish_narrowed(const StatusView& status) {
    const std::lock_guard lock(mutex);
    std::erase_if(readers, [&](const Reader& reader) {
      if (reader.view.everything()) return false;
      JsonWriter json;
      write_status(json, narrowed(status, reader.view));
      return !reader.stream->send(fmt::format("event: status\ndata: {}\n\n", json.text()));
    });
  }

  std::mutex mutex;
  std::vector<Reader> readers;  // guarded by mutex
  Counter& opened;
  Counter& refused;
  Counter& lost;
};

Hub::Hub(const HubOptions& options, Counters& counters)
    : shared_(std::make_shared<Shared>(counters)), options_(options) {}

Hub::~Hub() {
  const std::lock_guard lock(shared_->mutex);
  for (const auto& reader : shared_->readers) reader.stream->close();
  shared_->readers.clear();
}

// What names no series is for those who may see everything.
void Hub::publish(std::string_view event, std::string_view json) {
  shared_->publish(event, json, [](const LabelView&) { return false; });
}

void Hub::violation(const ViolationRow& row) {
  if (!heard()) return;
  JsonWriter json;
  write_violation_row(json, row);
  shared_->publish("violation", json.text(),
                   [&](const LabelView& view) { return view.shows(row.labels); });
}

void Hub::alert(const AlertEntry& entry) {
  if (!heard()) return;
  JsonWriter json;
  write_alert_summary(json, entry);
  shared_->publish("alert", json.text(),
                   [&](const LabelView& view) { return shows(view, *entry.alert); });
}

void Hub::delivery(const Delivery& delivery) {
  if (!heard()) return;
  JsonWriter json;
  write_delivery(json, delivery, true);
  publish("delivery", json.text());
}

void Hub::status(const StatusView& status) {
  if (!heard()) return;
  JsonWriter json;
  write_status(json, status);
  publish("status", json.text());
  shared_->publish_narrowed(status);
}

void Hub::now(std::span<const KpiTick> kpis) {
  if (!heard()) return;
  JsonWriter json;
  write_kpi_ticks(json, kpis);
  publish("now", json.text());
}

size_t Hub::readers() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->readers.size();
}

bool Hub::heard() const { return readers() > 0; }

void Hub::open(net::Request&& request, const net::Respond& respond) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->readers.size() >= options_.readers_max) {
    shared_->refused.add();
    auto refusal = net::Response::error_json(
        503, fmt::format("opening a live stream failed: {} are open; close a page, or read "
                         "/api/now instead",
                         options_.readers_max));
    refusal.headers.add("Retry-After", "5");
    return respond(std::move(refusal));
  }
  LabelView view = view_of(request);
  net::EventStreamOptions options;
  options.queue_bytes_max = options_.queue_bytes_max;
  // By weak references: a stream's callbacks must not keep what keeps the stream.
  options.on_gap = [weak = std::weak_ptr(shared_)](uint64_t lost) {
    if (const auto shared = weak.lock()) shared->lost.add(lost);
    return fmt::format("event: gap\ndata: {{\"lost\":{}}}\n\n", lost);
  };
  options.on_close = [weak = std::weak_ptr(shared_)] {
    const auto shared = weak.lock();
    if (!shared) return;
    const std::lock_guard inner(shared->mutex);
    std::erase_if(shared->readers, [](const auto& reader) { return reader.stream->closed(); });
  };
  const auto stream = net::EventStream::open(request, std::move(options));
  if (!stream) return respond(net::Response::error_json(406, "a live stream answers GET only"));
  stream->send("retry: 1000\n\n");  // ms until a browser that lost the stream asks again
  shared_->opened.add();
  shared_->readers.push_back({stream, std::move(view)});
}

}  // namespace tocsin::server
