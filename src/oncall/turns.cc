#include "oncall/turns.h"

#include <algorithm>
#include <numeric>

namespace tocsin::oncall {

Turns::Turns(const Layer& layer)
    : first_(layer.first_turn_wall_ms),
      length_(std::max<int64_t>(1, layer.turn_ms)),
      people_(std::max<size_t>(1, layer.people.size())) {
  const int64_t pattern = layer.hours.always() ? 1 : kWeekMs / std::gcd(length_, kWeekMs);
  counted_.push_back(0);
  for (int64_t turn = 0; turn < pattern; ++turn)
    counted_.push_back(counted_.back() +
                       (layer.hours.touches(begin_of(turn), begin_of(turn + 1)) ? 1 : 0));
}

int64_t Turns::counted_before(int64_t turn) const {
  const auto pattern = static_cast<int64_t>(counted_.size()) - 1;
  return turn / pattern * counted_.back() + counted_[static_cast<size_t>(turn % pattern)];
}

int64_t Turns::turn_at(int64_t wall_ms) const {
  return wall_ms <= first_ ? 0 : (wall_ms - first_) / length_;
}

size_t Turns::person_of(int64_t turn) const {
  return static_cast<size_t>(counted_before(turn)) % people_;
}

}  // namespace tocsin::oncall
