#pragma once
// The shape of a series' day: the usual value by slot of the wall clock, in 16-bit codes with a
// common offset and step. The slot that is being learned is kept apart in double and is quantised
// when it is left. One owner; at most 288 slots, allocated when the series first moves: what has
// stood still since its first point needs none.
//
//   code 0 = never visited; else value = low + (code - 1) * step, code 1 .. 65535

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "models/band_model.h"

namespace tocsin::models {

class ResidualProfile {
 public:
  // The width of a slot is the cadence, rounded to 5, 10, 15, 30 or 60 minutes; of a series slower
  // than 90 minutes its cadence. Kept until the cadence no longer fits it, then all is forgotten.
  void fit(double cadence_s, Budget& budget);
  double width_s() const { return width_s_; }
  uint16_t slot_at(int64_t wall_ms) const;

  // The usual value there; nullopt = not known.
  std::optional<double> at(uint16_t slot) const;
  // Moves the usual value of the slot to `value`. False if there is no memory for it.
  bool set(uint16_t slot, double value, Budget& budget);
  // The slots between the two, by the wall clock, are taken to have been visited with this value.
  bool fill(double value, int64_t from_wall_ms, int64_t to_wall_ms, Budget& budget);

  bool has_memory() const { return codes_ != nullptr; }
  uint64_t bytes() const { return codes_ == nullptr ? 0 : slots_ * sizeof(uint16_t); }
  void release(Budget& budget);
  void save(ByteWriter& out) const;
  // False if malformed; there is nothing then.
  bool load(ByteReader& in, Budget& budget);

 private:
  bool allocate(Budget& budget);
  void leave_slot();
  double value_of(uint16_t code) const { return low_ + (code - 1) * step_; }
  // Room for every value kept and for `value`.
  void widen(double value);
  void requantise(double low, double step);
  void tighten();

  static constexpr uint16_t kNoSlot = UINT16_MAX;

  std::unique_ptr<uint16_t[]> codes_;
  double low_ = 0;
  double step_ = 0;
  double current_ = 0;  // of slot_
  float width_s_ = 0;
  uint16_t slots_ = 0;
  uint16_t slot_ = kNoSlot;
};

}  // namespace tocsin::models
