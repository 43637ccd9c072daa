#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "net/loop_core.h"

namespace tocsin::net {

namespace asio = boost::asio;

namespace {

// Lives in its own pending wait, so it goes with the io_context.
struct Timer : std::enable_shared_from_this<Timer> {
  Timer(asio::io_context& io, DurationMs timer_period, std::function<void()> timer_work)
      : timer(io), period(timer_period), work(std::move(timer_work)) {}

  void arm(bool again) {
    // From the last expiry, not from now: a period stays a period under load. After a stall the
    // missed rounds are left out instead of being made up for.
    const auto now = std::chrono::steady_clock::now();
    const auto span = std::chrono::milliseconds(period.count);
    due = std::max(due + span, now);
    timer.expires_at(due);
    timer.async_wait([self = shared_from_this(), again](const boost::system::error_code& failed) {
      if (failed) return;
      self->work();
      if (again) self->arm(true);
    });
  }

  asio::steady_timer timer;
  std::chrono::steady_clock::time_point due = std::chrono::steady_clock::now();
  DurationMs period;
  std::function<void()> work;
};

}  // namespace

Loop::Loop() : core_(std::make_shared<LoopCore>()) {}
Loop::~Loop() = default;

void Loop::run() {
  const auto guard = asio::make_work_guard(core_->io);
  core_->io.restart();
  core_->io.run();
}

size_t Loop::poll() {
  core_->io.restart();
  return core_->io.poll();
}

void Loop::stop() { core_->io.stop(); }
void Loop::post(std::function<void()> work) { asio::post(core_->io, std::move(work)); }

void Loop::after(DurationMs delay, std::function<void()> work) {
  std::make_shared<Timer>(core_->io, delay, std::move(work))->arm(false);
}

void Loop::every(DurationMs period, std::function<void()> work) {
  std::make_shared<Timer>(core_->io, period, std::move(work))->arm(true);
}

bool Loop::in_loop() const { return core_->io.get_executor().running_in_this_thread(); }

void LoopHandle::post(std::function<void()> work) const {
  if (const auto core = core_.lock()) asio::post(core->io, std::move(work));
}

bool LoopHandle::in_loop() const {
  const auto core = core_.lock();
  return core && core->io.get_executor().running_in_this_thread();
}

}  // namespace tocsin::net
