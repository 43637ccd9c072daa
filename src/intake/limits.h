#pragma once
// What the intake takes at most. docs/line-protocol.md tells users the standard values.

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "base/time.h"
#include "intake/resolver.h"
#include "wire/line_protocol.h"

namespace tocsin::config {
class MapReader;
}

namespace tocsin::intake {

struct IntakeLimits {
  wire::LineLimits lines;
  ResolverLimits resolver;
  size_t batch_points_max = 8192;
  // Points of one loop handed to the sink and not yet answered; past it a request is refused with
  // 503 (v1) or 429 (v2) and Retry-After.
  size_t in_flight_points_max = 2'000'000;
  DurationMs retry_after = seconds(1);
  DurationMs future_after = seconds(60);  // counted as future beyond it
  DurationMs stale_after = minutes(60);   // counted as stale beyond it
};

// The limits as they are now: a reload of the configuration sets others, requests under way keep
// theirs. Any thread; a lock per request.
class CurrentLimits {
 public:
  CurrentLimits(IntakeLimits limits)  // NOLINT(google-explicit-constructor): a value, shared
      : now_(std::make_shared<const IntakeLimits>(std::move(limits))) {}
  std::shared_ptr<const IntakeLimits> get() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void set(const IntakeLimits& limits) {
    auto made = std::make_shared<const IntakeLimits>(limits);
    const std::lock_guard lock(mutex_);
    now_.swap(made);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const IntakeLimits> now_;
};

// The section `intake:`. Values out of their range are problems and leave the standard.
void read_limits(config::MapReader& reader, IntakeLimits& limits);

}  // namespace tocsin::intake
