#include "store/chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "store/big_endian.h"
#include "store/crc32c.h"
#include "store/store_stats.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr std::string_view kFlushedKey = "flushed_lsn";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "2";
constexpr size_t kToldMax = 1000;  // places of damage that are logged; all are counted
const std::string kPastAll(40, '\xff');

// What the engine says is damaged may have held any points of the range that was asked for.
bool is_damage(const Result<void>& scanned) {
  return !scanned && scanned.error().code == ErrorCode::kCorrupt;
}

void keep_range(std::vector<Sample>& samples, TimeMs from, TimeMs to) {
  std::erase_if(samples, [&](const Sample& s) { return s.time < from || s.time > to; });
}

}  // namespace

std::string ChunkDamage::text(const SeriesTable& table) const {
  return fmt::format("stored points of {} from {} to {} do not check out and are missing",
                     table.known(series)   ? table.labels(series).text()
                     : series == kNoSeries ? std::string("series that cannot be named")
                                           : fmt::format("series {}", series.index),
                     to_iso(from), to_iso(to));
}

Chunks::Chunks(Keyspace& keyspace, SeriesTable& series, Counters& counters)
    : keyspace_(keyspace),
      series_(series),
      sums_(keyspace),
      written_(counters.counter("tocsin_chunks_written_total", "", "Chunks written.")),
      written_bytes_(counters.counter("tocsin_chunks_written_bytes_total", "",
                                      "Bytes of chunks written, keys included.")),
      written_points_(counters.counter("tocsin_chunks_written_points_total", "",
                                       "Points in the chunks written.")),
      damaged_(counters.counter("tocsin_chunks_damaged_total", "",
                                "Chunks, rows and catalogue entries that did not check out.")) {}

Result<void> Chunks::check_format() {
  const auto found = keyspace_.get(KeyFamily::kMeta, kFormatKey);
  if (!found) return fail(found.error());
  if (*found && **found == kFormat) return {};
  bool empty = true;
  const auto seen = [&](std::string_view, std::string_view) { return empty = false; };
  if (auto done = keyspace_.scan(KeyFamily::kChunks, "", kPastAll, seen); !done) return done;
  if (*found || !empty)
    return fail(ErrorCode::kRefused,
                fmt::format("the chunks have format {}, this program reads {}; start the version "
                            "that wrote them, or begin with an empty data folder",
                            *found ? **found : std::string("1"), kFormat));
  KeyBatch batch;
  batch.put(KeyFamily::kMeta, std::string(kFormatKey), std::string(kFormat));
  return keyspace_.write(batch);
}

Result<void> Chunks::load_catalogue(const std::function<uint32_t(SeriesRef)>& home_of) {
  uint32_t whole = 0;  // entries below this are all there and need not be written again
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto labels = parse_catalogue(value);
    const SeriesRef ref{key.size() == 4 ? get_big<uint32_t>(key, 0) : UINT32_MAX};
    const auto restored = labels && ref != kNoSeries
                              ? series_.restore(ref, *labels, home_of(ref))
                              : fail(ErrorCode::kCorrupt, "it does not check out");
    if (restored) {
      if (ref.index == whole)
        ++whole;
      else
        catalogued_beyond_.insert(ref.index);
      ++catalogue_series_;
      catalogue_bytes_ += key.size() + value.size();
      return true;
    }
    damaged_.add();
    log::error("catalogue entry of series {}: {}", ref.index, restored.error().text());
    return true;
  };
  if (auto read = keyspace_.scan(KeyFamily::kCatalogue, "", kPastAll, visit); is_damage(read)) {
    damaged_.add();
    log::error("the catalogue of series: {}", read.error().text());
  } else if (!read) {
    return read;
  }
  catalogued_ = whole;
  return {};
}

// How many entries.
uint64_t Chunks::put_catalogue(uint32_t known, KeyBatch& batch) const {
  uint64_t entries = 0;
  for (uint32_t index = catalogued_; index < known; ++index) {
    const SeriesRef ref{index};
    if (!series_.known(ref) || catalogued_beyond_.contains(index)) continue;
    std::string key;
    put_big(key, ref.index);
    batch.put(KeyFamily::kCatalogue, std::move(key), catalogue_value(series_.labels(ref)));
    ++entries;
  }
  return entries;
}

// Its key names its bytes, too. What cannot be read is not there.
bool Chunks::is_there(const StoredChunk& chunk, Lsn sealed_at) const {
  if (sealed_at > doubt_until_) return false;
  const auto found = keyspace_.get(KeyFamily::kChunks, chunk.key);
  return found && *found && **found == chunk.value;
}

Result<uint64_t> Chunks::write(std::span<const SealedChunkPtr> chunks) {
  KeyBatch batch;
  ChunkChange change;
  const uint32_t known = series_.size();
  const uint64_t entries = put_catalogue(known, batch);
  const uint64_t entry_bytes = batch.bytes;
  uint64_t count = 0, points = 0;
  Lsn newest;
  for (const SealedChunkPtr& chunk : chunks) {
    StoredChunk made = stored(*chunk);
    newest = std::max(newest, chunk->sealed_at);
    if (is_there(made, chunk->sealed_at)) continue;
    change.put(chunk->start, chunk->end, chunk->count, made.key.size() + made.value.size());
    batch.put(KeyFamily::kChunks, std::move(made.key), std::move(made.value));
    ++count;
    points += chunk->count;
  }
  const uint64_t bytes = batch.bytes;
  if (auto done = sums_.write(batch, change); !done) {
    doubt_until_ = std::max(doubt_until_, newest);  // an engine that failed may have them
    return fail(done.error());
  }
  written_.add(count);
  written_points_.add(points);
  written_bytes_.add(bytes - entry_bytes);
  catalogued_ = known;
  catalogue_series_ += entries;
  catalogue_bytes_ += entry_bytes;
  return bytes;
}

void Chunks::put_flushed(Flushed flushed, KeyBatch& batch) const {
  std::string value;
  put_big(value, flushed.lsn.value);
  put_big(value, flipped(flushed.newest.ms));
  put_big(value, crc32c(value));
  batch.put(KeyFamily::kMeta, std::string(kFlushedKey), std::move(value));
}

Result<Chunks::Flushed> Chunks::flushed() const {
  const auto value = keyspace_.get(KeyFamily::kMeta, kFlushedKey);
  if (!value && value.error().code != ErrorCode::kCorrupt) return fail(value.error());
  if (value && !*value) return Flushed{};
  const std::string_view bytes = value ? std::string_view(**value) : "";
  if (bytes.size() != 20 || get_big<uint32_t>(bytes, 16) != crc32c(bytes.substr(0, 16))) {
    damaged_.add();
    // Everything the journal has is replayed once more: safe, only slower.
    return Flushed{Lsn{0}, kTimeMax};
  }
  return Flushed{Lsn{get_big<uint64_t>(bytes, 0)}, TimeMs{unflipped(get_big<uint64_t>(bytes, 8))}};
}

Result<void> Chunks::read(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out,
                          std::vector<ChunkDamage>* damage) const {
  std::vector<Found> found;
  std::vector<ChunkDamage> told;
  // Chunks first: what the compactor moves meanwhile is then seen twice, never not at all.
  if (auto done = read_chunks(series, from, to, found, told); !done) return done;
  const auto use = [&](RowSeries&& row) {
    Found& one = found.emplace_back();
    one.order = row.order;
    const auto first = std::lower_bound(row.times.begin(), row.times.end(), from);
    const auto last = std::upper_bound(first, row.times.end(), to);
    for (auto at = first; at < last; ++at)
      one.samples.push_back({*at, row.columns[0][static_cast<size_t>(at - row.times.begin())]});
    if (one.samples.empty()) found.pop_back();
  };
  auto done = read_rows(series, Resolution::kRaw, from, to, use, told);
  if (!done) return done;
  merge(std::move(found), out);
  tell_all(told);
  if (damage != nullptr) damage->insert(damage->end(), told.begin(), told.end());
  return {};
}

Result<void> Chunks::read_chunks(SeriesRef series, TimeMs from, TimeMs to,
                                 std::vector<Found>& found,
                                 std::vector<ChunkDamage>& damage) const {
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const auto key = parse_chunk_key(key_bytes);
    if (!key || key->start > to) return true;
    if (chunk_end(*key, value) < from) return true;
    Found one{key->order, {}};
    if (!decode_chunk(*key, key_bytes, value, one.samples)) {
      damage.push_back({series, key->start, range_of(RowSpan::kDay, key->start).to});
      return true;
    }
    keep_range(one.samples, from, to);
    if (!one.samples.empty()) found.push_back(std::move(one));
    return true;
  };
  for (int64_t day = day_of(from); day <= day_of(to); ++day) {
    const auto next = next_day(day);
    if (!next && next.error().code == ErrorCode::kCorrupt) {
      damage.push_back({series, from, to});
      return {};
    }
    if (!next) return fail(next.error());
    if (*next > day_of(to)) return {};
    day = *next;
    auto done = keyspace_.scan(KeyFamily::kChunks, chunk_seek(day, series),
                               chunk_seek(day, SeriesRef{series.index + 1}), visit);
    if (is_damage(done))
      damage.push_back({series, std::max(from, TimeMs{day * days(1).count}),
                        std::min(to, TimeMs{(day + 1) * days(1).count - 1})});
    else if (!done)
      return done;
  }
  return {};
}

Result<void> Chunks::read_rows(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                               const std::function<void(RowSeries&&)>& use,
                               std::vector<ChunkDamage>& damage) const {
  const uint32_t group = group_of(series);
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const auto key = parse_row_key(key_bytes);
    if (!key) return true;
    if (key->start > to) return false;  // a group's rows lie one after the other
    const auto row = RowReader::open(key_bytes, value);
    const auto place = row ? row->find(series) : std::nullopt;
    if (row && !place) return true;
    RowSeries out;
    if (row && row->read(*place, out))
      use(std::move(out));
    else
      damage.push_back({series, std::max(from, key->start), std::min(to, key->end)});
    return true;
  };
  for (int64_t week = partition_of(from); week <= partition_of(to); ++week) {
    const auto next = next_week(resolution, week);
    if (!next && next.error().code == ErrorCode::kCorrupt) {
      damage.push_back({series, from, to});
      return {};
    }
    if (!next) return fail(next.error());
    if (*next > partition_of(to)) return {};
    week = *next;
    const auto at = static_cast<int32_t>(week);
    auto done = keyspace_.scan(KeyFamily::kRows, row_seek(resolution, at, group, from),
                               row_seek(resolution, at, group + 1, TimeMs{INT64_MIN}), visit);
    if (is_damage(done))
      damage.push_back({series, std::max(from, TimeMs{week * days(7).count}),
                        std::min(to, TimeMs{(week + 1) * days(7).count - 1})});
    else if (!done)
      return done;
  }
  return {};
}

Result<void> Chunks::read_rollup(SeriesRef series, Resolution resolution, TimeMs from, TimeMs to,
                                 RollupColumns& out) const {
  std::vector<ChunkDamage> told;
  const auto use = [&](RowSeries&& row) {
    for (size_t i = 0; i < row.times.size(); ++i) {
      if (row.times[i] < from || row.times[i] > to) continue;
      out.time.push_back(row.times[i]);
      out.count.push_back(row.columns[0][i]);
      out.sum.push_back(row.columns[1][i]);
      out.min.push_back(row.columns[2][i]);
      out.max.push_back(row.columns[3][i]);
      out.last.push_back(row.columns[4][i]);
    }
  };
  auto done = read_rows(series, resolution, from, to, use, told);
  tell_all(told);
  return done;
}

// Later writes over earlier ones. Most parts lie one after the other.
void Chunks::merge(std::vector<Found> found, std::vector<Sample>& out) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.samples.front().time < b.samples.front().time;
  });
  for (size_t begin = 0; begin < found.size();) {
    TimeMs reach = found[begin].samples.back().time;
    size_t end = begin + 1;
    for (; end < found.size() && found[end].samples.front().time <= reach; ++end)
      reach = std::max(reach, found[end].samples.back().time);
    std::sort(found.begin() + static_cast<long>(begin), found.begin() + static_cast<long>(end),
              [](const Found& a, const Found& b) { return a.order < b.order; });
    std::vector<Sample> merged = std::move(found[begin].samples);
    for (size_t i = begin + 1; i < end; ++i) {
      std::vector<Sample> both;
      merge_samples(merged, found[i].samples, both);
      merged = std::move(both);
    }
    out.insert(out.end(), merged.begin(), merged.end());
    begin = end;
  }
}

void Chunks::tell_all(const std::vector<ChunkDamage>& damage) const {
  for (const ChunkDamage& one : damage) tell(one);
}

void Chunks::tell(const ChunkDamage& damage) const {
  damaged_.add();
  const std::lock_guard lock(told_mutex_);
  const std::pair<uint32_t, int64_t> place{damage.series.index, damage.from.ms};
  if (told_.size() >= kToldMax || std::find(told_.begin(), told_.end(), place) != told_.end())
    return;
  told_.push_back(place);
  log::error("store: {}", damage.text(series_));
}

Result<int64_t> Chunks::next_day(int64_t day) const {
  int64_t next = INT64_MAX;
  const auto visit = [&](std::string_view key, std::string_view) {
    if (const auto parsed = parse_chunk_key(key)) next = std::max<int64_t>(day, parsed->day);
    return false;
  };
  auto done = keyspace_.scan(KeyFamily::kChunks, chunk_seek(day), kPastAll, visit);
  if (!done && next == INT64_MAX) return fail(done.error());
  return next;
}

Result<int64_t> Chunks::next_week(Resolution resolution, int64_t week) const {
  int64_t next = INT64_MAX;
  const auto visit = [&](std::string_view key, std::string_view) {
    if (const auto parsed = parse_row_key(key)) next = std::max<int64_t>(week, parsed->week);
    return false;
  };
  const std::string end(1, static_cast<char>(static_cast<int>(resolution) + 1));
  auto done = keyspace_.scan(KeyFamily::kRows, row_partition(resolution, week), end, visit);
  if (!done && next == INT64_MAX) return fail(done.error());
  return next;
}

Result<uint64_t> Chunks::drop_before(Resolution resolution, TimeMs border) {
  uint64_t dropped = 0;
  for (int64_t at = INT32_MIN;; ++at) {
    const auto week = next_week(resolution, at);
    if (!week) return fail(week.error());
    if (*week >= partition_of(border)) break;
    at = *week;
    if (auto done = keyspace_.drop_range(KeyFamily::kRows, row_partition(resolution, at),
                                         row_partition(resolution, at + 1));
        !done)
      return fail(done.error());
    ++dropped;
  }
  if (auto done = forget_partitions(resolution, border); !done) return fail(done.error());
  if (resolution != Resolution::kRaw) return dropped;
  for (int64_t at = INT32_MIN;; ++at) {
    const auto day = next_day(at);
    if (!day) return fail(day.error());
    if (*day >= day_of(border)) break;
    at = *day;
    if (auto done = keyspace_.drop_range(KeyFamily::kChunks, chunk_seek(at), chunk_seek(at + 1));
        !done)
      return fail(done.error());
    ++dropped;
  }
  if (auto done = sums_.forget_before(day_of(border)); !done) return fail(done.error());
  return dropped;
}

// Files are gone at once when a week is dropped, sums with the next flush: a crash between leaves
// sums without rows.
Result<void> Chunks::forget_partitions(Resolution resolution, TimeMs border) {
  KeyBatch batch;
  const auto visit = [&](std::string_view key, std::string_view) {
    batch.remove(KeyFamily::kMeta, std::string(key));
    return true;
  };
  auto done = keyspace_.scan(KeyFamily::kMeta, partition_key(resolution, INT32_MIN),
                             partition_key(resolution, partition_of(border)), visit);
  if (!done && done.error().code != ErrorCode::kCorrupt) return done;
  return batch.removals.empty() ? Result<void>() : keyspace_.write(batch);
}

}  // namespace tocsin
