#include "models/residual_profile.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tocsin::models {
namespace {

constexpr double kDay_s = 86'400;
constexpr double kCodeMax = 65'535;

double width_for(double cadence_s) {
  if (cadence_s <= 450) return 300;
  if (cadence_s <= 750) return 600;
  if (cadence_s <= 1350) return 900;
  if (cadence_s <= 2700) return 1800;
  if (cadence_s <= 5400) return 3600;
  return std::min(kDay_s, cadence_s);
}

}  // namespace

void ResidualProfile::fit(double cadence_s, Budget& budget) {
  const bool wider = cadence_s > 1.5 * width_s_ && width_s_ < kDay_s;
  const bool narrower = width_s_ > 300 && cadence_s < width_s_ / 3;
  if (width_s_ > 0 && !wider && !narrower) return;
  const auto width = static_cast<float>(width_for(cadence_s));
  if (width == width_s_) return;
  width_s_ = width;
  const auto slots = static_cast<uint16_t>(std::ceil(kDay_s / width));
  const bool had = has_memory();
  release(budget);
  slots_ = slots;
  if (had) allocate(budget);
}

uint16_t ResidualProfile::slot_at(int64_t wall_ms) const {
  constexpr int64_t kDay_ms = 86'400'000;
  const int64_t of_day = ((wall_ms % kDay_ms) + kDay_ms) % kDay_ms;
  const auto slot = static_cast<uint16_t>(static_cast<double>(of_day) / (1000.0 * width_s_));
  return std::min<uint16_t>(slot, static_cast<uint16_t>(slots_ - 1));
}

std::optional<double> ResidualProfile::at(uint16_t slot) const {
  if (slot == slot_) return current_;
  if (codes_ == nullptr || codes_[slot] == 0) return std::nullopt;
  return value_of(codes_[slot]);
}

bool ResidualProfile::set(uint16_t slot, double value, Budget& budget) {
  if (codes_ == nullptr && !allocate(budget)) return false;
  if (slot != slot_) {
    leave_slot();
    if (slot_ != kNoSlot && slot < slot_) tighten();  // a day is over
    slot_ = slot;
  }
  current_ = value;
  return true;
}

bool ResidualProfile::fill(double value, int64_t from_wall_ms, int64_t to_wall_ms, Budget& budget) {
  if (codes_ == nullptr && !allocate(budget)) return false;
  low_ = value;
  step_ = 0;
  const bool all = static_cast<double>(to_wall_ms - from_wall_ms) >= 1000 * kDay_s;
  const uint16_t last = slot_at(to_wall_ms);
  uint16_t slot = all ? static_cast<uint16_t>((last + 1) % slots_) : slot_at(from_wall_ms);
  for (; slot != last; slot = static_cast<uint16_t>((slot + 1) % slots_)) codes_[slot] = 1;
  codes_[last] = 1;
  return true;
}

bool ResidualProfile::allocate(Budget& budget) {
  if (!budget.take(slots_ * sizeof(uint16_t))) return false;
  codes_ = std::make_unique<uint16_t[]>(slots_);
  slot_ = kNoSlot;
  step_ = 0;
  return true;
}

void ResidualProfile::release(Budget& budget) {
  budget.give(bytes());
  codes_ = nullptr;
  slot_ = kNoSlot;
}

void ResidualProfile::leave_slot() {
  if (slot_ == kNoSlot) return;
  const bool empty =
      std::all_of(codes_.get(), codes_.get() + slots_, [](uint16_t code) { return code == 0; });
  if (empty) low_ = current_, step_ = 0;
  const double high = low_ + (kCodeMax - 1) * step_;
  if (current_ < low_ || current_ > high) widen(current_);
  const double code = step_ > 0 ? std::round((current_ - low_) / step_) + 1 : 1;
  codes_[slot_] = static_cast<uint16_t>(std::clamp(code, 1.0, kCodeMax));
}

// Doubles the range on the side where it was too small, so that this is seldom.
void ResidualProfile::widen(double value) {
  const double high = low_ + (kCodeMax - 1) * step_;
  const double span = std::max(value, high) - std::min(value, low_);
  const double low = value < low_ ? low_ - 1.5 * span : low_ - 0.5 * span;
  requantise(low, 3 * span / (kCodeMax - 1));
}

// After a wild day or a change of scale the codes would be coarse for ever.
void ResidualProfile::tighten() {
  uint16_t least = UINT16_MAX, most = 0;
  for (uint16_t slot = 0; slot < slots_; ++slot) {
    if (codes_[slot] == 0) continue;
    least = std::min(least, codes_[slot]);
    most = std::max(most, codes_[slot]);
  }
  if (most == 0 || most - least > kCodeMax / 8) return;
  if (most == least) {  // too coarse to tell the values apart
    low_ = value_of(least);
    step_ = 0;
    std::replace(codes_.get(), codes_.get() + slots_, least, uint16_t{1});
    return;
  }
  const double span = value_of(most) - value_of(least);
  requantise(value_of(least) - span, 3 * span / (kCodeMax - 1));
}

void ResidualProfile::requantise(double low, double step) {
  for (uint16_t slot = 0; slot < slots_; ++slot) {
    if (codes_[slot] == 0) continue;
    const double code = std::round((value_of(codes_[slot]) - low) / step) + 1;
    codes_[slot] = static_cast<uint16_t>(std::clamp(code, 1.0, kCodeMax));
  }
  low_ = low;
  step_ = step;
}

void ResidualProfile::save(ByteWriter& out) const {
  out.f32(width_s_);
  out.varint(slots_);
  out.u8(codes_ == nullptr ? 0 : 1);
  if (codes_ == nullptr) return;
  out.f64(low_);
  out.f64(step_);
  out.f64(current_);
  out.varint(slot_);
  out.text({reinterpret_cast<const char*>(codes_.get()), slots_ * sizeof(uint16_t)});
}

bool ResidualProfile::load(ByteReader& in, Budget& budget) {
  release(budget);
  width_s_ = in.f32();
  const uint64_t slots = in.varint();
  const bool kept = in.u8() == 1;
  if (!in.ok() || slots > 288 || (width_s_ > 0) != (slots > 0)) return false;
  if (width_s_ > 0 && std::ceil(kDay_s / width_s_) != static_cast<double>(slots)) return false;
  slots_ = static_cast<uint16_t>(slots);
  if (!kept) return true;
  low_ = in.f64();
  step_ = in.f64();
  current_ = in.f64();
  const uint64_t slot = in.varint();
  const std::string_view codes = in.text();
  if (!in.ok() || codes.size() != slots_ * sizeof(uint16_t) || slots_ == 0) return false;
  if (slot >= slots_ && slot != kNoSlot) return false;
  if (!std::isfinite(low_) || !std::isfinite(current_) || !(step_ >= 0)) return false;
  const double step = step_;
  if (!allocate(budget)) return true;  // as if it had never had the memory
  step_ = step;
  slot_ = static_cast<uint16_t>(slot);
  std::memcpy(codes_.get(), codes.data(), codes.size());
  return true;
}

}  // namespace tocsin::models
