#pragma once
// Turns of a rotation on the wall clock. Pure.

#include <cstdint>
#include <vector>

#include "oncall/roster.h"

namespace tocsin::oncall {

// Counts the turns of a layer that are somebody's: with restricted hours, a turn without any of
// them is nobody's, so that a daily rotation of business hours goes on with the next person on
// Monday. The pattern repeats after at most 168 turns (lengths are whole hours, a week has 168).
class Turns {
 public:
  explicit Turns(const Layer& layer);
  // How many turns before number `turn` (>= 0) were somebody's.
  int64_t counted_before(int64_t turn) const;
  // The turn in which that wall time lies; at least 0.
  int64_t turn_at(int64_t wall_ms) const;
  int64_t begin_of(int64_t turn) const { return first_ + turn * length_; }
  // Whose it is, if anybody's: index into the layer's people.
  size_t person_of(int64_t turn) const;

 private:
  int64_t first_;
  int64_t length_;
  size_t people_;
  std::vector<int64_t> counted_;  // of the first n turns of the pattern; size = pattern + 1
};

}  // namespace tocsin::oncall
