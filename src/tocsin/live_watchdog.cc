#include "tocsin/live_watchdog.h"

#include "base/log.h"

namespace tocsin {
namespace {

Counter& signs(Counters& counters, std::string_view result) {
  return counters.counter("tocsin_watchdog_total", "result=\"" + std::string(result) + "\"",
                          "Signs of life sent to the watchdog, by what came of them.");
}

}  // namespace

LiveWatchdog::LiveWatchdog(Live& live)
    : live_(live),
      client_(live.outbound()),
      sent_(signs(live.counters(), "sent")),
      failed_(signs(live.counters(), "failed")) {}

void LiveWatchdog::start() {
  live_.background().every(seconds(1), [this] { look(); });
}

void LiveWatchdog::look() {
  const auto configuration = live_.configuration();
  const TimeMs now = live_.clock().now();
  if (!configuration->watchdog) return;
  // A clock that went back does not keep it waiting.
  if (now >= last_ && now - last_ < configuration->watchdog->every) return;
  if (under_way_.exchange(true)) return;
  last_ = now;
  live_.decisions().loop().post([this] { send(); });
}

void LiveWatchdog::send() {
  const auto configuration = live_.configuration();
  const bool silent = !configuration->watchdog || live_.decisions().disk_refuses();
  auto sent =
      silent
          ? Result<void>{}
          : client_.send(configuration->watchdog->request(), [this](const net::HttpAnswer& answer) {
              (answer.ok() ? sent_ : failed_).add();
              if (!answer.ok())
                log::warning("the watchdog did not take a sign of life: {}",
                             answer.error.empty() ? std::to_string(answer.status) : answer.error);
              under_way_ = false;
            });
  if (!sent) failed_.add();
  if (silent || !sent) under_way_ = false;
}

}  // namespace tocsin
