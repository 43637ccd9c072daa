// Keys of line protocol: checked and unescaped once per series, off the hot path.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wire/line_protocol.h"

namespace tocsin::wire {
namespace {

// Reads up to a byte of `stops` that no backslash escapes. A backslash before one of `escapable` is
// dropped; any other stands for itself.
std::string take_part(std::string_view key, size_t& at, std::string_view stops,
                      std::string_view escapable) {
  std::string out;
  while (at < key.size()) {
    if (key[at] == '\\' && at + 1 < key.size() &&
        escapable.find(key[at + 1]) != std::string_view::npos) {
      out += key[at + 1];
      at += 2;
      continue;
    }
    if (stops.find(key[at]) != std::string_view::npos) break;
    out += key[at++];
  }
  return out;
}

std::optional<LineError> too_long(std::string_view what, size_t bytes, size_t bytes_max,
                                  size_t at) {
  if (bytes <= bytes_max) return std::nullopt;
  return LineError{LineFault::kLimit, static_cast<uint32_t>(at + 1),
                   fmt::format("{} has {} bytes; at most {} are accepted", what, bytes, bytes_max)};
}

LineError wrong(LineFault fault, size_t at, std::string why) {
  return {fault, static_cast<uint32_t>(at + 1), std::move(why)};
}

// One ",name=value"; `at` stands behind the comma.
std::optional<LineError> take_tag(std::string_view key, size_t& at, const LineLimits& limits,
                                  LineKey& out) {
  const size_t name_at = at;
  std::string name = take_part(key, at, ",=", ",= ");
  if (name.empty()) return wrong(LineFault::kSyntax, name_at, "missing tag key");
  if (at == key.size() || key[at] != '=') return wrong(LineFault::kSyntax, at, "missing tag value");
  const size_t value_at = ++at;
  std::string value = take_part(key, at, ",=", ",= ");
  if (value.empty()) return wrong(LineFault::kSyntax, value_at, "missing tag value");
  if (at < key.size() && key[at] == '=') return wrong(LineFault::kSyntax, at, "invalid tag format");
  if (auto error = too_long("a tag key", name.size(), limits.label_name_bytes_max, name_at))
    return error;
  if (auto error = too_long(fmt::format("the value of tag {}", cut_text(name, 64)), value.size(),
                            limits.label_value_bytes_max, value_at))
    return error;
  if (name == kNameLabel)
    return wrong(LineFault::kLabel, name_at, "tag key __name__ is reserved for the series' name");
  out.tags.emplace_back(std::move(name), std::move(value));
  return std::nullopt;
}

std::optional<LineError> check_unique(const LineKey& key) {
  std::vector<std::string_view> names;
  for (const auto& tag : key.tags) names.push_back(tag.first);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return std::nullopt;
  return wrong(LineFault::kLabel, 0, fmt::format("duplicate tags: {}", cut_text(*twice, 64)));
}

}  // namespace

std::optional<LineError> parse_line_key(std::string_view key, const LineLimits& limits,
                                        LineKey& out) {
  out.tags.clear();
  if (key.size() > limits.key_bytes_max)
    return too_long("the key", key.size(), limits.key_bytes_max, 0);
  size_t at = 0;
  out.measurement = take_part(key, at, ",", ", ");
  if (out.measurement.empty()) return wrong(LineFault::kSyntax, 0, "missing measurement");
  while (at < key.size()) {
    if (out.tags.size() + 1 >= limits.labels_max)
      return wrong(LineFault::kLimit, at, fmt::format("more than {} tags", limits.labels_max - 1));
    if (auto error = take_tag(key, ++at, limits, out)) return error;
  }
  if (!valid_utf8(key)) return wrong(LineFault::kLabel, 0, "measurement or tags are not UTF-8");
  return check_unique(out);
}

std::optional<LineError> line_labels(const LineKey& key, std::string_view field_name,
                                     const LineLimits& limits, Labels& out) {
  size_t at = 0;
  const std::string field = take_part(field_name, at, "", ",= ");
  if (!valid_utf8(field)) return wrong(LineFault::kLabel, 0, "a field key is not UTF-8");
  const std::string name = field == "value" ? key.measurement : key.measurement + "_" + field;
  if (auto error = too_long("the series' name", name.size(), limits.label_value_bytes_max, 0))
    return error;
  out = Labels::of(name, key.tags);
  return std::nullopt;
}

}  // namespace tocsin::wire
