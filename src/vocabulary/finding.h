#pragma once
// What a model that votes on its own has found, beyond "outside": carried with the violation to
// rules, sentences and pages.

#include <cstdint>

#include "base/time.h"

namespace tocsin {

// A level that moved and stayed.
struct Shift {
  TimeMs since;  // event time of the first point at the new level, as estimated
  double before = 0, after = 0;
};

// When a limit is reached, as time from the point judged last; 0 = it is reached.
struct Outlook {
  static constexpr DurationMs kNever{INT64_MAX};  // not at this rate, or too far off to say
  double limit = 0;
  DurationMs expected = kNever;
  DurationMs earliest = kNever, latest = kNever;  // 80 % lie between
};

}  // namespace tocsin
