#pragma once
// Time is handed in. Only the program's edge (src/tocsin) makes a SystemClock; everything else
// takes a Clock, or the time itself.

#include "base/time.h"

namespace tocsin {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs now() const = 0;            // wall clock, UTC; may jump
  virtual int64_t monotonic_ns() const = 0;  // never goes back; for measuring spans
};

class SystemClock final : public Clock {
 public:
  TimeMs now() const override;
  int64_t monotonic_ns() const override;
};

// A clock that a test or a replay moves.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimeMs start = {}) : now_(start) {}
  TimeMs now() const override { return now_; }
  int64_t monotonic_ns() const override { return now_.ms * 1'000'000; }
  void set(TimeMs time) { now_ = time; }
  void advance(DurationMs span) { now_ = now_ + span; }

 private:
  TimeMs now_;
};

}  // namespace tocsin
