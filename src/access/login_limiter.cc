#include "access/login_limiter.h"

#include <algorithm>

namespace tocsin::access {

std::optional<DurationMs> LoginLimiter::wait(Tries& tries, const std::string& key, size_t most,
                                             TimeMs now) {
  const auto known = tries.find(key);
  if (known == tries.end()) return std::nullopt;
  std::deque<TimeMs>& times = known->second;
  // A clock that was set back must not lock anybody out for longer than the window.
  while (!times.empty() && (now - times.front() >= limits_.window || times.front() > now))
    times.pop_front();
  if (times.empty()) {
    tries.erase(known);
    return std::nullopt;
  }
  if (times.size() < most) return std::nullopt;
  return limits_.window - (now - times.front());
}

void LoginLimiter::count(Tries& tries, const std::string& key, TimeMs now) {
  if (tries.size() >= limits_.keys_max && !tries.contains(key))
    tries.erase(std::min_element(tries.begin(), tries.end(), [](const auto& a, const auto& b) {
      return a.second.back() < b.second.back();
    }));
  tries[key].push_back(now);
}

std::optional<DurationMs> LoginLimiter::admit(const std::string& user, const std::string& address,
                                              TimeMs now) {
  const std::lock_guard lock(mutex_);
  const auto of_user = wait(by_user_, user, limits_.tries_per_user, now);
  const auto of_address = wait(by_address_, address, limits_.tries_per_address, now);
  if (of_user || of_address)
    return std::max(of_user.value_or(DurationMs{}), of_address.value_or(DurationMs{}));
  count(by_user_, user, now);
  count(by_address_, address, now);
  return std::nullopt;
}

void LoginLimiter::succeeded(const std::string& user, const std::string& address) {
  const std::lock_guard lock(mutex_);
  by_user_.erase(user);
  const auto known = by_address_.find(address);
  if (known == by_address_.end()) return;
  known->second.pop_back();
  if (known->second.empty()) by_address_.erase(known);
}

}  // namespace tocsin::access
