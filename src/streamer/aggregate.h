#pragma once
// One group of an aggregate: the members' values, slot by slot.
//
// A slot closes when every known member is done with it (its next point falls behind the slot's
// end), when the watermark (newest event time less lateness) has passed its end, or when a timer
// says that it was waited for long enough. Slots close in order; what comes for a closed one is
// late. A member that was not heard of for three slots is waited for no longer.
//
// Of a ratio the members are two, failures and attempts; what comes of one within a slot is added
// up, and a slot without attempts gives no point. Of demand they are two as well, demand (or what
// waits) and throughput; a member's last value in a slot counts, and a slot without both gives
// none.
//
// Bounded: 10,000 members, 64 open slots (the oldest closes).

#include <cstdint>
#include <optional>
#include <vector>

#include "streamer/worker.h"

namespace tocsin::streamer {

class Group {
 public:
  static constexpr size_t kMembersMax = 10'000;
  static constexpr size_t kSlotsMax = 64;

  struct Member {
    TimeMs last = kTimeMin;
    float cadence_s = 0;
    int64_t last_slot = INT64_MIN;
    bool behind = false;  // of a pair: attempts, throughput
  };
  struct Value {
    uint32_t member = 0;
    double value = 0;  // NaN: done, but without a value
    bool done = false;
  };
  struct Slot {
    int64_t start_ms = 0;
    std::vector<double> values;  // by member; NaN = not reported. A member's last value counts.
    std::vector<bool> done;      // by member
    uint32_t reported = 0, done_count = 0;
  };
  struct Closed {
    TimeMs time;        // the slot's start
    double value = 0;   // NaN: the slot gives no point
    double weight = 1;  // of a pair: what stands behind the value
  };

  Group(const Aggregate& aggregate, DurationMs lateness);

  // kNone-like: nullopt when there are too many members.
  std::optional<uint32_t> join(bool behind = false);
  // False if the slot is closed already.
  bool add(uint32_t member, TimeMs time, double value);
  // The oldest slot that is complete or passed by the watermark; call until nothing comes.
  std::optional<Closed> take_ready();
  // Closes what ends before `time`, ready or not; call until nothing comes.
  std::optional<Closed> take_until(TimeMs time);
  // Arrival at which the oldest open slot has been waited for; nullopt if none is open.
  std::optional<TimeMs> due() const;

  Member& member(uint32_t index) { return members_[index]; }
  size_t members() const { return members_.size(); }
  // Of demand by what waits: how much did at the end of a slot.
  struct Waiting {
    int64_t slot_ms = INT64_MIN;
    double count = 0;
  };
  Waiting& waiting() { return waiting_; }

  // For checkpoints.
  int64_t closed_until_ms() const { return closed_until_ms_; }
  TimeMs newest() const { return newest_; }
  const std::vector<Slot>& slots() const { return slots_; }
  void restore(int64_t closed_until_ms, TimeMs newest);
  void restore_value(int64_t start_ms, const Value& value);
  void restored();

 private:
  Slot* slot(int64_t start_ms);
  void mark_done(uint32_t member);
  bool complete(const Slot& slot) const;
  void count_expected(int64_t start_ms);
  std::optional<Closed> close_front();
  double reduce(const Slot& slot) const;
  Closed ratio(const Slot& slot) const;
  Closed demand(const Slot& slot);

  const Aggregate& aggregate_;
  int64_t every_ms_;
  DurationMs lateness_;
  std::vector<Member> members_;
  std::vector<Slot> slots_;  // open ones, ascending
  uint32_t expected_ = 0;    // members that are waited for
  int64_t closed_until_ms_ = INT64_MIN;
  TimeMs newest_ = kTimeMin;
  Waiting waiting_;
};

}  // namespace tocsin::streamer
