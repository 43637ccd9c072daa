// Any bytes as time intervals: what is read says the same all the way to the change that it tells,
// and something else there, unless that lies beyond the horizon.
#include <cstdlib>

#include "supervisor/time_interval.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  using supervisor::TimeInterval;
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"a.yaml", "time_intervals: " + std::string(reinterpret_cast<const char*>(data), size)}},
      problems);
  for (const auto& [name, interval] : supervisor::read_time_intervals(folder, problems)) {
    TimeMs at{1'790'000'000'000};
    for (int i = 0; i < 5; ++i) {
      const TimeMs next = interval->next_change(at);
      if (next <= at || next > at + TimeInterval::kHorizon) std::abort();
      const bool now = interval->contains(at);
      if (interval->contains(TimeMs{next.ms - 1}) != now) std::abort();
      if (interval->contains(next) == now && next < at + TimeInterval::kHorizon) std::abort();
      at = next;
    }
  }
  return 0;
}
