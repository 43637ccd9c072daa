#include "tocsin/live_heartbeats.h"

namespace tocsin {
namespace {

constexpr const char* kSource = "heartbeat";

}  // namespace

LiveHeartbeats::LiveHeartbeats(Live& live) : live_(live) {
  const std::lock_guard lock(mutex_);
  configure();
}

void LiveHeartbeats::configure() {
  const auto now = live_.configuration();
  if (now == configuration_) return;
  configuration_ = now;
  heartbeats_.configure(now->heartbeats, live_.clock().now());
}

void LiveHeartbeats::start() {
  live_.background().every(seconds(1), [this] { look(); });
}

void LiveHeartbeats::look() {
  ReportedBatch batch{kSource, kSource, {}, ReportedBatch::Holds::kUntilClosed};
  {
    const std::lock_guard lock(mutex_);
    configure();
    batch.alerts = heartbeats_.late(live_.clock().now());
  }
  if (batch.alerts.empty()) return;
  // Refused or not written: it is told again in a second.
  live_.decisions().report(std::move(batch), [](const Result<ReportCounts>&) {});
}

void LiveHeartbeats::heartbeats(server::Done<std::vector<server::HeartbeatView>> done) {
  std::vector<server::HeartbeatView> out;
  {
    const std::lock_guard lock(mutex_);
    configure();
    for (const auto& one : heartbeats_.states(live_.clock().now()))
      out.push_back({one.heartbeat.name, one.heartbeat.severity, one.heartbeat.within, one.last,
                     one.due, one.late});
  }
  done(std::move(out));
}

void LiveHeartbeats::sign(std::string name, std::string by,
                          server::Done<server::HeartbeatTaken> done) {
  std::optional<ReportedAlert> over;
  {
    const std::lock_guard lock(mutex_);
    configure();
    over = heartbeats_.sign(name, live_.clock().now());
    if (!over) return done(server::HeartbeatTaken{false, heartbeats_.nearest(name)});
  }
  live_.decisions().report({kSource, by.empty() ? kSource : by, {std::move(*over)}, {}},
                           [done = std::move(done)](const Result<ReportCounts>& counts) {
                             if (!counts) return done(fail(counts.error()));
                             done(server::HeartbeatTaken{true, ""});
                           });
}

}  // namespace tocsin
