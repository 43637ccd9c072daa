#include "vocabulary/series_table.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tocsin {

SeriesTable::SeriesTable(uint32_t series_max)
    : series_max_(series_max),
      chunks_(std::make_unique<std::atomic<Entry*>[]>(series_max / kChunk + 1)) {}

SeriesTable::~SeriesTable() {
  for (uint32_t i = 0; i <= series_max_ / kChunk; ++i) delete[] chunks_[i].load();
}

void SeriesTable::place(uint32_t index, const Labels& labels, uint32_t home) {
  std::atomic<Entry*>& chunk = chunks_[index / kChunk];
  if (chunk.load(std::memory_order_relaxed) == nullptr)
    chunk.store(new Entry[kChunk], std::memory_order_release);
  Entry& made = entry(index);
  made.labels = labels;
  made.home = home;
  made.known.store(true, std::memory_order_release);
  by_hash_.emplace(labels.hash(), index);
  if (index >= size_.load(std::memory_order_relaxed))
    size_.store(index + 1, std::memory_order_release);
}

Result<SeriesTable::Added> SeriesTable::find_or_add(const Labels& labels, uint32_t home,
                                                    std::string_view sender) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = by_hash_.equal_range(labels.hash());
  for (auto at = begin; at != end; ++at)
    if (entry(at->second).labels == labels) return Added{SeriesRef{at->second}, false};
  const uint32_t index = size_.load(std::memory_order_relaxed);
  if (index >= series_max_)
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot add series {}: {} series are known, and no table holds more",
                            labels.text(), series_max_));
  if (gate_ != nullptr)
    if (auto why = gate_->admit(SeriesRef{index}, labels, sender))
      return fail(ErrorCode::kRefused, std::move(*why));
  place(index, labels, home);
  return Added{SeriesRef{index}, true};
}

Result<void> SeriesTable::restore(SeriesRef ref, const Labels& labels, uint32_t home) {
  const std::lock_guard lock(mutex_);
  if (ref.index >= series_max_)
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot restore series {}: its number {} is beyond the table's {}",
                            labels.text(), ref.index, series_max_));
  if (known(ref)) {
    if (entry(ref.index).labels == labels) return {};
    return fail(ErrorCode::kCorrupt, fmt::format("series number {} is {} and also {}", ref.index,
                                                 entry(ref.index).labels.text(), labels.text()));
  }
  place(ref.index, labels, home);
  return {};
}

std::optional<SeriesRef> SeriesTable::find(const Labels& labels) const {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = by_hash_.equal_range(labels.hash());
  for (auto at = begin; at != end; ++at)
    if (entry(at->second).labels == labels) return SeriesRef{at->second};
  return std::nullopt;
}

bool SeriesTable::known(SeriesRef ref) const {
  if (ref.index >= series_max_) return false;
  const Entry* chunk = chunks_[ref.index / kChunk].load(std::memory_order_acquire);
  return chunk != nullptr && chunk[ref.index % kChunk].known.load(std::memory_order_acquire);
}

const Labels& SeriesTable::labels(SeriesRef ref) const {
  TOCSIN_CHECK(known(ref), "series {} of {}", ref.index, size());
  return entry(ref.index).labels;
}

uint32_t SeriesTable::home(SeriesRef ref) const {
  TOCSIN_CHECK(known(ref), "series {} of {}", ref.index, size());
  return entry(ref.index).home;
}

}  // namespace tocsin
