#include "tocsin/stored_series.h"

#include <algorithm>

namespace tocsin {
namespace {

constexpr size_t kHeadsAtOnce = query::kSeriesPerTurn;

}  // namespace

StoredSeries::StoredSeries(const query::StoreParts& parts, const SeriesTable& table,
                           const std::function<bool(const Labels&)>& wanted,
                           const std::atomic<bool>& stopping)
    : parts_(parts), table_(table), stopping_(stopping) {
  for (uint32_t i = 0; i < table.size(); ++i) {
    const SeriesRef ref{i};
    if (!table.known(ref)) continue;
    const Labels& labels = table.labels(ref);
    // What workers made is made anew.
    if (labels.name().find(':') != std::string_view::npos || !wanted(labels)) continue;
    refs_.push_back(ref);
    labels_.push_back(labels);
  }
}

Result<void> StoredSeries::points(size_t index, TimeMs from, TimeMs to, std::vector<Sample>& out) {
  const TimeMs last = to - milliseconds(1);
  if (auto copied = copy_heads(index, from, last); !copied) return copied;
  query::HeadPoints head = std::move(heads_[index - first_]);
  auto read = query::with_stored(parts_.store, refs_[index], from, last, std::move(head));
  if (!read) return fail(read.error());
  out.insert(out.end(), read->begin(), read->end());
  return {};
}

// Of this series and, for the same span, of those that will be asked for next.
Result<void> StoredSeries::copy_heads(size_t index, TimeMs from, TimeMs last) {
  const bool same = from == from_ && last == last_ && !heads_.empty();
  if (same && index > asked_ && index < first_ + heads_.size()) {
    asked_ = index;
    return {};
  }
  const size_t end = std::min(refs_.size(), index + kHeadsAtOnce);
  const std::vector<SeriesRef> wanted(refs_.begin() + static_cast<std::ptrdiff_t>(index),
                                      refs_.begin() + static_cast<std::ptrdiff_t>(end));
  auto copied = query::copy_heads_and_wait(parts_.heads, table_, wanted, {from, last},
                                           [this] { return stopping_.load(); });
  if (!copied) return fail(ErrorCode::kUnavailable, "the reading of history was stopped");
  heads_ = std::move(*copied);
  first_ = asked_ = index;
  from_ = from;
  last_ = last;
  return {};
}

}  // namespace tocsin
