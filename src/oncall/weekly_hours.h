#pragma once
// Hours of a week on a wall clock: "mon-fri 09:00-18:00". Plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin::oncall {

inline constexpr int64_t kWeekMs = 7 * int64_t{86'400'000};

class WeeklyHours {
 public:
  // Milliseconds since Monday 00:00; begin < end <= kWeekMs, sorted, neither touching nor
  // overlapping.
  struct Span {
    int64_t begin_ms = 0;
    int64_t end_ms = 0;
  };
  // No text: all hours. "mon-fri 09:00-18:00", "sat,sun", "22:00-06:00" (every day, over midnight).
  static Result<WeeklyHours> parse(const std::vector<std::string>& texts);

  bool always() const { return spans_.empty(); }
  // Of one week; one span of all of it if always().
  const std::vector<Span>& spans() const;
  // The parts of [begin, end), wall-clock ms since 1970, that are within these hours, ascending.
  std::vector<Span> within(int64_t begin_wall_ms, int64_t end_wall_ms) const;
  bool touches(int64_t begin_wall_ms, int64_t end_wall_ms) const;

 private:
  std::vector<Span> spans_;  // empty = always
};

}  // namespace tocsin::oncall
