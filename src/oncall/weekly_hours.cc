#include "oncall/weekly_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "calendar/wall_clock.h"

namespace tocsin::oncall {
namespace {

using calendar::kDayMs;
// 1970-01-01 was a Thursday: this Monday begins a week.
constexpr int64_t kFirstMondayMs = -3 * kDayMs;

tl::unexpected<Error> bad(std::string_view text) {
  return fail(ErrorCode::kInvalid,
              fmt::format("\"{}\" are no hours; expected for example mon-fri 09:00-18:00, sat,sun "
                          "or 22:00-06:00",
                          cut_text(text, 60)));
}

// "mon-fri", "fri-mon", "sat,sun".
bool parse_days(std::string_view text, std::array<bool, 7>& days) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const size_t dash = std::min(part.find('-'), part.size());
    const auto first = calendar::parse_weekday(part.substr(0, dash));
    const auto last = dash == part.size() ? first : calendar::parse_weekday(part.substr(dash + 1));
    if (!first || !last) return false;
    for (int day = *first;; day = (day + 1) % 7) {
      days[static_cast<size_t>(day)] = true;
      if (day == *last) break;
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

bool parse_times(std::string_view text, int64_t& begin, int64_t& end) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const auto from = calendar::parse_time_of_day(text.substr(0, dash));
  const auto to = calendar::parse_time_of_day(text.substr(dash + 1));
  if (!from || !to || *from == kDayMs || *from == *to) return false;
  begin = *from;
  end = *to > *from ? *to : *to + kDayMs;
  return true;
}

// Cut at the end of the week; what touches becomes one.
std::vector<WeeklyHours::Span> tidy(const std::vector<WeeklyHours::Span>& given) {
  std::vector<WeeklyHours::Span> cut;
  for (const auto& span : given) {
    cut.push_back({span.begin_ms, std::min(span.end_ms, kWeekMs)});
    if (span.end_ms > kWeekMs) cut.push_back({0, span.end_ms - kWeekMs});
  }
  std::sort(cut.begin(), cut.end(),
            [](const auto& a, const auto& b) { return a.begin_ms < b.begin_ms; });
  std::vector<WeeklyHours::Span> out;
  for (const auto& span : cut) {
    if (!out.empty() && span.begin_ms <= out.back().end_ms)
      out.back().end_ms = std::max(out.back().end_ms, span.end_ms);
    else
      out.push_back(span);
  }
  return out;
}

}  // namespace

Result<WeeklyHours> WeeklyHours::parse(const std::vector<std::string>& texts) {
  std::vector<Span> spans;
  for (const std::string& text : texts) {
    std::array<bool, 7> days{};
    int64_t begin = 0;
    int64_t end = kDayMs;
    const size_t space = text.find(' ');
    const std::string_view first = std::string_view(text).substr(0, space);
    if (space == std::string::npos && first.find(':') != std::string_view::npos) {
      days.fill(true);
      if (!parse_times(first, begin, end)) return bad(text);
    } else {
      if (first.empty() || !parse_days(first, days)) return bad(text);
      if (space != std::string::npos &&
          !parse_times(std::string_view(text).substr(space + 1), begin, end))
        return bad(text);
    }
    for (int64_t day = 0; day < 7; ++day)
      if (days[static_cast<size_t>(day)])
        spans.push_back({day * kDayMs + begin, day * kDayMs + end});
  }
  WeeklyHours out;
  out.spans_ = tidy(spans);
  if (out.spans_.size() == 1 && out.spans_[0].end_ms - out.spans_[0].begin_ms == kWeekMs)
    out.spans_.clear();
  return out;
}

const std::vector<WeeklyHours::Span>& WeeklyHours::spans() const {
  static const std::vector<Span> all{{0, kWeekMs}};
  return spans_.empty() ? all : spans_;
}

std::vector<WeeklyHours::Span> WeeklyHours::within(int64_t begin, int64_t end) const {
  if (begin >= end) return {};
  if (always()) return {{begin, end}};
  std::vector<Span> out;
  const int64_t since = begin - kFirstMondayMs;
  int64_t week = kFirstMondayMs +
                 (since >= 0 ? since / kWeekMs : -((kWeekMs - 1 - since) / kWeekMs)) * kWeekMs;
  for (; week < end; week += kWeekMs)
    for (const Span& span : spans_) {
      const Span part{std::max(begin, week + span.begin_ms), std::min(end, week + span.end_ms)};
      if (part.begin_ms >= part.end_ms) continue;
      // A night from Sunday to Monday is cut in two by the week.
      if (!out.empty() && out.back().end_ms == part.begin_ms)
        out.back().end_ms = part.end_ms;
      else
        out.push_back(part);
    }
  return out;
}

bool WeeklyHours::touches(int64_t begin, int64_t end) const {
  return !within(begin, std::min(end, begin + kWeekMs)).empty();
}

}  // namespace tocsin::oncall
