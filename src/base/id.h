#pragma once
// Ids are hashes of content (XXH3-128, seed 0), so that the same input gives the same ids again.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

struct Id128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend constexpr auto operator<=>(const Id128&, const Id128&) = default;
};

// 32 lower-case hexadecimal digits.
std::string to_text(const Id128& id);
std::optional<Id128> parse_id(std::string_view text);

Id128 hash128(std::string_view bytes);
uint64_t hash64(std::string_view bytes);

// Hashes parts with their lengths between them: {"ab","c"} and {"a","bc"} differ.
class IdBuilder {
 public:
  IdBuilder& add(std::string_view part);
  IdBuilder& add(int64_t number);
  Id128 finish() const { return hash128(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace tocsin

template <>
struct std::hash<tocsin::Id128> {
  size_t operator()(const tocsin::Id128& id) const noexcept { return id.low ^ id.high; }
};
