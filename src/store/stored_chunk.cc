#include "store/stored_chunk.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "store/big_endian.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr size_t kKeyBytes = 32;  // day 4, series 4, start 8, sealed_at 8, sub 4, sum 4
constexpr uint8_t kFormat = 2;
// Values: format 1, crc 4, count 2, end - start varint, codec bytes.
constexpr size_t kSummedFrom = 5;

// The sum covers the key, too: a value under a wrong key does not check out.
uint32_t value_crc(std::string_view key, std::string_view value) {
  return crc32c(key, crc32c(value.substr(kSummedFrom)));
}

}  // namespace

std::string chunk_seek(int64_t day) {
  std::string out;
  put_big(out, flipped(static_cast<int32_t>(day)));
  return out;
}

std::string chunk_seek(int64_t day, SeriesRef series) {
  std::string out = chunk_seek(day);
  put_big(out, series.index);
  return out;
}

std::string to_bytes(const ChunkKey& key) {
  std::string out;
  out.reserve(kKeyBytes);
  put_big(out, flipped(key.day));
  put_big(out, key.series.index);
  put_big(out, flipped(key.start.ms));
  put_big(out, key.order.sealed_at.value);
  put_big(out, key.order.sub);
  put_big(out, key.sum);
  return out;
}

std::optional<ChunkKey> parse_chunk_key(std::string_view bytes) {
  if (bytes.size() != kKeyBytes) return std::nullopt;
  ChunkKey key;
  key.day = unflipped(get_big<uint32_t>(bytes, 0));
  key.series.index = get_big<uint32_t>(bytes, 4);
  key.start.ms = unflipped(get_big<uint64_t>(bytes, 8));
  key.order.sealed_at.value = get_big<uint64_t>(bytes, 16);
  key.order.sub = get_big<uint32_t>(bytes, 24);
  key.sum = get_big<uint32_t>(bytes, 28);
  return key;
}

StoredChunk stored(const SealedChunk& chunk) {
  ByteWriter out;
  out.reserve(chunk.bytes.size() + 17);
  out.u8(kFormat);
  out.u32(0);
  out.u8(static_cast<uint8_t>(chunk.count));
  out.u8(static_cast<uint8_t>(chunk.count >> 8));
  out.varint(static_cast<uint64_t>(chunk.end.ms) - static_cast<uint64_t>(chunk.start.ms));
  StoredChunk made{to_bytes({day_of(chunk.start),
                             chunk.series,
                             chunk.start,
                             {chunk.sealed_at, chunk.sub},
                             crc32c(chunk.bytes)}),
                   out.take() + chunk.bytes};
  const uint32_t crc = value_crc(made.key, made.value);
  std::memcpy(made.value.data() + 1, &crc, sizeof crc);
  return made;
}

bool decode_chunk(const ChunkKey& key, std::string_view key_bytes, std::string_view value,
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

// A damaged chunk seems to last for ever: then it is read, and found out.
TimeMs chunk_end(const ChunkKey& key, std::string_view value) {
  ByteReader in(value.substr(std::min<size_t>(value.size(), 7)));
  const uint64_t span = in.varint();
  if (!in.ok() || span >= static_cast<uint64_t>(days(1).count)) return TimeMs{INT64_MAX};
  return TimeMs{static_cast<int64_t>(static_cast<uint64_t>(key.start.ms) + span)};
}

size_t chunk_points(std::string_view value) {
  if (value.size() < 7) return 0;
  return static_cast<size_t>(static_cast<uint8_t>(value[5])) |
         (static_cast<size_t>(static_cast<uint8_t>(value[6])) << 8);
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

}  // namespace tocsin
