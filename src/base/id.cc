#include "base/id.h"

#include <xxhash.h>

#include <charconv>

namespace tocsin {

std::string to_text(const Id128& id) {
  std::string out(32, '0');
  uint64_t left = id.low;
  for (size_t i = out.size(); i-- > 0; left >>= 4) {
    if (i == 15) left = id.high;
    out[i] = "0123456789abcdef"[left & 15];
  }
  return out;
}

std::optional<Id128> parse_id(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Id128 id;
  const auto high = std::from_chars(text.data(), text.data() + 16, id.high, 16);
  const auto low = std::from_chars(text.data() + 16, text.data() + 32, id.low, 16);
  if (high.ec != std::errc{} || high.ptr != text.data() + 16) return std::nullopt;
  if (low.ec != std::errc{} || low.ptr != text.data() + 32) return std::nullopt;
  return id;
}

Id128 hash128(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

IdBuilder& IdBuilder::add(std::string_view part) {
  add(static_cast<int64_t>(part.size()));
  bytes_.append(part);
  return *this;
}

IdBuilder& IdBuilder::add(int64_t number) {
  for (int shift = 0; shift < 64; shift += 8)
    bytes_.push_back(static_cast<char>(static_cast<uint64_t>(number) >> shift));
  return *this;
}

}  // namespace tocsin
