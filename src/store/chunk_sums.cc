#include "store/chunk_sums.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "store/big_endian.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr std::string_view kKeptKey = "chunk_sums";  // there: the sums of all days are
constexpr std::string_view kKept = "1";
const std::string kPastAll(40, '\xff');

std::string sums_key(int32_t day) { return "d" + chunk_seek(day); }

TimeMs begin_of(int32_t day) { return TimeMs{day * days(1).count}; }

std::string to_bytes(const DaySums& sums) {
  ByteWriter out;
  out.varint(sums.chunks);
  out.varint(sums.points);
  out.varint(sums.bytes);
  out.varint(static_cast<uint64_t>((sums.first - begin_of(sums.day)).count));
  out.varint(static_cast<uint64_t>((sums.last - begin_of(sums.day)).count));
  return out.take();
}

std::optional<DaySums> parse(std::string_view key, std::string_view value) {
  if (key.size() != 5) return std::nullopt;
  DaySums out;
  out.day = unflipped(get_big<uint32_t>(key, 1));
  ByteReader in(value);
  out.chunks = in.varint();
  out.points = in.varint();
  out.bytes = in.varint();
  const uint64_t first = in.varint(), last = in.varint();
  const auto day = static_cast<uint64_t>(days(1).count);
  if (!in.done() || first >= day || last >= day) return std::nullopt;
  out.first = begin_of(out.day) + DurationMs{static_cast<int64_t>(first)};
  out.last = begin_of(out.day) + DurationMs{static_cast<int64_t>(last)};
  return out;
}

void add(DaySums& to, const DaySums& what) {
  to.chunks += what.chunks;
  to.points += what.points;
  to.bytes += what.bytes;
  to.first = std::min(to.first, what.first);
  to.last = std::max(to.last, what.last);
}

uint64_t less(uint64_t from, uint64_t what) { return from - std::min(from, what); }

}  // namespace

void ChunkChange::put(TimeMs first, TimeMs last, size_t points, size_t bytes) {
  const int32_t day = day_of(first);
  add(days_[day].put, {day, 1, points, bytes, first, last});
}

void ChunkChange::remove(TimeMs first, size_t points, size_t bytes) {
  const int32_t day = day_of(first);
  add(days_[day].removed, {day, 1, points, bytes, first, first});
}

Result<void> ChunkSums::load() {
  auto read = read_day_sums(keyspace_);
  if (!read) return fail(read.error());
  if (!*read) return count_all();
  const std::lock_guard lock(mutex_);
  days_.clear();
  for (const DaySums& sums : **read) days_.emplace(sums.day, sums);
  return {};
}

Result<void> ChunkSums::count_all() {
  const auto counted = count_days(keyspace_);
  if (!counted) return fail(counted.error());
  if (!counted->empty())
    log::info("store: counted the chunks of {} days, which had no sums", counted->size());
  const std::lock_guard lock(mutex_);
  days_.clear();
  KeyBatch batch;  // removals go first
  const auto gone = [&](std::string_view key, std::string_view) {
    batch.remove(KeyFamily::kMeta, std::string(key));
    return true;
  };
  auto done = keyspace_.scan(KeyFamily::kMeta, "d", "e", gone);
  if (!done && done.error().code != ErrorCode::kCorrupt) return done;
  for (const DaySums& sums : *counted) {
    days_.emplace(sums.day, sums);
    batch.put(KeyFamily::kMeta, sums_key(sums.day), to_bytes(sums));
  }
  batch.put(KeyFamily::kMeta, std::string(kKeptKey), std::string(kKept));
  return keyspace_.write(batch);
}

Result<void> ChunkSums::write(KeyBatch& batch, const ChunkChange& change) {
  const std::lock_guard lock(mutex_);
  std::vector<DaySums> changed;
  for (const auto& [day, one] : change.days_) {
    const auto before = days_.find(day);
    DaySums sums = before != days_.end() ? before->second : DaySums{};
    sums.day = day;
    add(sums, one.put);
    sums.chunks = less(sums.chunks, one.removed.chunks);
    sums.points = less(sums.points, one.removed.points);
    sums.bytes = less(sums.bytes, one.removed.bytes);
    changed.push_back(sums);
    if (sums.chunks == 0)
      batch.remove(KeyFamily::kMeta, sums_key(day));
    else
      batch.put(KeyFamily::kMeta, sums_key(day), to_bytes(sums));
  }
  if (auto done = keyspace_.write(batch); !done) return done;
  for (const DaySums& sums : changed) {
    if (sums.chunks == 0)
      days_.erase(sums.day);
    else
      days_.insert_or_assign(sums.day, sums);
  }
  return {};
}

Result<void> ChunkSums::forget_before(int32_t day) {
  const std::lock_guard lock(mutex_);
  const auto end = days_.lower_bound(day);
  if (end == days_.begin()) return {};
  KeyBatch batch;
  for (auto at = days_.begin(); at != end; ++at)
    batch.remove(KeyFamily::kMeta, sums_key(at->first));
  if (auto done = keyspace_.write(batch); !done) return done;
  days_.erase(days_.begin(), end);
  return {};
}

Result<void> ChunkSums::settle(int32_t day) {
  const std::lock_guard lock(mutex_);
  if (!days_.contains(day)) return {};
  bool any = false;
  const auto seen = [&](std::string_view, std::string_view) {
    any = true;
    return false;
  };
  auto done =
      keyspace_.scan(KeyFamily::kChunks, chunk_seek(day), chunk_seek(int64_t{day} + 1), seen);
  if (!done || any) return {};  // what cannot be read is still there
  KeyBatch batch;
  batch.remove(KeyFamily::kMeta, sums_key(day));
  if (auto written = keyspace_.write(batch); !written) return written;
  days_.erase(day);
  return {};
}

std::vector<DaySums> ChunkSums::days() const {
  const std::lock_guard lock(mutex_);
  std::vector<DaySums> out;
  for (const auto& [day, sums] : days_) out.push_back(sums);
  return out;
}

Result<std::optional<std::vector<DaySums>>> read_day_sums(Keyspace& keyspace) {
  using Read = std::optional<std::vector<DaySums>>;
  const auto kept = keyspace.get(KeyFamily::kMeta, kKeptKey);
  if (!kept && kept.error().code != ErrorCode::kCorrupt) return fail(kept.error());
  if (!kept || !*kept || **kept != kKept) return Read();
  Read out(std::in_place);
  bool whole = true;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto sums = parse(key, value);
    whole = whole && sums;
    if (sums) out->push_back(*sums);
    return true;
  };
  auto done = keyspace.scan(KeyFamily::kMeta, "d", "e", visit);
  if (!done && done.error().code != ErrorCode::kCorrupt) return fail(done.error());
  return done && whole ? out : Read();
}

Result<std::vector<DaySums>> count_days(Keyspace& keyspace) {
  std::vector<DaySums> out;
  const auto visit = [&](std::string_view bytes, std::string_view value) {
    const auto key = parse_chunk_key(bytes);
    if (!key) return true;
    if (out.empty() || out.back().day != key->day) out.push_back({.day = key->day});
    const TimeMs end_of_day = range_of(RowSpan::kDay, key->start).to;
    add(out.back(), {key->day, 1, chunk_points(value), bytes.size() + value.size(), key->start,
                     std::min(chunk_end(*key, value), end_of_day)});
    return true;
  };
  auto done = keyspace.scan(KeyFamily::kChunks, "", kPastAll, visit);
  // What does not check out is for verify to say.
  if (!done && done.error().code != ErrorCode::kCorrupt) return fail(done.error());
  return out;
}

}  // namespace tocsin
