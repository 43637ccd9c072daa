#include "store/chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "base/bytes.h"
#include "base/log.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr size_t kKeyBytes = 32;  // partition 4, series 4, start 8, sealed_at 8, sub 4, sum 4
constexpr uint8_t kFormat = 1;
constexpr std::string_view kFlushedKey = "flushed_lsn";
// Values: format 1, crc 4, count 2, end - start varint, codec bytes.
constexpr size_t kSummedFrom = 5;

template <class T>
void put_big(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift));
}
template <class T>
T get_big(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value = static_cast<T>((value << 8) | static_cast<uint8_t>(bytes[at + i]));
  return value;
}
// Signed numbers sort as bytes once their sign is flipped.
uint64_t flipped(int64_t v) { return static_cast<uint64_t>(v) ^ (uint64_t{1} << 63); }
uint32_t flipped(int32_t v) { return static_cast<uint32_t>(v) ^ (uint32_t{1} << 31); }

struct Key {
  int32_t partition = 0;
  SeriesRef series;
  TimeMs start;
  Lsn sealed_at;
  uint32_t sub = 0;
  // Of the points' bytes: a chunk that is sealed anew after a restart can be equal in all of the
  // above and hold less; it must not replace the other one.
  uint32_t sum = 0;
};

std::string chunk_key(const Key& key) {
  std::string out;
  out.reserve(kKeyBytes);
  put_big(out, flipped(key.partition));
  put_big(out, key.series.index);
  put_big(out, flipped(key.start.ms));
  put_big(out, key.sealed_at.value);
  put_big(out, key.sub);
  put_big(out, key.sum);
  return out;
}

std::optional<Key> parse_key(std::string_view bytes) {
  if (bytes.size() != kKeyBytes) return std::nullopt;
  Key key;
  key.partition = static_cast<int32_t>(get_big<uint32_t>(bytes, 0) ^ (uint32_t{1} << 31));
  key.series.index = get_big<uint32_t>(bytes, 4);
  key.start.ms = static_cast<int64_t>(get_big<uint64_t>(bytes, 8) ^ (uint64_t{1} << 63));
  key.sealed_at.value = get_big<uint64_t>(bytes, 16);
  key.sub = get_big<uint32_t>(bytes, 24);
  key.sum = get_big<uint32_t>(bytes, 28);
  return key;
}

std::string partition_key(int64_t partition) {
  std::string out;
  put_big(out, flipped(static_cast<int32_t>(partition)));
  return out;
}

std::string chunk_value(const SealedChunk& chunk) {
  ByteWriter out;
  out.reserve(chunk.bytes.size() + 17);
  out.u8(kFormat);
  out.u32(0);
  out.u8(static_cast<uint8_t>(chunk.count));
  out.u8(static_cast<uint8_t>(chunk.count >> 8));
  out.varint(static_cast<uint64_t>(chunk.end.ms) - static_cast<uint64_t>(chunk.start.ms));
  std::string bytes = out.take();
  bytes += chunk.bytes;
  return bytes;
}

// The sum covers the key, too: a value under a wrong key does not check out.
uint32_t value_crc(std::string_view key, std::string_view value) {
  return crc32c(key, crc32c(value.substr(kSummedFrom)));
}

bool decode_value(const Key& key, std::string_view key_bytes, std::string_view value,
                  std::vector<Sample>& out) {
  ByteReader in(value);
  if (in.u8() != kFormat) return false;
  const uint32_t crc = in.u32();
  if (!in.ok() || crc != value_crc(key_bytes, value)) return false;
  const auto count = static_cast<size_t>(in.u8()) | (static_cast<size_t>(in.u8()) << 8);
  in.varint();  // the end, for readers that only skip
  if (!in.ok() || !decode_samples(value.substr(value.size() - in.left()), out)) return false;
  return out.size() == count && count > 0 && out.front().time == key.start;
}

// The end of a chunk without decoding or summing it; a damaged one seems to last for ever.
TimeMs chunk_end(const Key& key, std::string_view value) {
  ByteReader in(value.substr(std::min<size_t>(value.size(), 7)));
  const uint64_t span = in.varint();
  if (!in.ok() || span > static_cast<uint64_t>(kSpanMax.count)) return TimeMs{INT64_MAX};
  return TimeMs{static_cast<int64_t>(static_cast<uint64_t>(key.start.ms) + span)};
}

TimeMs minus_span(TimeMs time) {
  return TimeMs{time.ms < INT64_MIN + kSpanMax.count ? INT64_MIN : time.ms - kSpanMax.count};
}

std::string catalogue_value(const Labels& labels) {
  ByteWriter out;
  out.varint(labels.pairs().size());
  for (const auto& [name, value] : labels.pairs()) {
    out.text(name);
    out.text(value);
  }
  std::string bytes = out.take();
  const uint32_t crc = crc32c(bytes);
  bytes.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  return bytes;
}

std::optional<Labels> parse_catalogue(std::string_view value) {
  uint32_t crc = 0;
  if (value.size() < sizeof crc) return std::nullopt;
  std::memcpy(&crc, value.data() + value.size() - sizeof crc, sizeof crc);
  value.remove_suffix(sizeof crc);
  if (crc32c(value) != crc) return std::nullopt;
  ByteReader in(value);
  std::vector<Labels::Pair> pairs;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    pairs.emplace_back(name, in.text());
  }
  if (!in.done()) return std::nullopt;
  return Labels(std::move(pairs));
}

struct Found {
  Lsn sealed_at;
  uint32_t sub;
  std::vector<Sample> samples;
};

// Later writes over earlier ones.
void merge_found(std::vector<Found>& found, std::vector<Sample>& out) {
  const bool apart =
      std::adjacent_find(found.begin(), found.end(), [](const Found& a, const Found& b) {
        return a.samples.back().time >= b.samples.front().time;
      }) == found.end();
  if (apart) {
    for (const Found& part : found) out.insert(out.end(), part.samples.begin(), part.samples.end());
    return;
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.sealed_at, a.sub) < std::tie(b.sealed_at, b.sub);
  });
  std::map<TimeMs, double> points;
  for (const Found& part : found)
    for (const Sample& sample : part.samples) points[sample.time] = sample.value;
  for (const auto& [time, value] : points) out.push_back({time, value});
}

}  // namespace

int32_t partition_of(TimeMs time) {
  constexpr int64_t kWeek = days(7).count;
  const int64_t week = time.ms / kWeek - (time.ms % kWeek < 0 ? 1 : 0);
  return static_cast<int32_t>(std::clamp<int64_t>(week, INT32_MIN, INT32_MAX - 1));
}

std::string ChunkDamage::text(const SeriesTable& table) const {
  return fmt::format(
      "a chunk of {} that starts at {} does not check out; up to {} of points are "
      "missing",
      table.known(series) ? table.labels(series).text() : fmt::format("series {}", series.index),
      to_iso(from), to_text(to - from));
}

Chunks::Chunks(Keyspace& keyspace, SeriesTable& series, Counters& counters)
    : keyspace_(keyspace),
      series_(series),
      written_(counters.counter("tocsin_chunks_written_total", "", "Chunks written.")),
      written_bytes_(counters.counter("tocsin_chunks_written_bytes_total", "",
                                      "Bytes of chunks written, keys included.")),
      written_points_(counters.counter("tocsin_chunks_written_points_total", "",
                                       "Points in the chunks written.")),
      damaged_(counters.counter("tocsin_chunks_damaged_total", "",
                                "Chunks and catalogue entries that did not check out.")) {}

Result<void> Chunks::load_catalogue(const std::function<uint32_t(SeriesRef)>& home_of) {
  uint32_t whole = 0;  // entries below this are all there and need not be written again
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto labels = parse_catalogue(value);
    const SeriesRef ref{key.size() == 4 ? get_big<uint32_t>(key, 0) : UINT32_MAX};
    const auto restored = labels && ref != kNoSeries
                              ? series_.restore(ref, *labels, home_of(ref))
                              : fail(ErrorCode::kCorrupt, "it does not check out");
    if (restored) {
      if (ref.index == whole) ++whole;
      return true;
    }
    damaged_.add();
    log::error("catalogue entry of series {}: {}", ref.index, restored.error().text());
    return true;
  };
  if (auto read = keyspace_.scan(KeyFamily::kCatalogue, "", std::string(5, '\xff'), visit); !read)
    return read;
  catalogued_ = whole;
  return {};
}

uint32_t Chunks::put(std::span<const SealedChunkPtr> chunks, KeyBatch& batch) {
  const uint32_t known = series_.size();
  for (uint32_t index = catalogued_; index < known; ++index) {
    const SeriesRef ref{index};
    if (!series_.known(ref)) continue;
    std::string key;
    put_big(key, ref.index);
    batch.put(KeyFamily::kCatalogue, std::move(key), catalogue_value(series_.labels(ref)));
  }
  for (const SealedChunkPtr& chunk : chunks) {
    std::string key = chunk_key({partition_of(chunk->start), chunk->series, chunk->start,
                                 chunk->sealed_at, chunk->sub, crc32c(chunk->bytes)});
    std::string value = chunk_value(*chunk);
    const uint32_t crc = value_crc(key, value);
    std::memcpy(value.data() + 1, &crc, sizeof crc);
    written_.add();
    written_points_.add(chunk->count);
    written_bytes_.add(key.size() + value.size());
    batch.put(KeyFamily::kChunks, std::move(key), std::move(value));
  }
  return known;
}

void Chunks::put_flushed_lsn(Lsn lsn, KeyBatch& batch) const {
  std::string value;
  put_big(value, lsn.value);
  put_big(value, crc32c(value));
  batch.put(KeyFamily::kMeta, std::string(kFlushedKey), std::move(value));
}

Result<Lsn> Chunks::flushed_lsn() const {
  const auto value = keyspace_.get(KeyFamily::kMeta, kFlushedKey);
  if (!value) return fail(value.error());
  if (!*value) return Lsn{0};
  const std::string_view bytes(**value);
  if (bytes.size() != 12 || get_big<uint32_t>(bytes, 8) != crc32c(bytes.substr(0, 8))) {
    damaged_.add();
    return Lsn{0};  // everything the journal has is replayed once more: safe, only slower
  }
  return Lsn{get_big<uint64_t>(bytes, 0)};
}

Result<void> Chunks::read(SeriesRef series, TimeMs from, TimeMs to, std::vector<Sample>& out,
                          std::vector<ChunkDamage>* damage) const {
  std::vector<Found> found;
  const TimeMs back = minus_span(from);
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const auto key = parse_key(key_bytes);
    if (!key || chunk_end(*key, value) < from) return true;
    std::vector<Sample> samples;
    if (!decode_value(*key, key_bytes, value, samples)) {
      damaged_.add();
      if (damage != nullptr) damage->push_back({series, key->start, key->start + kSpanMax});
      return true;
    }
    std::erase_if(samples, [&](const Sample& s) { return s.time < from || s.time > to; });
    if (!samples.empty()) found.push_back({key->sealed_at, key->sub, std::move(samples)});
    return true;
  };
  for (int64_t p = partition_of(back); p <= partition_of(to); ++p) {
    if (const auto next = next_partition(p); !next)
      return fail(next.error());
    else if (*next > partition_of(to))
      break;
    else
      p = *next;
    const auto week = static_cast<int32_t>(p);
    const std::string first = chunk_key({week, series, back, {0}, 0, 0});
    const std::string last = chunk_key({week, series, to, {UINT64_MAX}, UINT32_MAX, UINT32_MAX});
    if (auto done = keyspace_.scan(KeyFamily::kChunks, first, last, visit); !done) return done;
  }
  merge_found(found, out);
  return {};
}

// The first week >= `partition` that holds anything: wide ranges touch only weeks that exist.
Result<int64_t> Chunks::next_partition(int64_t partition) const {
  int64_t next = INT64_MAX;
  const auto visit = [&](std::string_view key, std::string_view) {
    if (const auto parsed = parse_key(key)) next = parsed->partition;
    return false;
  };
  if (auto done = keyspace_.scan(KeyFamily::kChunks, partition_key(partition),
                                 std::string(kKeyBytes + 1, '\xff'), visit);
      !done)
    return fail(done.error());
  return next;
}

Result<uint64_t> Chunks::drop_before(TimeMs before) {
  // A chunk of the last week dropped may reach into the next by its span.
  const int64_t end = partition_of(minus_span(before));
  uint64_t dropped = 0;
  for (int64_t at = INT32_MIN;;) {
    const auto next = next_partition(at);
    if (!next) return fail(next.error());
    if (*next >= end) return dropped;
    if (auto done = keyspace_.drop_range(KeyFamily::kChunks, partition_key(*next),
                                         partition_key(*next + 1));
        !done)
      return fail(done.error());
    ++dropped;
    at = *next + 1;
  }
}

}  // namespace tocsin
