#include "intake/distinct.h"

#include <bit>
#include <cmath>

namespace tocsin::intake {
namespace {

constexpr int kIndexBits = 12;
constexpr size_t kRegisters = size_t{1} << kIndexBits;
constexpr size_t kSlotsAtFirst = 16;

}  // namespace

void DistinctCounter::add(uint64_t hash) {
  if (hash == 0) hash = 1;
  exact() ? add_exact(hash) : add_sketch(hash);
}

void DistinctCounter::add_exact(uint64_t hash) {
  if (slots_.empty()) slots_.resize(kSlotsAtFirst);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at] != 0; at = (at + 1) & mask)
    if (slots_[at] == hash) return;
  if (used_ == kExactMax) {
    begin_sketch();
    return add_sketch(hash);
  }
  slots_[at] = hash;
  if (++used_ * 2 > slots_.size()) grow();
}

void DistinctCounter::grow() {
  std::vector<uint64_t> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const uint64_t hash : old) {
    if (hash == 0) continue;
    size_t at = hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = hash;
  }
}

void DistinctCounter::begin_sketch() {
  const std::vector<uint64_t> old = std::move(slots_);
  slots_ = {};
  registers_.assign(kRegisters, 0);
  sum_ = kRegisters;
  zeros_ = kRegisters;
  for (const uint64_t hash : old)
    if (hash != 0) add_sketch(hash);
}

void DistinctCounter::add_sketch(uint64_t hash) {
  const uint64_t rest = hash << kIndexBits | (kRegisters >> 1);  // never zero
  const auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  uint8_t& reg = registers_[hash >> (64 - kIndexBits)];
  if (rank <= reg) return;
  sum_ += std::ldexp(1.0, -rank) - std::ldexp(1.0, -reg);
  zeros_ -= reg == 0 ? 1 : 0;
  reg = rank;
}

uint64_t DistinctCounter::count() const {
  if (exact()) return used_;
  constexpr double kSize = kRegisters;
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kSize);
  const double estimate = kAlpha * kSize * kSize / sum_;
  const bool few = estimate <= 2.5 * kSize && zeros_ > 0;
  const double better = few ? kSize * std::log(kSize / static_cast<double>(zeros_)) : estimate;
  return static_cast<uint64_t>(std::llround(better));
}

}  // namespace tocsin::intake
