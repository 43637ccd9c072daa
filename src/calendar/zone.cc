#include "calendar/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace tocsin::calendar {
namespace {

constexpr int64_t kDayMs = 86'400'000;
// 1970-01-01 was a Thursday: Monday 1969-12-29 begins week 0.
constexpr int64_t kDaysSinceMonday = 3;

int64_t floor_divide(int64_t value, int64_t by) {
  const int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

std::string unknown_zone(std::string_view name) {
  std::vector<std::string_view> names;
  try {
    for (const date::time_zone& zone : date::get_tzdb().zones) names.emplace_back(zone.name());
  } catch (const std::exception&) {
    names.clear();
  }
  const std::string_view near = nearest_word(name, names);
  std::string text = fmt::format(
      "cannot use \"{}\" as a time zone: the system's tz database has no "
      "such zone; expected an IANA name such as Europe/Madrid",
      name);
  if (!near.empty()) text += fmt::format("; did you mean \"{}\"?", near);
  return text;
}

}  // namespace

// starts_ms[i] is the instant from which offsets_ms[i] holds; starts_ms[0] is the far past.
struct Zone::Table {
  std::string name;
  std::vector<int64_t> starts_ms;
  std::vector<int64_t> offsets_ms;
};

Zone::Zone() {
  static const auto utc =
      std::make_shared<const Table>(Table{"UTC", {std::numeric_limits<int64_t>::min()}, {0}});
  table_ = utc;
}

Result<Zone> Zone::find(std::string_view name) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Table table{std::string(name), {}, {}};
  try {
    const date::time_zone* zone = date::locate_zone(table.name);
    const date::sys_seconds last = date::sys_days{date::year{2100} / 1 / 1};
    date::sys_seconds at = date::sys_days{date::year{1970} / 1 / 1};
    while (at < last) {
      const date::sys_info info = zone->get_info(at);
      table.starts_ms.push_back(milliseconds(at.time_since_epoch()).count());
      table.offsets_ms.push_back(milliseconds(info.offset).count());
      at = info.end;
    }
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalid, unknown_zone(name));
  }
  table.starts_ms.front() = std::numeric_limits<int64_t>::min();
  Zone found;
  found.table_ = std::make_shared<const Table>(std::move(table));
  return found;
}

const std::string& Zone::name() const { return table_->name; }

DurationMs Zone::offset(TimeMs at) const {
  Cursor cursor;
  refill(at, cursor);
  return DurationMs{cursor.offset_ms};
}

void Zone::refill(TimeMs at, Cursor& cursor) const {
  const auto& starts = table_->starts_ms;
  const auto next = std::upper_bound(starts.begin(), starts.end(), at.ms);
  const size_t index = static_cast<size_t>(next - starts.begin()) - 1;
  cursor.from_ms = starts[index];
  cursor.until_ms = next == starts.end() ? std::numeric_limits<int64_t>::max() : *next;
  cursor.offset_ms = table_->offsets_ms[index];
}

SeasonPosition season_position(Season season, int64_t wall_ms) {
  const int64_t day = floor_divide(wall_ms, kDayMs);
  const int64_t in_day = wall_ms - day * kDayMs;
  if (season == Season::kDay) return {day, in_day};
  const int64_t week = floor_divide(day + kDaysSinceMonday, 7);
  const int64_t weekday = day + kDaysSinceMonday - week * 7;
  return {week, weekday * kDayMs + in_day};
}

}  // namespace tocsin::calendar
