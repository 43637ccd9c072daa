#include "store/store_stats.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "store/big_endian.h"

namespace tocsin {
namespace {

const std::string kPastAll(40, '\xff');

}  // namespace

std::string partition_key(Resolution resolution, int64_t week) {
  return "p" + row_partition(resolution, week);
}

std::string to_bytes(const PartitionStats& stats) {
  ByteWriter out;
  out.varint(stats.rows);
  out.varint(stats.points);
  out.varint(stats.bytes);
  return out.take();
}

std::optional<PartitionStats> parse_partition(std::string_view key, std::string_view value) {
  if (key.size() != 6 || static_cast<uint8_t>(key[1]) >= kResolutions) return std::nullopt;
  PartitionStats out;
  out.resolution = static_cast<Resolution>(key[1]);
  const TimeMs begin{unflipped(get_big<uint32_t>(key, 2)) * days(7).count};
  out.from = begin;
  out.to = begin + days(7) - milliseconds(1);
  ByteReader in(value);
  out.rows = in.varint();
  out.points = in.varint();
  out.bytes = in.varint();
  return in.done() ? std::optional(out) : std::nullopt;
}

double StoreStats::raw_bytes_per_point() const {
  const uint64_t all = points[0] + chunk_points;
  if (all == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(bytes[0] + chunk_bytes + catalogue_bytes) / static_cast<double>(all);
}

void StoreStats::take(std::vector<DaySums> chunk_days) {
  days = std::move(chunk_days);
  for (const DaySums& day : days) {
    chunks += day.chunks;
    chunk_points += day.points;
    chunk_bytes += day.bytes;
    oldest = std::min(oldest, day.first);
    newest = std::max(newest, day.last);
  }
}

Result<void> read_partitions(Keyspace& keyspace, StoreStats& out) {
  const auto partition = [&](std::string_view key, std::string_view value) {
    const auto stats = parse_partition(key, value);
    if (!stats) return true;
    out.partitions.push_back(*stats);
    out.points[static_cast<size_t>(stats->resolution)] += stats->points;
    out.bytes[static_cast<size_t>(stats->resolution)] += stats->bytes;
    if (stats->resolution != Resolution::kRaw) return true;
    out.oldest = std::min(out.oldest, stats->from);
    out.newest = std::max(out.newest, stats->to);
    return true;
  };
  return keyspace.scan(KeyFamily::kMeta, "p", "q", partition);
}

Result<void> read_stats(Keyspace& keyspace, StoreStats& out) {
  if (auto done = read_partitions(keyspace, out); !done) return done;
  auto kept = read_day_sums(keyspace);
  if (!kept) return fail(kept.error());
  if (!*kept) {
    auto counted = count_days(keyspace);
    if (!counted) return fail(counted.error());
    *kept = std::move(*counted);
  }
  out.take(std::move(**kept));
  const auto entry = [&](std::string_view key, std::string_view value) {
    ++out.series;
    out.catalogue_bytes += key.size() + value.size();
    return true;
  };
  auto done = keyspace.scan(KeyFamily::kCatalogue, "", kPastAll, entry);
  // What does not check out is for verify to say.
  if (!done && done.error().code != ErrorCode::kCorrupt) return done;
  out.disk_bytes = keyspace.stats().disk_bytes;
  return {};
}

}  // namespace tocsin
