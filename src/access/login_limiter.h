#pragma once
// How often a password may be tried: per user and per address, in a sliding window. A try counts
// when it begins, so many at once are no way around it. Any thread; time is handed in.
// Bounded: 10,000 users and addresses each are remembered; the one tried longest ago is forgotten.

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/time.h"

namespace tocsin::access {

class LoginLimiter {
 public:
  struct Limits {
    size_t tries_per_user = 5, tries_per_address = 20;
    DurationMs window = minutes(5);
    size_t keys_max = 10'000;
  };
  LoginLimiter() : LoginLimiter(Limits{}) {}
  explicit LoginLimiter(Limits limits) : limits_(limits) {}

  // Nothing: go on, this try is counted. Else how long to wait; then it is not counted.
  std::optional<DurationMs> admit(const std::string& user, const std::string& address, TimeMs now);
  // The password was right: earlier tries of this user and this one of the address are forgiven.
  void succeeded(const std::string& user, const std::string& address);

 private:
  using Tries = std::map<std::string, std::deque<TimeMs>>;
  std::optional<DurationMs> wait(Tries& tries, const std::string& key, size_t most, TimeMs now);
  void count(Tries& tries, const std::string& key, TimeMs now);

  const Limits limits_;
  std::mutex mutex_;
  Tries by_user_, by_address_;  // guarded by mutex_; times ascend
};

}  // namespace tocsin::access
