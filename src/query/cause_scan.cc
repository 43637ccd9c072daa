#include "query/cause_scan.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tocsin::query {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(1);
constexpr size_t kReadsPerLook = 16;  // looks on disk between two questions whether it is enough

enum class State : uint8_t { kNotReached, kScored, kWithout, kWantsDisk };

struct Row {
  Unusual unusual;
  State state = State::kNotReached;
};

// What all shares write to, each its own rows.
struct Shared {
  const std::vector<SeriesRef>* series = nullptr;
  const SeriesTable* table = nullptr;
  CauseWindow window;
  std::vector<Row> rows;
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable changed;
  size_t missing = 0;  // shares at work; guarded by mutex
};

// One shard's part. Its end, also of a shard that stops, is the sign that its rows are written.
class Share {
 public:
  explicit Share(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), scorer_(shared_->window) {}
  ~Share() {
    const std::lock_guard lock(shared_->mutex);
    --shared_->missing;
    shared_->changed.notify_one();
  }
  void add(uint32_t row) { mine_.push_back(row); }
  bool step(const Head& head) {
    const size_t end = std::min(mine_.size(), at_ + kScoredPerTurn);
    for (; at_ < end; ++at_) {
      if (shared_->stop.load(std::memory_order_relaxed)) return false;
      score(head, mine_[at_]);
    }
    return at_ < mine_.size();
  }

 private:
  void score(const Head& head, uint32_t index) {
    const SeriesRef ref = (*shared_->series)[index];
    const CauseWindow& window = shared_->window;
    samples_.clear();
    head.copy_points(ref, window.before_from, window.to, samples_);
    Row& row = shared_->rows[index];
    const auto unusual = scorer_.score(samples_, is_counter(shared_->table->labels(ref).name()));
    const bool whole = head.whole_from(ref) <= window.before_from;
    if (!whole && scorer_.before_count() < kBeforeWanted) {
      row.state = State::kWantsDisk;
      if (unusual) row.unusual = *unusual;
      return;
    }
    row.state = unusual ? State::kScored : State::kWithout;
    if (unusual) row.unusual = *unusual;
  }

  std::shared_ptr<Shared> shared_;
  CauseScorer scorer_;
  std::vector<uint32_t> mine_;
  std::vector<Sample> samples_;
  size_t at_ = 0;
};

// False: stopped. What is not reached stays so.
bool score_heads(const StoreParts& parts, const std::shared_ptr<Shared>& shared,
                 const CauseScanLimits& limits) {
  const uint32_t shards = parts.heads.shards();
  {
    std::vector<std::shared_ptr<Share>> shares(shards);
    for (uint32_t i = 0; i < shared->series->size(); ++i) {
      auto& share = shares[shared->table->home((*shared->series)[i]) % shards];
      if (!share) {
        share = std::make_shared<Share>(shared);
        const std::lock_guard lock(shared->mutex);
        ++shared->missing;
      }
      share->add(i);
    }
    for (uint32_t shard = 0; shard < shards; ++shard)
      if (auto share = std::move(shares[shard]))
        parts.heads.visit(shard, [share](const Head& head) { return share->step(head); });
  }
  bool wanted = true;
  std::unique_lock lock(shared->mutex);
  // The shares refer to the caller's list: they are waited for in any case. Each ends within a
  // turn.
  while (!shared->changed.wait_for(lock, kLookEvery, [&] { return shared->missing == 0; })) {
    if (limits.stop && limits.stop()) wanted = false;
    if (!wanted || (limits.enough && limits.enough())) shared->stop.store(true);
  }
  return wanted;
}

bool over(const CauseScanLimits& limits) {
  return (limits.enough && limits.enough()) || (limits.stop && limits.stop());
}

// The heads' points are copied once more, and joined with the older ones.
void score_stored(const StoreParts& parts, Shared& shared, const CauseScanLimits& limits) {
  CauseScorer scorer(shared.window);
  const HeadWanted wanted{shared.window.before_from, shared.window.to};
  std::vector<size_t> indices;
  std::vector<SeriesRef> refs;
  for (size_t i = 0; i < shared.rows.size();) {
    indices.clear();
    refs.clear();
    for (; i < shared.rows.size() && refs.size() < kReadsPerLook; ++i) {
      if (shared.rows[i].state != State::kWantsDisk) continue;
      indices.push_back(i);
      refs.push_back((*shared.series)[i]);
    }
    if (refs.empty() || over(limits)) return;
    auto heads = copy_heads_and_wait(parts.heads, *shared.table, refs, wanted, limits.stop);
    if (!heads) return;
    for (size_t k = 0; k < refs.size(); ++k) {
      const auto samples =
          with_stored(parts.store, refs[k], wanted.from, wanted.to, std::move((*heads)[k]));
      if (!samples) continue;  // counted and told by the store
      const bool counter = is_counter(shared.table->labels(refs[k]).name());
      const auto unusual = scorer.score(*samples, counter);
      Row& row = shared.rows[indices[k]];
      row.state = unusual ? State::kScored : State::kWithout;
      if (unusual) row.unusual = *unusual;
    }
  }
}

}  // namespace

std::optional<CauseScan> scan_causes(const StoreParts& parts, const std::vector<SeriesRef>& series,
                                     const CauseWindow& window, const CauseScanLimits& limits) {
  const auto shared = std::make_shared<Shared>();
  shared->series = &series;
  shared->table = &parts.index.table();
  shared->window = window;
  shared->rows.resize(series.size());
  if (!score_heads(parts, shared, limits)) return std::nullopt;
  score_stored(parts, *shared, limits);
  if (limits.stop && limits.stop()) return std::nullopt;
  CauseScan out;
  out.asked = series.size();
  for (size_t i = 0; i < series.size(); ++i) {
    const Row& row = shared->rows[i];
    // A short history is better than none; that the disk was not asked makes it no less true.
    const bool scored =
        row.state == State::kScored || (row.state == State::kWantsDisk && row.unusual.strength > 0);
    if (scored)
      out.scored.push_back({&shared->table->labels(series[i]), series[i].index, row.unusual});
    else if (row.state == State::kWithout)
      ++out.without_points;
    else
      ++out.not_reached;
  }
  return out;
}

}  // namespace tocsin::query
