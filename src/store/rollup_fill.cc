#include "store/rollup_fill.h"

#include "store/codec.h"
#include "store/head.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr std::string_view kStateKey = "filled_rollups";

const std::string kFirstRow = row_partition(Resolution::kRaw, INT32_MIN);
const std::string kPastRaw = row_partition(Resolution::kMinute, INT32_MIN);

}  // namespace

// docs/formats/chunks.md, key `filled_rollups`.
Result<RollupFill::State> RollupFill::load() const {
  const auto value = keyspace_.get(KeyFamily::kMeta, kStateKey);
  if (!value) return fail(value.error());
  State out;
  if (*value && (*value)->size() >= 2) {
    out.made = static_cast<uint8_t>((**value)[0]);
    out.making = static_cast<uint8_t>((**value)[1]);
    out.next = (*value)->substr(2);
  }
  return out;
}

Result<bool> RollupFill::lacks(const RowKey& key, const TimeRange& range, uint8_t which) const {
  for (const Resolution resolution : {Resolution::kMinute, Resolution::kHour}) {
    if ((which >> (static_cast<int>(resolution) - 1) & 1) == 0) continue;
    bool there = false;
    const auto visit = [&](std::string_view bytes, std::string_view) {
      const auto found = parse_row_key(bytes);
      there = found && found->start <= range.to;
      return false;
    };
    auto done =
        keyspace_.scan(KeyFamily::kRows, row_seek(resolution, key.week, key.group, range.from),
                       row_seek(resolution, key.week, key.group + 1, TimeMs{INT64_MIN}), visit);
    // What cannot be read is for `store verify` to tell, not for a rollup to hide.
    if (!done && done.error().code != ErrorCode::kCorrupt) return fail(done.error());
    if (done && !there) return true;
  }
  return false;
}

void RollupFill::put_again(std::string_view key, std::string_view value, KeyBatch& batch,
                           ChunkChange& change) const {
  const auto row = RowReader::open(key, value);
  RowSeries series;
  if (!row || row->size() == 0 || !row->read(0, series) || series.times.empty()) return;
  const Sample sample{series.times.front(), series.columns[0].front()};
  SealedChunk chunk;
  chunk.series = series.series;
  chunk.start = chunk.end = sample.time;
  chunk.sealed_at = series.order.sealed_at;
  chunk.sub = series.order.sub;
  chunk.count = 1;
  chunk.bytes = encode_samples({sample});
  StoredChunk made = stored(chunk);
  // From a pass that was not joined yet.
  if (const auto there = keyspace_.get(KeyFamily::kChunks, made.key); there && *there) return;
  change.put(chunk.start, chunk.end, 1, made.key.size() + made.value.size());
  batch.put(KeyFamily::kChunks, std::move(made.key), std::move(made.value));
}

Result<bool> RollupFill::step(TimeMs border, size_t groups_max) {
  auto loaded = load();
  if (!loaded) return fail(loaded.error());
  State state = std::move(*loaded);
  if (state.made == wanted_) return false;
  if (state.making != wanted_) state = {static_cast<uint8_t>(state.made & wanted_), wanted_, {}};
  const auto missing = static_cast<uint8_t>(wanted_ & ~state.made);
  if (state.next.empty()) state.next = kFirstRow;
  KeyBatch batch;
  ChunkChange change;
  bool more = missing != 0;
  for (size_t groups = 0; more && groups < groups_max; ++groups) {
    std::string key, value;
    const auto visit = [&](std::string_view found, std::string_view bytes) {
      key = found;
      value = bytes;
      return false;
    };
    auto done = keyspace_.scan(KeyFamily::kRows, state.next, kPastRaw, visit);
    if (!done && done.error().code != ErrorCode::kCorrupt) return fail(done.error());
    const auto row = parse_row_key(key);
    more = row.has_value();
    if (!more) break;
    const auto reader = RowReader::open(key, value);
    const TimeRange range = range_of(reader ? reader->span() : RowSpan::kDay, row->start);
    state.next = row_seek(Resolution::kRaw, row->week, row->group, range.to + milliseconds(1));
    if (range.to < border) continue;
    const auto wanted = lacks(*row, range, missing);
    if (!wanted) return fail(wanted.error());
    if (*wanted) put_again(key, value, batch, change);
  }
  if (!more) state = {wanted_, wanted_, {}};
  std::string bytes{static_cast<char>(state.made), static_cast<char>(state.making)};
  batch.put(KeyFamily::kMeta, std::string(kStateKey), bytes + state.next);
  if (auto done = sums_.write(batch, change); !done) return fail(done.error());
  return more;
}

}  // namespace tocsin
