#include "store/compactor.h"

#include <algorithm>

#include "base/log.h"
#include "store/big_endian.h"
#include "store/store_stats.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr std::string_view kRolledKey = "rolled_to";
const std::string kPastAll(40, '\xff');

// Groups whose rows of a week are to be joined once it is over: 'j', resolution, week, group.
std::string join_key(Resolution resolution, int32_t week, uint32_t group) {
  std::string out = "j" + row_partition(resolution, week);
  put_big(out, group);
  return out;
}

// The part of a series outside [from, to]; what a rollup that is made anew leaves in place.
void remove_range(RowSeries& series, size_t columns, TimeRange range) {
  const auto first = std::lower_bound(series.times.begin(), series.times.end(), range.from);
  const auto last = std::upper_bound(first, series.times.end(), range.to);
  const auto from = first - series.times.begin(), to = last - series.times.begin();
  series.times.erase(first, last);
  for (size_t c = 0; c < columns; ++c)
    series.columns[c].erase(series.columns[c].begin() + from, series.columns[c].begin() + to);
}

// Both sorted, of one series; where both have a time, the later one in the order of writing holds.
RowSeries merged(RowSeries a, RowSeries b, size_t columns) {
  if (b.order < a.order) std::swap(a, b);
  RowSeries out{a.series, b.order, {}, {}};
  const auto take = [&](const RowSeries& from, size_t i) {
    out.times.push_back(from.times[i]);
    for (size_t c = 0; c < columns; ++c) out.columns[c].push_back(from.columns[c][i]);
  };
  size_t i = 0;
  for (size_t j = 0; j < b.times.size(); ++j) {
    while (i < a.times.size() && a.times[i] < b.times[j]) take(a, i++);
    if (i < a.times.size() && a.times[i] == b.times[j]) ++i;
    take(b, j);
  }
  for (; i < a.times.size(); ++i) take(a, i);
  return out;
}

using Parts = std::vector<RowSeries>;

// Parts of one series that lie one after the other.
RowSeries appended(Parts::iterator first, Parts::iterator last, size_t columns) {
  RowSeries out = std::move(*first);
  for (++first; first != last; ++first) {
    out.order = std::max(out.order, first->order);
    out.times.insert(out.times.end(), first->times.begin(), first->times.end());
    for (size_t c = 0; c < columns; ++c)
      out.columns[c].insert(out.columns[c].end(), first->columns[c].begin(),
                            first->columns[c].end());
  }
  return out;
}

// Parts of one series; those that overlap one over the other in the order of their writing.
RowSeries one_of(Parts::iterator first, Parts::iterator last, size_t columns) {
  std::sort(first, last, [](const RowSeries& a, const RowSeries& b) {
    return a.times.front() < b.times.front();
  });
  Parts clusters;
  for (auto begin = first; begin != last;) {
    TimeMs reach = begin->times.back();
    auto end = begin + 1;
    for (; end != last && end->times.front() <= reach; ++end)
      reach = std::max(reach, end->times.back());
    std::sort(begin, end, [](const RowSeries& a, const RowSeries& b) { return a.order < b.order; });
    RowSeries cluster = std::move(*begin);
    for (++begin; begin != end; ++begin)
      cluster = merged(std::move(cluster), std::move(*begin), columns);
    clusters.push_back(std::move(cluster));
  }
  return appended(clusters.begin(), clusters.end(), columns);
}

// One of each series, in the order of their refs.
Parts joined(Parts parts, Resolution resolution) {
  std::stable_sort(parts.begin(), parts.end(),
                   [](const RowSeries& a, const RowSeries& b) { return a.series < b.series; });
  Parts out;
  for (auto begin = parts.begin(); begin != parts.end();) {
    const auto end = std::find_if(
        begin, parts.end(), [&](const RowSeries& part) { return part.series != begin->series; });
    out.push_back(one_of(begin, end, columns_of(resolution)));
    begin = end;
  }
  return out;
}

}  // namespace

Compactor::Compactor(Keyspace& keyspace, ChunkSums& sums, CompactorOptions options,
                     Counters& counters)
    : keyspace_(keyspace),
      sums_(sums),
      options_(options),
      groups_(counters.counter("tocsin_compaction_groups_total", "",
                               "Groups of series whose day or week was joined.")),
      points_(counters.counter("tocsin_compaction_points_total", "", "Points joined into rows.")),
      bytes_(counters.counter("tocsin_compaction_bytes_total", "",
                              "Bytes of rows written, rollups included.")),
      passes_(counters.counter("tocsin_compaction_passes_total", "", "Passes over ended days.")),
      skipped_(counters.counter("tocsin_compaction_skipped_total", "",
                                "Groups left as they are because a row does not check out.")) {}

Result<void> Compactor::load() {
  const auto value = keyspace_.get(KeyFamily::kMeta, kRolledKey);
  if (!value) return fail(value.error());
  if (*value && (*value)->size() == 8) rolled_to_ = unflipped(get_big<uint64_t>(**value, 0));
  return {};
}

Result<bool> Compactor::step(TimeMs now, TimeMs border) {
  if (phase_ == Phase::kIdle) {
    const bool all = all_asked_.exchange(false, std::memory_order_relaxed);
    if (!all && pass_at_ != kTimeMin && now >= pass_at_ && now - pass_at_ < options_.pass_every)
      return false;
    begin(now, all);
  }
  auto more = phase_ == Phase::kDays ? step_days(border) : step_weeks();
  if (!more) {
    phase_ = Phase::kIdle;  // tried again by the next pass
    if (all_) all_ended_.fetch_add(1, std::memory_order_release);
    return fail(more.error());
  }
  if (*more) return true;
  if (phase_ == Phase::kDays) {
    phase_ = Phase::kWeeks;
    cursor_ = "j";
    return true;
  }
  phase_ = Phase::kIdle;
  const auto done = finish();
  if (all_) all_ended_.fetch_add(1, std::memory_order_release);
  if (!done) return fail(done.error());
  return false;
}

void Compactor::begin(TimeMs now, bool all) {
  phase_ = Phase::kDays;
  pass_at_ = now;
  all_ = all;
  settled_ = range_of(RowSpan::kDay, now - options_.settle).from;
  days_end_ = all ? range_of(RowSpan::kDay, now + days(1)).from : settled_;
  cursor_ = chunk_seek(INT32_MIN);
  touched_.clear();
}

// The next chunk of an ended day leads to its group. False: the pass has seen all days.
Result<bool> Compactor::step_days(TimeMs border) {
  std::optional<ChunkKey> found;
  const auto visit = [&](std::string_view key, std::string_view) {
    found = parse_chunk_key(key);
    return !found;
  };
  auto done = keyspace_.scan(KeyFamily::kChunks, cursor_, kPastAll, visit);
  if (!done && !found) return fail(done.error());
  if (!found || found->day == INT32_MIN || found->day >= day_of(days_end_)) return false;
  const uint32_t group = group_of(found->series);
  const TimeMs day{found->day * days(1).count};
  cursor_ = chunk_seek(found->day, SeriesRef{(group + 1) * kGroupSeries});
  if (touched_.empty() || touched_.back() != found->day) touched_.push_back(found->day);
  if (day < border) return true;  // retention takes the day as a whole
  if (auto joined = compact_day(group, day, border); !joined) return fail(joined.error());
  return true;
}

Result<bool> Compactor::step_weeks() {
  std::string found;
  const auto visit = [&](std::string_view key, std::string_view) {
    found = key;
    return false;
  };
  if (auto done = keyspace_.scan(KeyFamily::kMeta, cursor_, "k", visit); !done)
    return fail(done.error());
  if (found.empty()) return false;
  cursor_ = found + '\0';
  if (found.size() != 10 || static_cast<uint8_t>(found[1]) >= kResolutions) return true;
  const auto resolution = static_cast<Resolution>(found[1]);
  const int32_t week = unflipped(get_big<uint32_t>(found, 2));
  if (TimeMs{(int64_t{week} + 1) * days(7).count} > settled_) return true;
  KeyBatch batch;
  ChunkChange change;
  batch.remove(KeyFamily::kMeta, found);
  if (auto done = join_week(resolution, week, get_big<uint32_t>(found, 6), batch, change); !done)
    return fail(done.error());
  if (auto done = sums_.write(batch, change); !done) return fail(done.error());
  return true;
}

Result<void> Compactor::finish() {
  passes_.add();
  if (settled_ > rolled_to()) {
    KeyBatch batch;
    std::string value;
    put_big(value, flipped(settled_.ms));
    batch.put(KeyFamily::kMeta, std::string(kRolledKey), std::move(value));
    if (auto done = keyspace_.write(batch); !done) return done;
    rolled_to_ = settled_.ms;
  }
  for (const int64_t day : touched_) {
    auto done = keyspace_.compact(KeyFamily::kChunks, chunk_seek(day), chunk_seek(day + 1));
    // Space beside a damaged file is not given back; nothing else depends on it.
    if (!done && done.error().code != ErrorCode::kCorrupt) return done;
    if (auto settled = sums_.settle(static_cast<int32_t>(day)); !settled) return settled;
  }
  return {};
}

// Rows that touch the unit's range. A week's row makes the whole week the unit.
Result<void> Compactor::gather_rows(Resolution resolution, Unit& unit) {
  const int32_t week = partition_of(unit.range.from);
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const auto key = parse_row_key(key_bytes);
    if (!key || key->start > unit.range.to) return false;
    const auto row = RowReader::open(key_bytes, value);
    unit.damaged |= !row;
    if (!row) return true;
    if (row->span() == RowSpan::kWeek) unit.span = RowSpan::kWeek;
    unit.rows.emplace_back(key_bytes);
    unit.row_bytes += key_bytes.size() + value.size();
    for (size_t i = 0; i < row->size(); ++i) unit.row_points += row->points(i);
    for (size_t i = 0; i < row->size(); ++i) {
      RowSeries series;
      if (row->read(i, series))
        unit.series.push_back(std::move(series));
      else
        unit.damaged = true;
    }
    return true;
  };
  auto done =
      keyspace_.scan(KeyFamily::kRows, row_seek(resolution, week, unit.group, unit.range.from),
                     row_seek(resolution, week, unit.group + 1, TimeMs{INT64_MIN}), visit);
  if (!done && done.error().code != ErrorCode::kCorrupt) return done;
  unit.damaged |= !done;
  return {};
}

// The chunks of the unit's group and range.
Result<void> Compactor::gather_chunks(Unit& unit) {
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const auto key = parse_chunk_key(key_bytes);
    std::vector<Sample> samples;
    // A damaged one stays where it is: reads and `store verify` tell of it.
    if (!key || !decode_chunk(*key, key_bytes, value, samples)) return true;
    unit.chunks.emplace_back(key_bytes);
    unit.gone.remove(key->start, samples.size(), key_bytes.size() + value.size());
    RowSeries part{key->series, key->order, {}, {}};
    for (const Sample& sample : samples) {
      part.times.push_back(sample.time);
      part.columns[0].push_back(sample.value);
    }
    unit.series.push_back(std::move(part));
    return true;
  };
  for (int64_t day = day_of(unit.range.from); day <= day_of(unit.range.to); ++day) {
    auto done =
        keyspace_.scan(KeyFamily::kChunks, chunk_seek(day, SeriesRef{unit.group * kGroupSeries}),
                       chunk_seek(day, SeriesRef{(unit.group + 1) * kGroupSeries}), visit);
    if (!done && done.error().code != ErrorCode::kCorrupt) return done;
  }
  return {};
}

Result<void> Compactor::compact_day(uint32_t group, TimeMs day, TimeMs border) {
  Unit unit;
  unit.group = group;
  unit.range = range_of(RowSpan::kDay, day);
  if (auto done = gather_rows(Resolution::kRaw, unit); !done) return done;
  if (unit.span == RowSpan::kWeek) {  // its row is made anew with all that came since, of any day
    Unit week;
    week.group = group;
    week.range = range_of(RowSpan::kWeek, day);
    week.range.from = std::max(week.range.from, border);
    if (auto done = gather_rows(Resolution::kRaw, week); !done) return done;
    week.span = RowSpan::kWeek;
    unit = std::move(week);
  }
  KeyBatch batch;
  ChunkChange change;
  if (auto done = remake(std::move(unit), false, batch, change); !done) return done;
  return batch.puts.empty() ? Result<void>() : sums_.write(batch, change);
}

// Raw points of a unit: its rows and all its chunks, so that what is not in the new rows was
// written later. Without chunks there is nothing to do, unless rows are to be joined.
Result<void> Compactor::remake(Unit unit, bool join, KeyBatch& batch, ChunkChange& change) {
  if (auto done = gather_chunks(unit); !done) return done;
  if (unit.damaged) {
    skipped_.add();
    return {};
  }
  if (unit.chunks.empty() && !(join && unit.rows.size() > 1)) return {};
  // Rows and chunks at once: a chunk may have been written after one row and before another.
  unit.series = joined(std::move(unit.series), Resolution::kRaw);
  for (const Resolution resolution : {Resolution::kMinute, Resolution::kHour}) {
    const bool made = resolution == Resolution::kMinute ? options_.minutes : options_.hours;
    if (!made || unit.chunks.empty()) continue;
    if (auto done = put_rollup(resolution, unit, batch); !done) return done;
  }
  for (std::string& key : unit.chunks) batch.remove(KeyFamily::kChunks, std::move(key));
  change = std::move(unit.gone);
  for (const RowSeries& series : unit.series) points_.add(series.times.size());
  groups_.add();
  return put(Resolution::kRaw, std::move(unit), batch);
}

Result<void> Compactor::put_rollup(Resolution resolution, const Unit& raw, KeyBatch& batch) {
  Unit unit;
  unit.group = raw.group;
  unit.range = raw.range;
  unit.span = raw.span;
  if (auto done = gather_rows(resolution, unit); !done) return done;
  if (unit.damaged) {
    skipped_.add();
    return {};
  }
  const size_t columns = columns_of(resolution);
  for (RowSeries& series : unit.series) remove_range(series, columns, raw.range);
  std::erase_if(unit.series, [](const RowSeries& series) { return series.times.empty(); });
  for (const RowSeries& series : raw.series) unit.series.push_back(roll(series, resolution));
  unit.series = joined(std::move(unit.series), resolution);
  return put(resolution, std::move(unit), batch);
}

Result<void> Compactor::put(Resolution resolution, Unit unit, KeyBatch& batch) {
  const int32_t week = partition_of(unit.range.from);
  size_t longest = 0;
  for (const RowSeries& series : unit.series) longest = std::max(longest, series.times.size());
  if (unit.span == RowSpan::kDay && longest > 0 && longest < options_.join_below)
    batch.put(KeyFamily::kMeta, join_key(resolution, week, unit.group), "");
  const RowTotals made =
      put_rows(resolution, unit.span, std::move(unit.series), options_.slice_points, batch);
  bytes_.add(made.bytes);
  // The sums of the week change with its rows, in the same batch.
  const std::string key = partition_key(resolution, week);
  const auto before = keyspace_.get(KeyFamily::kMeta, key);
  if (!before) return fail(before.error());
  PartitionStats sums;
  if (*before) sums = parse_partition(key, **before).value_or(sums);
  sums.rows += made.rows - std::min<uint64_t>(sums.rows, unit.rows.size());
  sums.points += made.points - std::min(sums.points, unit.row_points);
  sums.bytes += made.bytes - std::min(sums.bytes, unit.row_bytes);
  batch.put(KeyFamily::kMeta, key, to_bytes(sums));
  for (std::string& row : unit.rows) batch.remove(KeyFamily::kRows, std::move(row));
  return {};
}

Result<void> Compactor::join_week(Resolution resolution, int32_t week, uint32_t group,
                                  KeyBatch& batch, ChunkChange& change) {
  Unit unit;
  unit.group = group;
  unit.range = range_of(RowSpan::kWeek, TimeMs{int64_t{week} * days(7).count});
  if (auto done = gather_rows(resolution, unit); !done) return done;
  unit.span = RowSpan::kWeek;
  if (resolution == Resolution::kRaw) return remake(std::move(unit), true, batch, change);
  if (unit.damaged) {
    skipped_.add();
    return {};
  }
  if (unit.rows.size() < 2) return {};
  unit.series = joined(std::move(unit.series), resolution);
  return put(resolution, std::move(unit), batch);
}

}  // namespace tocsin
