#pragma once
// An IANA time zone as a sorted table of offsets, read once from the system's tz database.
// Immutable and cheap to copy; any thread may ask. Times before 1970 and after 2100 take the offset
// at that end.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tocsin::calendar {

class Zone {
 public:
  Zone();  // UTC
  // "Europe/Madrid"; kInvalid, with the nearest name, if the tz database has no such zone.
  static Result<Zone> find(std::string_view name);

  const std::string& name() const;
  // Wall clock minus UTC at that instant.
  DurationMs offset(TimeMs at) const;

  // Remembers the last answer: consecutive instants cost a comparison. One per caller.
  struct Cursor {
    int64_t from_ms = 1;
    int64_t until_ms = 0;  // from > until: knows nothing yet
    int64_t offset_ms = 0;
  };
  // What the wall clock shows, as milliseconds since 1970-01-01T00:00 on that clock.
  int64_t wall_ms(TimeMs at, Cursor& cursor) const {
    if (at.ms < cursor.from_ms || at.ms >= cursor.until_ms) refill(at, cursor);
    return at.ms + cursor.offset_ms;
  }

 private:
  struct Table;
  void refill(TimeMs at, Cursor& cursor) const;
  std::shared_ptr<const Table> table_;
};

enum class Season : uint8_t { kDay, kWeek };
constexpr int64_t season_ms(Season season) {
  return season == Season::kDay ? 86'400'000 : 604'800'000;
}

// A wall-clock instant within its season. Weeks begin on Monday at 00:00 of the wall clock.
struct SeasonPosition {
  int64_t period = 0;     // number of the day or week since 1970 (may be negative)
  int64_t offset_ms = 0;  // since the period began, on the wall clock
};
SeasonPosition season_position(Season season, int64_t wall_ms);

}  // namespace tocsin::calendar
