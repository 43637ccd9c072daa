// Reading one schedule: its layers, turns and hours.

#include "oncall/roster_read.h"

#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "calendar/wall_clock.h"

namespace tocsin::oncall {
namespace {

using calendar::kDayMs;
using config::MapReader;

constexpr int64_t kHourMs = 3'600'000;

WeeklyHours read_hours(MapReader& m, const char* key, const char* doc) {
  const auto texts = m.value<std::vector<std::string>>(key, {}, doc);
  auto hours = WeeklyHours::parse(texts);
  if (hours) return std::move(*hours);
  for (size_t i = 0; i < texts.size(); ++i)
    if (auto one = WeeklyHours::parse({texts[i]}); !one) m.problem(key, i, one.error().message);
  return {};
}

// "daily", "weekly", or a span of whole hours.
int64_t read_turn(MapReader& m) {
  const std::string text = m.value<std::string>(
      "rotate", "weekly", "Length of a turn: weekly, daily, or a span such as 2w, 3d, 12h.");
  if (text == "weekly") return kWeekMs;
  if (text == "daily") return kDayMs;
  const auto span = parse_duration(text);
  if (span && span->count >= kHourMs && span->count % kHourMs == 0 && span->count <= 52 * kWeekMs)
    return span->count;
  m.problem("rotate",
            "expected weekly, daily or a span of whole hours up to 52w, such as 2w, 3d or 12h, "
            "not \"" +
                text + "\"");
  return kWeekMs;
}

struct HandOff {
  std::optional<int> weekday;
  int64_t time_ms = 9 * kHourMs;
};

HandOff read_hand_off(MapReader& m, int64_t turn_ms) {
  const bool weeks = turn_ms % kWeekMs == 0;
  const std::string text =
      m.value<std::string>("hand_off", "",
                           "When turns change: \"mon 09:00\" for weeks (the standard), \"09:00\" "
                           "otherwise.");
  HandOff out;
  if (weeks) out.weekday = 0;
  if (text.empty()) return out;
  const size_t space = text.find(' ');
  const auto weekday = calendar::parse_weekday(std::string_view(text).substr(0, space));
  const auto time = calendar::parse_time_of_day(
      weekday ? std::string_view(text).substr(std::min(space, text.size() - 1) + 1) : text);
  if (!time || *time == kDayMs || (weekday && space == std::string::npos)) {
    m.problem("hand_off",
              "expected a time such as 09:00, or a day and a time such as mon 09:00, "
              "not \"" +
                  text + "\"");
    return out;
  }
  if (weekday && !weeks)
    m.problem("hand_off", "a day of the week needs turns of whole weeks; give the time alone");
  if (weekday) out.weekday = weekday;
  out.time_ms = *time;
  return out;
}

// A date, or a date and a time on the layer's wall clock; a date alone begins at the hand-off.
std::optional<int64_t> read_wall(MapReader& m, const char* key, const char* doc, int64_t time_ms,
                                 bool required) {
  const std::string text =
      required ? m.required<std::string>(key, doc) : m.value<std::string>(key, "", doc);
  if (m.describing() || text.empty()) return std::nullopt;
  const auto wall = calendar::parse_wall(text);
  if (!wall) {
    m.problem(key,
              "expected a date such as 2026-01-05, or a date and a time such as "
              "2026-01-05T09:00, not \"" +
                  text + "\"");
    return std::nullopt;
  }
  return text.size() == 10 ? *wall + time_ms : *wall;
}

void read_turns(MapReader& m, Layer& out) {
  out.people = m.value<std::vector<std::string>>("people", {}, "Who takes turns, in order.");
  out.turn_ms = read_turn(m);
  const HandOff hand_off = read_hand_off(m, out.turn_ms);
  const auto start = read_wall(m, "start",
                               "First day of the first person, such as 2026-01-05; a time may "
                               "follow (2026-01-05T09:00), else it is the hand-off's. Needed with "
                               "`people`.",
                               hand_off.time_ms, false);
  out.end_wall_ms =
      read_wall(m, "end", "From then on the layer says nothing.", hand_off.time_ms, false);
  if (m.describing()) return;
  if (out.people.empty()) return;
  if (out.people.size() > kTurnsMax) m.problem("people", "at most 200");
  if (!m.has("start"))
    m.problem("people", "turns need a `start`: the first day of the first person");
  if (!start) return;
  out.start_wall_ms = *start;
  // Turn 0 began at the last hand-off at or before the start.
  int64_t day = calendar::day_number(calendar::date_of_wall(*start));
  if (day * kDayMs + hand_off.time_ms > *start) --day;
  if (hand_off.weekday) day -= (calendar::weekday_of_day(day) - *hand_off.weekday + 7) % 7;
  out.first_turn_wall_ms = day * kDayMs + hand_off.time_ms;
  if (out.end_wall_ms && *out.end_wall_ms <= *start) m.problem("end", "must come after the start");
}

void read_calendar(MapReader& m, const Roster::ReadFile& read_file, Layer& out) {
  out.ics = m.value<std::string>(
      "ics", "",
      "A calendar file (.ics) that says who, instead of `people`; relative to the "
      "folder of the configuration.");
  if (m.describing() || out.ics.empty()) return;
  const auto text = read_file ? read_file(out.ics)
                              : Result<std::string>(fail(ErrorCode::kInvalid, "no files here"));
  if (!text) return m.problem("ics", text.error().message);
  auto file = calendar::parse_calendar(*text, out.zone);
  if (!file) return m.problem("ics", file.error().message);
  out.calendar =
      std::make_shared<const calendar::Calendar>(calendar::Calendar::make(std::move(*file)));
}

void read_layer(MapReader& m, const Roster::ReadFile& read_file, const calendar::Zone& zone,
                size_t number, Layer& out) {
  out.place = m.place();
  out.name = m.value<std::string>("name", "", "Shown beside its lane; by default its number.");
  if (out.name.empty()) out.name = std::to_string(number);
  out.zone = read_zone(m, zone, "Of its times; by default the schedule's.");
  read_turns(m, out);
  out.hours = read_hours(m, "hours",
                         "Only in these hours, such as mon-fri 09:00-18:00; a turn without any of "
                         "them is nobody's and is not counted. By default always.");
  read_calendar(m, read_file, out);
  if (!m.describing() && out.people.empty() == out.ics.empty())
    m.problem(m.has("ics") ? "ics" : "people", "a layer needs `people` or `ics`, one of them");
}

}  // namespace

void read_schedule(MapReader& m, const Roster::ReadFile& read_file, Schedule& out) {
  out.place = m.place();
  out.name = m.required<std::string>("name", "Unique short name; routes and links name it.");
  if (!m.describing() && m.has("name") && !valid_name(out.name))
    m.problem("name", "a name has 1 to 100 letters, digits, dots, dashes or underscores");
  out.title = m.value<std::string>("title", "", "As people say it.");
  out.team = m.value<std::string>("team", "", "The team whose schedule it is.");
  out.zone = read_zone(m, calendar::Zone(), "Of hand-offs and hours: IANA name.");
  out.must_cover = read_hours(m, "must_cover",
                              "Hours in which nobody on call is a gap, such as mon-fri "
                              "09:00-18:00; by default always.");
  out.hand_over_notices = m.value<bool>(
      "hand_over_notices", true,
      "Whether people are told when they come and go, and when their shifts are moved.");
  out.remind_before = m.value<DurationMs>("remind_before", out.remind_before,
                                          "So long before a shift its people are told; 0: not.");
  if (out.remind_before > days(7)) m.problem("remind_before", "must be 0 to 7d");
  m.list(
      "layers", "layer", "A later layer goes before an earlier one wherever it has somebody.",
      [&](MapReader& one) {
        Layer layer;
        read_layer(one, read_file, out.zone, out.layers.size() + 1, layer);
        if (out.layers.size() == kLayersMax) one.problem("name", "more than 20 layers");
        if (out.layers.size() < kLayersMax) out.layers.push_back(std::move(layer));
      },
      true);
}

}  // namespace tocsin::oncall
