#include "respond/pacer.h"

#include <algorithm>

namespace tocsin::respond {

TimeMs Pacer::free_at(const std::string& receiver, const Pace& pace, TimeMs now) const {
  const auto known = full_at_.find(receiver);
  if (pace.every.count == 0 || known == full_at_.end()) return now;
  const int64_t room = (static_cast<int64_t>(pace.burst) - 1) * pace.every.count;
  return known->second - DurationMs{room};
}

void Pacer::took(const std::string& receiver, const Pace& pace, TimeMs now) {
  if (pace.every.count == 0) return;
  const auto [known, fresh] = full_at_.try_emplace(receiver, now);
  known->second = std::max(known->second, now) + pace.every;
}

}  // namespace tocsin::respond
