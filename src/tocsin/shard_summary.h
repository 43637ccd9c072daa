#pragma once
// What pages want to know of all tests of a shard, gathered a slice at a time so that a shard with
// hundreds of thousands of series never stops for it: which tests belong to which worker, and how
// many are guarded, learning, absent, open. On the shard's thread; totals may be read anywhere.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "streamer/streamer.h"

namespace tocsin {

class ShardSummary {
 public:
  // By TestView::State.
  using States = std::array<int64_t, 4>;

  // Looks at new tests and at the next `budget` known ones.
  void update(const streamer::Streamer& streamer, size_t workers, size_t budget);
  void reset();  // other workers

  // Indices of tests, in the order of first sight.
  const std::vector<uint32_t>& tests_of(uint32_t worker) const;
  // As of the last whole round.
  States of_worker(uint32_t worker) const;
  States total() const;  // any thread

 private:
  std::vector<std::vector<uint32_t>> by_worker_;
  std::vector<States> counting_, counted_;
  std::array<std::atomic<int64_t>, 4> total_{};
  size_t known_ = 0;
  size_t cursor_ = 0;
};

}  // namespace tocsin
