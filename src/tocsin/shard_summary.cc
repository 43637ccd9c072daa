#include "tocsin/shard_summary.h"

namespace tocsin {
namespace {
const std::vector<uint32_t> kNone;
}

void ShardSummary::reset() {
  by_worker_.clear();
  counting_.clear();
  counted_.clear();
  known_ = cursor_ = 0;
}

void ShardSummary::update(const streamer::Streamer& streamer, size_t workers, size_t budget) {
  by_worker_.resize(workers);
  counting_.resize(workers);
  counted_.resize(workers);
  const size_t count = streamer.test_count();
  for (; known_ < count && budget > 0; ++known_, --budget)
    by_worker_[streamer.worker_of(known_).index].push_back(static_cast<uint32_t>(known_));
  for (; cursor_ < known_ && budget > 0; ++cursor_, --budget) {
    const auto state = static_cast<size_t>(streamer.state_of(cursor_));
    ++counting_[streamer.worker_of(cursor_).index][state];
  }
  if (cursor_ < count) return;
  States sum{};
  for (const States& states : counting_)
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += states[i];
  for (size_t i = 0; i < sum.size(); ++i) total_[i].store(sum[i], std::memory_order_relaxed);
  counted_.swap(counting_);
  counting_.assign(workers, States{});
  cursor_ = 0;
}

const std::vector<uint32_t>& ShardSummary::tests_of(uint32_t worker) const {
  return worker < by_worker_.size() ? by_worker_[worker] : kNone;
}

ShardSummary::States ShardSummary::of_worker(uint32_t worker) const {
  return worker < counted_.size() ? counted_[worker] : States{};
}

ShardSummary::States ShardSummary::total() const {
  States out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = total_[i].load(std::memory_order_relaxed);
  return out;
}

}  // namespace tocsin
