#include "wire/alert_fields.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::wire {
namespace {

constexpr size_t kShownBytesMax = 60;

std::string expected(std::string_view what, std::string_view type) {
  return fmt::format("{} is no {}", what, type);
}

}  // namespace

bool FieldReader::text(JsonValue value, std::string_view what, std::string& out) {
  std::string_view read;
  if (!value.get_string().get(read)) {
    out = read;
    return true;
  }
  bool null = false;
  if (!value.is_null().get(null) && null) return true;
  wrong = expected(what, "text");
  return false;
}

bool FieldReader::time(JsonValue value, std::string_view what, TimeMs& out) {
  std::string read;
  if (!text(value, what, read)) return false;
  if (read.empty()) return true;
  const auto parsed = parse_time(read);
  if (!parsed) {
    wrong = fmt::format("{} \"{}\" is no time as 2026-11-23T14:32:45Z", what,
                        cut_text(read, kShownBytesMax));
    return false;
  }
  // Go's zero time, the year 1, says that there is none.
  out = parsed->ms > 0 ? *parsed : TimeMs{};
  return true;
}

bool FieldReader::pairs(JsonValue value, std::string_view what, std::vector<Labels::Pair>& out) {
  JsonObject members;
  if (value.get_object().get(members)) {
    bool null = false;
    if (!value.is_null().get(null) && null) return true;
    wrong = expected(what, "object");
    return false;
  }
  for (auto field : members) {
    std::string_view name;
    JsonValue member;
    if (field.unescaped_key().get(name) || field.value().get(member)) {
      wrong = expected(what, "object of texts");
      return false;
    }
    auto& pair = out.emplace_back(std::string(name), std::string());
    if (!text(member, what, pair.second)) return false;
  }
  return true;
}

std::string pairs_fault(const std::vector<Labels::Pair>& pairs, const AlertJsonLimits& limits) {
  if (pairs.size() > limits.pairs_max)
    return fmt::format("{} pairs, at most {} are kept", pairs.size(), limits.pairs_max);
  size_t bytes = 0;
  for (const auto& [name, value] : pairs) {
    if (name.empty() || name.size() > limits.name_bytes_max)
      return fmt::format("invalid name \"{}\"", cut_text(name, kShownBytesMax));
    if (name.find('\0') != name.npos || value.find('\0') != value.npos)
      return fmt::format("a NUL byte in \"{}\"", cut_text(name.c_str(), kShownBytesMax));
    bytes += name.size() + value.size();
  }
  if (bytes > limits.alert_bytes_max)
    return fmt::format("{} bytes, at most {} are kept", bytes, limits.alert_bytes_max);
  return "";
}

bool iterate(simdjson::ondemand::parser& parser, const std::string& body,
             simdjson::ondemand::document& document, std::string& wrong) {
  const auto error =
      parser.iterate(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING)
          .get(document);
  if (!error) return true;
  wrong = simdjson::error_message(error);
  return false;
}

}  // namespace tocsin::wire
