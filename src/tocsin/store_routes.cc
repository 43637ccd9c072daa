#include "tocsin/store_routes.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace tocsin {
namespace {

constexpr double kShare = 0.25;  // of a core, for verify

double thread_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

bool wants_text(const net::Request& request) { return request.query.get("format") == "text"; }

net::Response busy() {
  net::Response out = net::Response::error_json(503, "too many questions about the store wait");
  out.headers.add("Retry-After", "1");
  return out;
}

}  // namespace

StoreRoutes::StoreRoutes(Store& store, const Clock& clock) : store_(store), clock_(clock) {
  thread_ = std::thread([this] { run(); });
}

StoreRoutes::~StoreRoutes() { stop(); }

void StoreRoutes::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StoreRoutes::run() {
  for (;;) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
      if (stop_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

bool StoreRoutes::ask(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_ || waiting_.size() >= kWaitingMax) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

bool StoreRoutes::rest(double seconds) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return stop_; });
}

void StoreRoutes::verify() {
  double begun = thread_cpu_seconds();
  const auto report = verify_store(store_.keyspace(), [&](const VerifyReport& so_far) {
    {
      const std::lock_guard lock(mutex_);
      state_.report = so_far;
    }
    const double used = thread_cpu_seconds() - begun;
    const bool go_on = rest(used * (1 / kShare - 1));
    begun = thread_cpu_seconds();
    return go_on;
  });
  if (report)
    for (const ChunkDamage& damage : report->damage) store_.chunks().tell(damage);
  const std::lock_guard lock(mutex_);
  state_.ended = clock_.now();
  state_.stage = !report ? VerifyState::Stage::kFailed
                 : stop_ ? VerifyState::Stage::kStopped
                         : VerifyState::Stage::kDone;
  if (report)
    state_.report = *report;
  else
    state_.error = report.error().text();
}

void StoreRoutes::answer_stats(const net::Request& request, net::Respond respond) {
  const bool text = wants_text(request);
  const bool taken = ask([this, text, respond] {
    const auto stats = store_.stats();
    if (!stats) return respond(net::Response::error_json(503, stats.error().text()));
    respond(text ? net::Response::text(200, stats_text(*stats))
                 : net::Response::json(200, stats_json(*stats)));
  });
  if (!taken) respond(busy());
}

net::Response StoreRoutes::verify_response(const net::Request* request, int status) const {
  const std::lock_guard lock(mutex_);
  if (request != nullptr && wants_text(*request))
    return net::Response::text(status, verify_text(state_, store_.series()));
  return net::Response::json(status, verify_json(state_, store_.series()));
}

void StoreRoutes::begin_verify(net::Respond respond) {
  {
    const std::lock_guard lock(mutex_);
    if (state_.stage == VerifyState::Stage::kRunning)
      return respond(
          net::Response::error_json(409, "a verify is under way: GET /api/store/verify"));
    state_ = {};
    state_.stage = VerifyState::Stage::kRunning;
    state_.started = clock_.now();
  }
  if (ask([this] { verify(); })) return respond(verify_response(nullptr, 202));
  {
    const std::lock_guard lock(mutex_);
    state_ = {};
  }
  respond(busy());
}

net::Response StoreRoutes::compact_response(int status) const {
  const bool running = store_.compacting();
  return net::Response::json(status,
                             fmt::format("{{\"state\":\"{}\"}}", running ? "running" : "idle"));
}

void StoreRoutes::add_to(net::Router& router) {
  router.add("GET", "/api/store/stats", [this](net::Request&& request, net::Respond respond) {
    answer_stats(request, std::move(respond));
  });
  router.add("GET", "/api/store/verify", [this](net::Request&& request, net::Respond respond) {
    respond(verify_response(&request, 200));
  });
  router.add("GET", "/api/store/compact",
             [this](net::Request&&, net::Respond respond) { respond(compact_response(200)); });
  router.add("POST", "/api/store/compact", [this](net::Request&&, net::Respond respond) {
    store_.compact_all();
    respond(compact_response(202));
  });
  router.add("POST", "/api/store/verify",
             [this](net::Request&&, net::Respond respond) { begin_verify(std::move(respond)); });
}

}  // namespace tocsin
