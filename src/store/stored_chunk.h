#pragma once
// The bytes of one sealed chunk in the keyspace, and of one entry of the catalogue of series.
// docs/formats/chunks.md draws both.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/head.h"
#include "store/rows.h"
#include "vocabulary/labels.h"

namespace tocsin {

struct ChunkKey {
  int32_t day = 0;  // of its start; a chunk never reaches into the next day
  SeriesRef series;
  TimeMs start;
  WriteOrder order;
  // Of the points' bytes: a chunk that is sealed anew after a restart can be equal in all of the
  // above and hold less; it must not replace the other one.
  uint32_t sum = 0;
};
std::string to_bytes(const ChunkKey& key);
std::optional<ChunkKey> parse_chunk_key(std::string_view bytes);
std::string chunk_seek(int64_t day);                    // first key of a day
std::string chunk_seek(int64_t day, SeriesRef series);  // of a series in a day

struct StoredChunk {
  std::string key, value;
};
StoredChunk stored(const SealedChunk& chunk);
// False if it does not check out.
bool decode_chunk(const ChunkKey& key, std::string_view key_bytes, std::string_view value,
                  std::vector<Sample>& out);
// Without decoding or checking.
TimeMs chunk_end(const ChunkKey& key, std::string_view value);
size_t chunk_points(std::string_view value);

std::string catalogue_value(const Labels& labels);
std::optional<Labels> parse_catalogue(std::string_view value);

}  // namespace tocsin
