#include "net/outbound.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

#include "base/check.h"

namespace tocsin::net {
namespace {

constexpr size_t kSpareHandles = 32;

void init_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    TOCSIN_CHECK(code == CURLE_OK, "curl_global_init: {}", curl_easy_strerror(code));
  });
}

// The socket is refused before it exists: not even a SYN leaves for a forbidden address.
curl_socket_t open_socket(void* transfer, curlsocktype, curl_sockaddr* address) {
  auto& asked = *static_cast<Transfer*>(transfer);
  if (!asked.allowed().allows(address->addr)) {
    asked.forbidden = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// A pooled connection may have been opened by a request that was allowed more.
int before_request(void* transfer, char* address, char*, int, int) {
  auto& asked = *static_cast<Transfer*>(transfer);
  asked.forbidden = !asked.allowed().allows(std::string_view(address));
  return asked.forbidden ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;

struct Running {
  Easy easy;
  std::unique_ptr<Transfer> transfer;
  std::array<char, CURL_ERROR_SIZE> error{};
};

}  // namespace

struct Outbound::Impl {
  Impl(Options given, Counters& counters)
      : options(given),
        refused(counters.counter("tocsin_outbound_refused_total", "",
                                 "Requests to other systems refused because too many waited.")),
        started(counters.counter("tocsin_outbound_requests_total", "",
                                 "Requests to other systems that were started.")),
        connections(counters.counter("tocsin_outbound_connections_total", "",
                                     "Connections opened to other systems.")),
        waiting_gauge(counters.gauge("tocsin_outbound_waiting", "",
                                     "Requests to other systems that wait for their turn.")) {
    init_curl_once();
    multi = curl_multi_init();
    TOCSIN_CHECK(multi != nullptr, "curl_multi_init gave nothing");
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(given.idle_connections_max));
  }
  ~Impl() {
    cancel_all();
    spare.clear();
    curl_multi_cleanup(multi);
  }

  void run_posted();
  void start_waiting();
  void start(std::unique_ptr<Transfer> transfer);
  bool set_common(Running& entry) const;
  void collect();
  void end(CURL* easy, CURLcode code);
  void cancel_all();

  const Options options;
  Counter& refused;
  Counter& started;
  Counter& connections;
  Gauge& waiting_gauge;
  CURLM* multi = nullptr;

  // The owner thread's.
  std::map<CURL*, std::unique_ptr<Running>> running;  // ordered only for cheap look-up
  std::map<std::string, size_t> running_per_lane;
  std::deque<std::unique_ptr<Transfer>> waiting;
  std::vector<Easy> spare;
  Tick tick;
  DurationMs until_tick = hours(1);

  std::mutex mutex;
  std::vector<std::function<void()>> posted;         // guarded by mutex
  std::vector<std::unique_ptr<Transfer>> submitted;  // guarded by mutex
  size_t unstarted = 0;                              // guarded by mutex: submitted + waiting
};

void Outbound::Impl::run_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex);
    work.swap(posted);
  }
  for (const auto& each : work) each();
  const std::lock_guard lock(mutex);
  for (auto& transfer : submitted) waiting.push_back(std::move(transfer));
  submitted.clear();
}

// In the order they came, passing over those whose host is busy.
void Outbound::Impl::start_waiting() {
  std::vector<std::unique_ptr<Transfer>> ready;
  for (auto at = waiting.begin();
       at != waiting.end() && running.size() + ready.size() < options.running_max;) {
    size_t& used = running_per_lane[(*at)->lane()];
    if (used >= options.per_host_max) {
      ++at;
      continue;
    }
    ++used;
    ready.push_back(std::move(*at));
    at = waiting.erase(at);
  }
  if (ready.empty()) return;
  {
    const std::lock_guard lock(mutex);
    unstarted -= ready.size();
    waiting_gauge.set(static_cast<double>(unstarted));
  }
  for (auto& transfer : ready) start(std::move(transfer));
}

bool Outbound::Impl::set_common(Running& entry) const {
  CURL* easy = entry.easy.get();
  const auto set = [easy](CURLoption option, auto value) {
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
  };
  return set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_ERRORBUFFER, entry.error.data()) &&
         set(CURLOPT_OPENSOCKETFUNCTION, &open_socket) &&
         set(CURLOPT_OPENSOCKETDATA, entry.transfer.get()) &&
         set(CURLOPT_PREREQFUNCTION, &before_request) &&
         set(CURLOPT_PREREQDATA, entry.transfer.get()) && set(CURLOPT_TCP_KEEPALIVE, 1L) &&
         // An idle connection that the other side closed is noticed before it is used; one that
         // is still open saves a handshake whatever its age.
         set(CURLOPT_MAXAGE_CONN, 3600L) && set(CURLOPT_FOLLOWLOCATION, 0L);
}

void Outbound::Impl::start(std::unique_ptr<Transfer> transfer) {
  auto entry = std::make_unique<Running>();
  if (spare.empty()) {
    entry->easy.reset(curl_easy_init());
  } else {
    entry->easy = std::move(spare.back());
    spare.pop_back();
  }
  TOCSIN_CHECK(entry->easy != nullptr, "curl_easy_init gave nothing");
  entry->transfer = std::move(transfer);
  CURL* easy = entry->easy.get();
  Running& kept = *entry;
  running.emplace(easy, std::move(entry));
  started.add();
  if (!set_common(kept) || !kept.transfer->prepare(easy) ||
      curl_multi_add_handle(multi, easy) != CURLM_OK)
    end(easy, CURLE_BAD_FUNCTION_ARGUMENT);
}

void Outbound::Impl::end(CURL* easy, CURLcode code) {
  const auto found = running.find(easy);
  TOCSIN_CHECK(found != running.end(), "curl ended a transfer that is not running");
  const std::unique_ptr<Running> entry = std::move(found->second);
  running.erase(found);
  const auto lane = running_per_lane.find(entry->transfer->lane());
  if (--lane->second == 0) running_per_lane.erase(lane);
  long opened = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
  connections.add(static_cast<uint64_t>(std::max(0L, opened)));
  std::string error;
  if (code != CURLE_OK && entry->transfer->forbidden)
    error = "its address is not allowed (a cloud's metadata service, or outside the allow-list)";
  else if (code != CURLE_OK)
    error = entry->error[0] != 0 ? entry->error.data() : curl_easy_strerror(code);
  entry->transfer->finish(easy, code, error);
  curl_multi_remove_handle(multi, easy);
  curl_easy_reset(easy);  // drops the pointers into what dies now; connections stay
  if (spare.size() < kSpareHandles) spare.push_back(std::move(entry->easy));
}

void Outbound::Impl::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
}

void Outbound::Impl::cancel_all() {
  run_posted();
  while (!running.empty()) {
    CURL* easy = running.begin()->first;
    std::snprintf(running.begin()->second->error.data(), CURL_ERROR_SIZE,
                  "stopped before it ended");
    end(easy, CURLE_ABORTED_BY_CALLBACK);
  }
  std::deque<std::unique_ptr<Transfer>> left;
  left.swap(waiting);
  {
    const std::lock_guard lock(mutex);
    unstarted -= left.size();
  }
  for (const auto& transfer : left)
    transfer->finish(nullptr, CURLE_ABORTED_BY_CALLBACK, "stopped before it was sent");
}

Outbound::Outbound(Options options, Counters& counters)
    : impl_(std::make_unique<Impl>(options, counters)) {}
Outbound::~Outbound() = default;

Result<void> Outbound::submit(std::unique_ptr<Transfer> transfer) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->unstarted >= impl_->options.waiting_max) {
      impl_->refused.add();
      return fail(ErrorCode::kExhausted,
                  fmt::format("{} requests to other systems wait already; try again later",
                              impl_->unstarted));
    }
    impl_->waiting_gauge.set(static_cast<double>(++impl_->unstarted));
    impl_->submitted.push_back(std::move(transfer));
  }
  wake();
  return {};
}

void Outbound::post(std::function<void()> work) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->posted.push_back(std::move(work));
  }
  wake();
}

void Outbound::wake() { curl_multi_wakeup(impl_->multi); }

void Outbound::poll(DurationMs timeout) {
  timeout = std::min(timeout, impl_->until_tick);
  const int wait_ms = static_cast<int>(std::clamp<int64_t>(timeout.count, 0, 3'600'000));
  int sockets = 0;
  curl_multi_poll(impl_->multi, nullptr, 0, wait_ms, &sockets);
  impl_->run_posted();
  impl_->start_waiting();
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  impl_->collect();
  if (impl_->tick) impl_->until_tick = impl_->tick();
  impl_->run_posted();  // what callbacks and the tick submitted starts without another round
  impl_->start_waiting();
}

void Outbound::set_tick(Tick tick) {
  impl_->tick = std::move(tick);
  impl_->until_tick = impl_->tick ? DurationMs{0} : hours(1);
}

void Outbound::cancel_all() { impl_->cancel_all(); }

void OutboundThread::start() {
  TOCSIN_CHECK(!thread_.joinable(), "the outbound thread was started twice");
  stopping_ = false;
  thread_ = std::thread([this] {
    while (!stopping_.load(std::memory_order_acquire)) outbound_.poll(minutes(1));
    outbound_.cancel_all();
  });
}

void OutboundThread::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  outbound_.wake();
  thread_.join();
}

}  // namespace tocsin::net
