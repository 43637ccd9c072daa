#include "query/head_copy.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tocsin::query {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(5);

// Chunks that end before the newest `count` points begin.
void leave_out_old(HeadParts& parts, size_t count) {
  size_t points = parts.newest.size();
  TimeMs begin = kTimeMax;
  for (auto at = parts.sealed.rbegin(); at != parts.sealed.rend() && points < count; ++at) {
    points += (*at)->count;
    begin = std::min(begin, (*at)->start);
  }
  if (points < count) return;
  std::erase_if(parts.sealed, [&](const SealedChunkPtr& chunk) { return chunk->end < begin; });
}

// What all turns share. `done` runs when the last shard has let go of it.
struct Copy {
  std::shared_ptr<const std::vector<SeriesRef>> series;
  HeadWanted wanted;
  std::shared_ptr<const std::atomic<bool>> stop;
  HeadCopied done;
  std::vector<HeadPoints> out;
  std::atomic<size_t> missing{0};  // shards

  void copy_one(const Head& head, uint32_t index) {
    const SeriesRef ref = (*series)[index];
    HeadPoints& into = out[index];
    head.copy_parts(ref, wanted.from, wanted.to, into.parts);
    into.whole_from = head.whole_from(ref);
    leave_out_old(into.parts, wanted.newest);
    if (into.parts.sealed.empty()) settle(into, wanted);
  }
};

// One shard's share of a copy.
struct Share {
  std::shared_ptr<Copy> copy;
  std::vector<uint32_t> mine;  // indices into the series
  size_t at = 0;

  bool step(const Head& head) {
    const size_t end = std::min(mine.size(), at + kSeriesPerTurn);
    const bool stopped = copy->stop && copy->stop->load(std::memory_order_relaxed);
    for (; at < end && !stopped; ++at) copy->copy_one(head, mine[at]);
    if (at < mine.size() && !stopped) return true;
    if (copy->missing.fetch_sub(1, std::memory_order_acq_rel) == 1)
      copy->done(std::move(copy->out));
    return false;
  }
};

}  // namespace

void settle(HeadPoints& points, const HeadWanted& wanted) {
  join(points.parts, wanted.from, wanted.to, points.samples);
  points.parts = {};
  TimeMs oldest_needed = wanted.from;
  if (points.samples.size() >= wanted.newest) {
    points.samples.erase(points.samples.begin(),
                         points.samples.end() - static_cast<long>(wanted.newest));
    oldest_needed = points.samples.empty() ? wanted.to : points.samples.front().time;
  }
  points.whole = points.whole_from <= oldest_needed;
}

void copy_heads(HeadAccess& heads, const SeriesTable& table,
                std::shared_ptr<const std::vector<SeriesRef>> series, HeadWanted wanted,
                std::shared_ptr<const std::atomic<bool>> stop, HeadCopied done) {
  auto copy = std::make_shared<Copy>();
  copy->series = std::move(series);
  copy->wanted = wanted;
  copy->stop = std::move(stop);
  copy->out.resize(copy->series->size());
  std::vector<std::shared_ptr<Share>> shares(heads.shards());
  for (uint32_t i = 0; i < copy->series->size(); ++i) {
    auto& share = shares[table.home((*copy->series)[i]) % heads.shards()];
    if (!share) {
      share = std::make_shared<Share>();
      share->copy = copy;
      ++copy->missing;
    }
    share->mine.push_back(i);
  }
  if (copy->missing == 0) return done({});
  copy->done = std::move(done);
  for (uint32_t shard = 0; shard < shares.size(); ++shard)
    if (auto share = std::move(shares[shard]))
      heads.visit(shard, [share](const Head& head) { return share->step(head); });
}

std::optional<std::vector<HeadPoints>> copy_heads_and_wait(HeadAccess& heads,
                                                           const SeriesTable& table,
                                                           std::vector<SeriesRef> series,
                                                           HeadWanted wanted,
                                                           const std::function<bool()>& stop) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    std::vector<HeadPoints> out;
  };
  const auto wait = std::make_shared<Wait>();
  const auto stopped = std::make_shared<std::atomic<bool>>(false);
  copy_heads(heads, table, std::make_shared<const std::vector<SeriesRef>>(std::move(series)),
             wanted, stopped, [wait](std::vector<HeadPoints> out) {
               {
                 const std::lock_guard lock(wait->mutex);
                 wait->out = std::move(out);
                 wait->ready = true;
               }
               wait->changed.notify_one();
             });
  std::unique_lock lock(wait->mutex);
  while (!wait->changed.wait_for(lock, kLookEvery, [&] { return wait->ready; }))
    if (stop && stop()) {
      stopped->store(true);
      return std::nullopt;
    }
  if (stop && stop()) return std::nullopt;
  for (HeadPoints& one : wait->out)
    if (!one.parts.sealed.empty()) settle(one, wanted);
  return std::move(wait->out);
}

}  // namespace tocsin::query
