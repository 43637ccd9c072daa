#pragma once
// How much wider the mean of a block of standardised residuals scatters than that of independent
// ones would: the long-run variance V, the measure of what is ordinary wandering. For blocks of
// several lengths the mean of n residuals gives n * mean^2, which is 1 on average if they are
// independent; V is the largest of these averages. Of a sine of a day that nothing explains it is
// in the hundreds, of a random walk in the thousands: such series need long shifts to be sure of.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.h"

namespace tocsin::models {

class BlockScales {
 public:
  static constexpr std::array<double, 4> kLengths_s{900, 3600, 4 * 3600, 16 * 3600};
  static constexpr double kCadencesMin = 8;  // of the shortest block
  static constexpr double kMemory_s = 7 * 86'400, kBlocksMin = 12;
  static constexpr uint32_t kBlocksToBelieve = 3;

  // True if V may have changed.
  bool learn(TimeMs time, double standardised, double cadence_s) {
    bool closed = false;
    for (size_t i = 0; i < blocks_.size(); ++i) {
      Block& block = blocks_[i];
      const double length_s = std::max(kLengths_s[i], kCadencesMin * cadence_s);
      if (block.count > 0 && (time - block.from).seconds() >= length_s) {
        close(block, length_s);
        closed = true;
      }
      if (block.count == 0) block.from = time;
      block.sum += standardised;
      ++block.count;
    }
    return closed;
  }

  double long_run_variance() const {
    double out = 1;
    for (const Block& block : blocks_)
      if (block.closed >= kBlocksToBelieve) out = std::max(out, block.mean);
    return out;
  }
  bool ready() const { return blocks_[2].closed >= kBlocksToBelieve; }

  template <class Archive>
  void visit(Archive& archive) {
    for (Block& block : blocks_)
      archive(block.from, block.sum, block.count, block.mean, block.closed);
  }

 private:
  struct Block {
    TimeMs from{};
    double sum = 0;
    uint32_t count = 0;
    double mean = 0;  // of count * (sum / count)^2 of the closed ones
    uint32_t closed = 0;
  };
  static void close(Block& block, double length_s) {
    const double fresh = block.sum * block.sum / block.count;
    if (block.closed < UINT32_MAX) ++block.closed;
    const double memory = std::max(kBlocksMin, kMemory_s / length_s);
    block.mean += std::max(1 / memory, 1.0 / block.closed) * (fresh - block.mean);
    block.sum = 0;
    block.count = 0;
  }
  std::array<Block, 4> blocks_;
};

}  // namespace tocsin::models
