#pragma once
// Reading what a request asks: query parameters, ids in the path, JSON bodies. Every error says
// which one, what it was and what it may be.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "vocabulary/alert.h"
#include "vocabulary/matcher.h"

namespace tocsin::server {

Result<size_t> limit_param(const net::Request& request, size_t standard, size_t max);
// label=name=value, as often as wanted.
Result<std::vector<Labels::Pair>> label_params(const net::Request& request);
Result<uint32_t> width_param(const net::Request& request);
// Unix milliseconds or ISO 8601; `standard` if it is missing.
Result<TimeMs> time_param(const net::Request& request, std::string_view name, TimeMs standard);
struct TimeRange {
  TimeMs from, to;
};
// from (standard: an hour before to) and to (standard: now); from < to, at most ten years.
Result<TimeRange> range_params(const net::Request& request, TimeMs now);
Result<SeriesSelector> selector_param(const net::Request& request);  // ?match=
// ?series=name{a="b"}: one series by all of its labels.
Result<Labels> series_param(const net::Request& request);
Result<std::optional<Severity>> severity_param(const net::Request& request);
// The ":id" of the path; nullopt if it is no id at all, so there can be no such alert.
std::optional<Id128> id_param(const net::Request& request);

// The members of a JSON object: a request's body.
class Body {
 public:
  static constexpr size_t kBytesMax = 256 * 1024;
  // An empty body is an empty object. kInvalid for what is not one JSON object of so many bytes.
  static Result<Body> parse(std::string_view text, size_t bytes_max = kBytesMax);

  bool has(std::string_view key) const;  // it is there and not null
  // The text of a member, "" if it is missing or null; kInvalid if it is something else, or longer
  // than bytes_max.
  Result<std::string> text(std::string_view key, size_t bytes_max) const;
  Result<std::string> required_text(std::string_view key, size_t bytes_max) const;
  Result<std::vector<std::string>> required_texts(std::string_view key, size_t items_max) const;
  // An object whose members are texts, or null. At least one, at most `items_max`.
  using TextMap = std::map<std::string, std::optional<std::string>>;
  Result<TextMap> required_text_map(std::string_view key, size_t items_max, size_t bytes_max) const;
  // The same, where it may be missing, null or without members.
  Result<TextMap> text_map(std::string_view key, size_t items_max, size_t bytes_max) const;
  // The number of a member; nothing if it is missing or null.
  Result<std::optional<double>> number(std::string_view key) const;
  // An object whose members are finite numbers; empty if it is missing or null.
  Result<std::map<std::string, double>> numbers(std::string_view key, size_t items_max) const;
  Result<TimeMs> required_time(std::string_view key) const;  // unix milliseconds or ISO 8601

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// Who does it: "by" of the body says so, else the token does. kInvalid if neither does.
Result<std::string> author(const Body& body, const net::Request& request);

}  // namespace tocsin::server
