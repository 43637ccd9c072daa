#include "query/with_points.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace tocsin::query {
namespace {

constexpr size_t kLooksPerTurn = 2048;  // about 20 ns each
constexpr auto kLookEvery = std::chrono::milliseconds(5);

enum class Has : uint8_t { kYes, kNo, kPerhaps };

struct Looks {
  std::vector<SeriesRef> series;
  TimeMs from, to;
  std::vector<Has> has;
  std::mutex mutex;
  std::condition_variable changed;
  size_t missing = 0;  // shards; guarded by mutex

  Has look(const Head& head, SeriesRef ref) const {
    const auto newest = head.latest(ref);
    if (!newest) return Has::kPerhaps;  // it has sent nothing since the start
    if (newest->time < from) return Has::kNo;
    return newest->time <= to ? Has::kYes : Has::kPerhaps;
  }
};

struct Share {
  std::shared_ptr<Looks> looks;
  std::vector<uint32_t> mine;
  size_t at = 0;

  bool step(const Head& head) {
    const size_t end = std::min(mine.size(), at + kLooksPerTurn);
    for (; at < end; ++at) looks->has[mine[at]] = looks->look(head, looks->series[mine[at]]);
    if (at < mine.size()) return true;
    {
      const std::lock_guard lock(looks->mutex);
      --looks->missing;
    }
    looks->changed.notify_one();
    return false;
  }
};

std::shared_ptr<Looks> look_at_heads(const StoreParts& parts, std::vector<SeriesRef> series,
                                     TimeMs from, TimeMs to, const std::function<bool()>& stop) {
  auto looks = std::make_shared<Looks>();
  looks->series = std::move(series);
  looks->from = from;
  looks->to = to;
  looks->has.assign(looks->series.size(), Has::kPerhaps);
  std::vector<std::shared_ptr<Share>> shares(parts.heads.shards());
  for (uint32_t i = 0; i < looks->series.size(); ++i) {
    auto& share = shares[parts.index.table().home(looks->series[i]) % shares.size()];
    if (!share) share = std::make_shared<Share>(Share{looks, {}, 0});
    share->mine.push_back(i);
  }
  looks->missing = static_cast<size_t>(
      std::count_if(shares.begin(), shares.end(), [](const auto& share) { return share; }));
  for (uint32_t shard = 0; shard < shares.size(); ++shard)
    if (auto share = std::move(shares[shard]))
      parts.heads.visit(shard, [share](const Head& head) { return share->step(head); });
  std::unique_lock lock(looks->mutex);
  while (!looks->changed.wait_for(lock, kLookEvery, [&] { return looks->missing == 0; }))
    if (stop && stop()) return nullptr;
  return looks;
}

// On disk, or in a head that has newer points as well. Newest stretches first, ever longer ones.
bool is_stored(const StoreParts& parts, SeriesRef ref, TimeMs from, TimeMs to,
               const std::function<bool()>& stop) {
  const Extents extents = parts.store.extents();
  const auto in_head =
      copy_heads_and_wait(parts.heads, parts.index.table(), {ref}, {from, to, 1}, stop);
  if (!in_head) return true;
  if (!in_head->front().samples.empty()) return true;
  const TimeMs raw_from = std::max(from, extents[0].from);
  DurationMs span = hours(6);
  for (TimeMs end = std::min(to, kTimeMax); end >= raw_from; span = span * 4) {
    const TimeMs begin = std::max(raw_from, end - span);
    const auto read = parts.store.read_sealed(ref, begin, end, {});
    if (!read || !read->empty()) return true;
    end = begin - milliseconds(1);
  }
  if (from >= raw_from) return false;
  RollupColumns rows;
  const auto read = parts.store.read_rollup(ref, Resolution::kHour, from, to, rows);
  return !read || rows.size() > 0;
}

}  // namespace

std::vector<SeriesRef> with_points(const StoreParts& parts, std::vector<SeriesRef> series,
                                   TimeMs from, TimeMs to, const std::function<bool()>& stop) {
  if (series.empty() || to < from) return {};
  const auto looks = look_at_heads(parts, std::move(series), from, to, stop);
  if (!looks) return {};
  std::vector<SeriesRef> out;
  size_t on_disk = 0;
  for (size_t i = 0; i < looks->series.size(); ++i) {
    if (looks->has[i] == Has::kNo) continue;
    const SeriesRef ref = looks->series[i];
    const bool look = looks->has[i] == Has::kPerhaps && on_disk < kDiskLooksMax;
    if (look && ++on_disk % 16 == 0 && stop && stop()) return out;
    if (!look || is_stored(parts, ref, from, to, stop)) out.push_back(ref);
  }
  return out;
}

}  // namespace tocsin::query
