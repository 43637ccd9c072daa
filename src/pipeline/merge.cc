#include "pipeline/merge.h"

#include <algorithm>

#include "base/check.h"

namespace tocsin::pipeline {

Merge::Merge(uint32_t shards) : shards_(shards) {
  TOCSIN_CHECK(shards > 0, "a merge of {} shards", shards);
}

void Merge::add(uint32_t shard, std::vector<StreamItem>& items, Done done) {
  Shard& mine = shards_[shard];
  for (StreamItem& item : items) {
    TOCSIN_CHECK(mine.items.empty() || !(item.at < mine.items.back().at),
                 "shard {} went back from lsn {} to {}", shard, mine.items.back().at.lsn.value,
                 item.at.lsn.value);
    mine.items.push_back(std::move(item));
  }
  items.clear();
  mine.done = std::max(mine.done, done);
}

Done Merge::take(Lsn durable, std::vector<StreamItem>& out) {
  Done frontier = shards_.front().done;
  for (const Shard& shard : shards_) frontier = std::min(frontier, shard.done);
  // A frame that is not durable yet holds back itself and all that comes after it.
  const bool held = durable < frontier.lsn;
  const Lsn last = std::min(durable, frontier.lsn);
  const auto may_go = [&](const StreamItem& item) {
    if (item.at.lsn < last) return true;
    if (item.at.lsn > last) return false;
    return held || item.at.due <= frontier.time;
  };
  for (;;) {
    Shard* first = nullptr;
    for (Shard& shard : shards_)
      if (!shard.items.empty() && may_go(shard.items.front()) &&
          (first == nullptr || shard.items.front().at < first->items.front().at))
        first = &shard;
    if (first == nullptr) break;
    out.push_back(std::move(first->items.front()));
    first->items.pop_front();
  }
  if (!held) return frontier;
  // The arrival of the last durable frame is not known here; its items carry it.
  return {last, out.empty() ? TimeMs{} : out.back().arrival};
}

size_t Merge::waiting() const {
  size_t total = 0;
  for (const Shard& shard : shards_) total += shard.items.size();
  return total;
}

}  // namespace tocsin::pipeline
