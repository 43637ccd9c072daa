// Between the handler of one request and the connection it came by.

#include <fmt/format.h>

#include <iterator>

#include "net/connection.h"
#include "net/gzip.h"

namespace tocsin::net {

namespace {

constexpr size_t kPackFrom = 1024;  // smaller bodies fit into a packet or two anyway

bool text_type(std::string_view type) {
  return type.starts_with("text/") || type.starts_with("application/json") ||
         type.starts_with("application/javascript") || type.starts_with("image/svg");
}

void pack(Response& response) {
  if (response.body.size() <= kPackFrom || response.headers.has("Content-Encoding") ||
      !text_type(response.headers.get("Content-Type")))
    return;
  response.body = gzip(response.body);
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

}  // namespace

Exchange::Exchange(std::weak_ptr<Connection> connection, const LoopHandle& loop, uint64_t sequence,
                   bool packs, Gone gone)
    : connection_(std::move(connection)),
      loop_(loop),
      sequence_(sequence),
      packs_(packs),
      gone_(std::move(gone)) {}

std::function<bool()> client_gone(const Request& request) {
  if (!request.exchange) return [] { return false; };
  return [gone = request.exchange->gone()] { return gone->load(std::memory_order_relaxed); };
}

Exchange::~Exchange() {
  if (!answered_.load())
    deliver(Response::error_json(500, "the server gave no answer to this; see its log"));
}

void Exchange::answer(Response response) {
  if (answered_.exchange(true)) return;
  if (packs_) pack(response);  // here, so that the work is the answering thread's
  deliver(std::move(response));
}

void Exchange::deliver(Response response) {
  if (loop_.in_loop()) {
    if (const auto connection = connection_.lock())
      connection->answer(sequence_, std::move(response));
    return;
  }
  auto held = std::make_shared<Response>(std::move(response));  // std::function copies
  loop_.post([weak = connection_, sequence = sequence_, held] {
    if (const auto connection = weak.lock()) connection->answer(sequence, std::move(*held));
  });
}

std::shared_ptr<EventStream> Exchange::open(EventStreamOptions options) {
  const auto connection = loop_.in_loop() ? connection_.lock() : nullptr;
  if (!connection || answered_.load()) return nullptr;
  auto stream = connection->open_stream(sequence_, std::move(options));
  if (stream) answered_.store(true);
  return stream;
}

HttpCounters::HttpCounters(Counters& counters)
    : all(counters),
      connections(counters.counter("tocsin_http_connections_total", "", "Connections accepted.")),
      requests(counters.counter("tocsin_http_requests_total", "", "Requests read whole.")),
      body_bytes(counters.counter("tocsin_http_body_bytes_total", "",
                                  "Bytes of request bodies, inflated.")) {
  static constexpr const char* kClasses[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (size_t i = 0; i < std::size(kClasses); ++i)
    by_class[i] =
        &counters.counter("tocsin_http_responses_total", fmt::format("class=\"{}\"", kClasses[i]),
                          "Answers given, by class of status.");
}

Counter& HttpCounters::answered(int status) {
  const int hundreds = status / 100;
  return *by_class[hundreds >= 1 && hundreds <= 5 ? hundreds : 0];
}

Counter& HttpCounters::refused(std::string_view reason) {
  return all.counter("tocsin_http_refused_total", fmt::format("reason=\"{}\"", reason),
                     "Requests and connections refused by the HTTP server, by reason.");
}

ServerShared::ServerShared(const Router& r, const HttpOptions& o, const Loop& l, Counters& c)
    : router(r), options(o), loop(l), counters(c), held(std::make_shared<HeldBytes>()) {
  held->max = options.held_bytes_max;
}

}  // namespace tocsin::net
