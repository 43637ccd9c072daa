#pragma once
// Inside of the room: when rules opened and resolved of late, by rule and scope. What is open and
// flaps is kept with its alert; the rest is found again in the table of alerts.

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/id.h"
#include "base/time.h"

namespace tocsin::supervisor {

class FlapWatch {
 public:
  static constexpr size_t kChangesMax = 500'000;  // past it the oldest are forgotten

  // Times come in order, but for a millisecond or two after a restart.
  void add(const Id128& key, TimeMs time, DurationMs window);
  // How many changes lie within `window` before `now`.
  size_t count(const Id128& key, TimeMs now, DurationMs window) const;
  // When at most `quiet` of them will be left; `now` if that is so already.
  TimeMs quiet_at(const Id128& key, size_t quiet, TimeMs now, DurationMs window) const;
  // In their order; restore() into an empty one. What is cut short leaves `in` not ok.
  void save(ByteWriter& out) const;
  void restore(ByteReader& in, DurationMs window);
  std::vector<TimeMs> changes(const Id128& key, TimeMs now, DurationMs window) const;

 private:
  void forget_oldest();
  // Most have one: only what has more fetches memory of its own. In their order.
  struct Times {
    TimeMs first;
    std::unique_ptr<std::vector<TimeMs>> later;  // null: none
  };
  std::unordered_map<Id128, Times> changes_;
  std::deque<std::pair<TimeMs, Id128>> order_;
};

}  // namespace tocsin::supervisor
