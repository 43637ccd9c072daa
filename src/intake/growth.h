#pragma once
// How much came when: counts per hour of the clock (UTC), and since when something grows.
// Plain values, a fixed size each.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"

namespace tocsin::intake {

inline constexpr int64_t kHourMs = 3'600'000;
inline int64_t hour_of(TimeMs at) { return at.ms / kHourMs; }

// Counts per slot of so many milliseconds; of the last kSlots slots, older ones are forgotten.
template <size_t kSlots, int64_t kSlotMs>
class SlotCounts {
 public:
  void add(TimeMs at, uint32_t n) {
    const int64_t slot = std::max<int64_t>(at.ms / kSlotMs, 0);
    if (slot > newest_) move_to(slot);
    if (slot + kKept > newest_) counts_[place(slot)] += n;
  }
  uint32_t of(int64_t slot) const {
    const bool kept = slot <= newest_ && slot >= 0 && slot + kKept > newest_;
    return kept ? counts_[place(slot)] : 0;
  }
  // The slot of `now` and those before it, so many in all.
  uint64_t sum(TimeMs now, size_t slots = kSlots) const {
    uint64_t out = 0;
    for (size_t i = 0; i < std::min(slots, kSlots); ++i)
      out += of(now.ms / kSlotMs - static_cast<int64_t>(i));
    return out;
  }
  void save(ByteWriter& out) const {
    out.zigzag(newest_);
    for (const uint32_t count : counts_) out.varint(count);
  }
  void load(ByteReader& in) {
    newest_ = std::clamp<int64_t>(in.zigzag(), -1, INT64_MAX / kSlotMs);
    for (uint32_t& count : counts_) count = static_cast<uint32_t>(in.varint());
  }

 private:
  static constexpr auto kKept = static_cast<int64_t>(kSlots);
  static size_t place(int64_t slot) { return static_cast<size_t>(slot) % kSlots; }
  void move_to(int64_t slot) {
    for (int64_t s = std::max({newest_ + 1, slot - kKept + 1, int64_t{0}}); s <= slot; ++s)
      counts_[place(s)] = 0;
    newest_ = slot;
  }
  std::array<uint32_t, kSlots> counts_{};
  int64_t newest_ = -1;
};
template <size_t kHours>
using HourCounts = SlotCounts<kHours, kHourMs>;

// A run of growth: it begins with the first of an hour's additions once they are kGrowing, and goes
// on until a whole hour has fewer.
class Growth {
 public:
  static constexpr size_t kHours = 24;
  static constexpr uint32_t kGrowing = 20;

  void add(TimeMs at, uint32_t n);
  const HourCounts<kHours>& hours() const { return hours_; }
  TimeMs began() const { return began_; }  // of the last run; 0 = there was none yet
  TimeMs last() const { return last_; }    // its last addition
  bool growing(TimeMs now) const { return running_ && hour_of(now) - hour_of(last_) <= 1; }

  void save(ByteWriter& out) const;
  void load(ByteReader& in);

 private:
  HourCounts<kHours> hours_;
  int64_t hour_ = -1;  // of the newest addition
  TimeMs hour_first_, began_, last_;
  bool running_ = false;
};

}  // namespace tocsin::intake
