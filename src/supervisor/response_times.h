#pragma once
// How long it took until somebody acknowledged, as series of Tocsin itself: a histogram by
// severity, and how many were within their target. Since the start; table `responses` has all.

#include <array>

#include "base/counters.h"
#include "base/time.h"
#include "vocabulary/alert.h"

namespace tocsin::supervisor {

class ResponseTimes {
 public:
  explicit ResponseTimes(Counters& counters);
  // `target` 0: there is none.
  void add(Severity severity, DurationMs taken, DurationMs target);

 private:
  static constexpr std::array<int64_t, 10> kBoundsS = {15,  30,  60,   120,  300,
                                                       600, 900, 1800, 3600, 14400};
  struct Of {
    std::array<Counter*, kBoundsS.size() + 1> buckets;  // cumulative; the last is +Inf
    Counter* count;
    Counter* sum_s;
    Counter* in_time;
    Counter* late;
  };
  std::array<Of, 3> of_;
};

}  // namespace tocsin::supervisor
