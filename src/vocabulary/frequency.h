#pragma once
// How often something is wanted: "1 per week", "4 per 30d". Written so in the configuration.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tocsin {

struct Frequency {
  double count = 0;  // 0 = never
  DurationMs span = days(7);

  double per(DurationMs other) const {
    return count * static_cast<double>(other.count) / static_cast<double>(span.count);
  }
  double per_week() const { return per(days(7)); }

  // "COUNT per SPAN": a span as durations are written ("30d"), or hour, day, week, month (30 days).
  // nullopt if it is not one, the count is negative or not finite, or the span is below a minute.
  static std::optional<Frequency> parse(std::string_view text);
  friend bool operator==(const Frequency&, const Frequency&) = default;
};

// As parse() reads it: "1 per week".
std::string to_text(const Frequency& frequency);

}  // namespace tocsin
