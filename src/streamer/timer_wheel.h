#pragma once
// Timers of tests, most of which never fire: a point pushes its series' deadline on before it is
// reached. Slots of a second hold the tests whose deadline may fall into it, in the order they were
// put there, so that a slot is gone through in the order of memory. Bounded by one entry per test.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "base/time.h"

namespace tocsin::streamer {

class TimerWheel {
 public:
  static constexpr int64_t kSlotMs = 1000;

  // Takes the test if `due` lies in a slot that is still ahead; false if its slot was taken out.
  bool put(uint32_t test, TimeMs due) {
    const int64_t slot = slot_of(due);
    if (slot <= passed_) return false;
    if (slot < passed_ + kSlots) {
      near_[static_cast<size_t>(slot % kSlots)].push_back(test);
      ++near_count_;
    } else {
      far_[slot].push_back(test);
    }
    return true;
  }

  // The begin of the first slot that holds anything; kTimeMax if none does.
  TimeMs next() const {
    if (near_count_ > 0)
      for (int64_t slot = passed_ + 1; slot < passed_ + kSlots; ++slot)
        if (!near_[static_cast<size_t>(slot % kSlots)].empty()) return begin_of(slot, far_begin());
    return far_.empty() ? kTimeMax : TimeMs{far_.begin()->first * kSlotMs};
  }

  // Takes out the slot that begins at `begin` (as next() said); what it held goes to `out`.
  void take(TimeMs begin, std::vector<uint32_t>& out) {
    out.clear();
    passed_ = begin.ms / kSlotMs;
    std::vector<uint32_t>& slot = near_[static_cast<size_t>(passed_ % kSlots)];
    near_count_ -= slot.size();
    out.swap(slot);
    if (!far_.empty() && far_.begin()->first == passed_) {
      const std::vector<uint32_t>& far = far_.begin()->second;
      out.insert(out.end(), far.begin(), far.end());
      far_.erase(far_.begin());
    }
  }

  // Nothing is due before `time` any more: slots that lie behind need not be kept. Only while empty
  // up to there, which the caller sees from next().
  void pass(TimeMs time) { passed_ = std::max(passed_, slot_of(time) - 1); }

 private:
  static constexpr int64_t kSlots = 512;
  static int64_t slot_of(TimeMs time) { return time.ms <= 0 ? 0 : time.ms / kSlotMs; }
  int64_t far_begin() const { return far_.empty() ? INT64_MAX : far_.begin()->first; }
  static TimeMs begin_of(int64_t near, int64_t far) {
    return TimeMs{std::min(near, far) * kSlotMs};
  }

  std::array<std::vector<uint32_t>, kSlots> near_;  // by slot % kSlots: (passed_, passed_ + kSlots)
  size_t near_count_ = 0;
  std::map<int64_t, std::vector<uint32_t>> far_;
  int64_t passed_ = -1;  // slots up to this one were taken out
};

}  // namespace tocsin::streamer
