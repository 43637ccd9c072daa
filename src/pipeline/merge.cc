#include "pipeline/merge.h"

#include <algorithm>

#include "base/check.h"

namespace tocsin::pipeline {

Merge::Merge(uint32_t shards) : shards_(shards) {
  TOCSIN_CHECK(shards > 0, "a merge of {} shards", shards);
}

void Merge::add(uint32_t shard, std::vector<StreamItem>& items, std::span<const Passed> passed) {
  Shard& mine = shards_[shard];
  for (StreamItem& item : items) {
    TOCSIN_CHECK(mine.items.empty() || !(item.at < mine.items.back().at),
                 "shard {} went back from lsn {} to {}", shard, mine.items.back().at.lsn.value,
                 item.at.lsn.value);
    mine.items.push_back(std::move(item));
  }
  items.clear();
  for (const Passed& one : passed) {
    // Whoever is first to pass something writes it down for all.
    if (mine.passed == sequence_start_ + sequence_.size()) sequence_.push_back(one);
    ++mine.passed;
  }
}

void Merge::visit_items_before(const Position& end, const Visitor& visitor) {
  for (;;) {
    Shard* first = nullptr;
    for (Shard& shard : shards_)
      if (!shard.items.empty() && shard.items.front().at < end &&
          (first == nullptr || shard.items.front().at < first->items.front().at))
        first = &shard;
    if (first == nullptr) return;
    visitor.item(first->items.front());
    first->items.pop_front();
  }
}

void Merge::take(Lsn durable, const Visitor& visitor) {
  uint64_t through = UINT64_MAX;
  for (const Shard& shard : shards_) through = std::min(through, shard.passed);
  while (sequence_start_ < through && sequence_.front().lsn <= durable) {
    const Passed next = sequence_.front();
    sequence_.pop_front();
    ++sequence_start_;
    // Timers that fell due before it carry the lsn of the frame before.
    const Lsn before = next.tick ? next.lsn : Lsn{next.lsn.value - 1};
    visit_items_before({before, TimeMs{next.time.ms + 1}, 0, 0}, visitor);
    visitor.advance(before, next.time);
    if (!next.tick && visitor.begin) visitor.begin(next);
    if (!next.tick) visit_items_before({next.lsn, TimeMs{1}, 0, 0}, visitor);
    reached_ = next;
    if (visitor.passed) visitor.passed(next);
  }
}

size_t Merge::waiting() const {
  size_t total = sequence_.size();
  for (const Shard& shard : shards_) total += shard.items.size();
  return total;
}

}  // namespace tocsin::pipeline
