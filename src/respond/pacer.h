#pragma once
// How fast each receiver may be told: a bucket that holds `burst` messages and gets one more every
// `every`. One thread's; time is handed in.

#include <map>
#include <string>

#include "base/time.h"
#include "respond/target.h"

namespace tocsin::respond {

class Pacer {
 public:
  // When one more may go; `now` or earlier: at once.
  TimeMs free_at(const std::string& receiver, const Pace& pace, TimeMs now) const;
  void took(const std::string& receiver, const Pace& pace, TimeMs now);

 private:
  // The bucket is full again at that time; each message moves it `every` further.
  std::map<std::string, TimeMs> full_at_;
};

}  // namespace tocsin::respond
