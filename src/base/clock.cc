#include "base/clock.h"

#include <chrono>

namespace tocsin {

TimeMs SystemClock::now() const {
  using namespace std::chrono;
  return {duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count()};
}

int64_t SystemClock::monotonic_ns() const {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace tocsin
