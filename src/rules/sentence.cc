#include "rules/sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "rules/condition.h"

namespace tocsin::rules {
namespace {

constexpr double kTimesFrom = 2;     // from here on "3.4× above" says more than "240 %"
constexpr double kSilenceScore = 4;  // the usual edge of a band, as -log10
constexpr double kScoreMax = 300;    // a double's tail probability ends about here
constexpr size_t kFactsMax = 2;      // besides the main violation
constexpr size_t kScopesNamed = 3;

// "118–151"; open ends in words.
std::string band_words(const JudgedPoint& point) {
  const bool low = std::isfinite(point.lower), high = std::isfinite(point.upper);
  if (low && high) {
    const char* dash = point.lower < 0 || point.upper < 0 ? " to " : "–";
    return fmt::format("{}{}{}", human_number(point.lower), dash, human_number(point.upper));
  }
  if (low) return human_number(point.lower) + " or more";
  if (high) return human_number(point.upper) + " or less";
  return {};
}

// How far from the expected value, or nothing where a ratio says nothing (zero, other sign).
std::string ratio_words(const JudgedPoint& point, bool above) {
  if (!std::isfinite(point.value) || !std::isfinite(point.expected) || point.expected == 0)
    return {};
  const double ratio = point.value / point.expected;
  if (above && point.expected > 0 && ratio >= kTimesFrom)
    return fmt::format("{}×", human_number(ratio));
  const double percent = 100 * std::fabs(point.value - point.expected) / std::fabs(point.expected);
  if (ratio < 0 || percent > 1000) return {};
  return percent < 1 ? "less than 1 %" : fmt::format("{:.0f} %", percent);
}

// The value against the edge of the band it crossed.
std::string edge_words(const JudgedPoint& point, bool above) {
  const double edge = above ? point.upper : point.lower;
  if (!std::isfinite(edge)) return human_number(point.value);
  return fmt::format("{} {} {}", human_number(point.value), above ? "over" : "under",
                     human_number(edge));
}

// What tells this series from others of its name beyond the scope: "(web1, eth0)".
std::string detail_words(const Labels& labels, const SentenceInput& input) {
  std::vector<std::string_view> values;
  for (const auto& [label, value] : labels.pairs())
    if (label != kNameLabel && label != input.site_label && input.scope.get(label).empty())
      values.push_back(value);
  if (values.empty() || values.size() > 2) return {};
  return fmt::format(" ({})", fmt::join(values, ", "));
}

std::string joined(const std::vector<std::string>& names) {
  std::string out = names[0];
  for (size_t i = 1; i < names.size(); ++i)
    out += (i + 1 == names.size() ? " and " : ", ") + names[i];
  return out;
}

// " in madrid"; a global alert names the sites of its violations.
std::string scope_words(const SentenceInput& input) {
  std::vector<std::string> names;
  if (!input.global) {
    for (const auto& [label, value] : input.scope.pairs())
      if (value != "none") names.emplace_back(value);
    return names.empty() ? "" : fmt::format(" in {}", fmt::join(names, ", "));
  }
  for (const JudgedViolation& each : input.violations)
    if (const std::string_view site = each.labels.get(input.site_label); !site.empty())
      names.emplace_back(site);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.empty()) return {};
  if (names.size() > kScopesNamed) return fmt::format(" in {} places", names.size());
  return " in " + joined(names);
}

// What is named of a series; a sender by who it is.
std::string name_words(const Labels& labels) {
  if (labels.name() == kSenderSeriesName) return sender_words(labels);
  return std::string(labels.name());
}

std::string facts_words(const SentenceInput& input) {
  std::vector<std::string> names{name_words(input.violations[0].labels)};
  std::string out;
  size_t more = 0;
  for (const JudgedViolation& each : input.violations) {
    if (each.violation.state == ViolationState::kEnded) continue;
    const std::string name = name_words(each.labels);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    if (names.size() > kFactsMax + 1) {
      ++more;
      continue;
    }
    const bool silent = each.violation.direction == Direction::kSilent;
    out += fmt::format(", {} {}", name,
                       silent ? "silent" : deviation_words(each.violation, input.now, false));
  }
  if (more > 0) out += fmt::format(", {} more", more);
  return out;
}

std::string series_words(const SentenceInput& input) {
  const JudgedViolation& main = input.violations[0];
  if (main.labels.name() == kSenderSeriesName) return sender_words(main.labels);
  const auto same = static_cast<size_t>(
      std::count_if(input.violations.begin(), input.violations.end(), [&](const auto& each) {
        return each.labels.name() == main.labels.name() && each.labels != main.labels &&
               each.violation.state != ViolationState::kEnded;
      }));
  std::string out(main.labels.name().empty() ? "a series" : main.labels.name());
  if (same == 0) return out + detail_words(main.labels, input);
  return out + fmt::format(" ({} series)", same + 1);
}

// As long as it is known to be: a forecast to the minute would read differently every minute.
std::string rough_span_words(DurationMs span) {
  span = std::clamp(span, DurationMs{}, days(36'500));
  const int64_t unit = span >= days(1)       ? hours(1).count
                       : span >= hours(1)    ? minutes(10).count
                       : span >= minutes(10) ? minutes(5).count
                                             : minutes(1).count;
  const int64_t rounded = (span.count + unit / 2) / unit * unit;
  return rounded == 0 ? "less than a minute" : span_words(DurationMs{rounded});
}

// "3 h 10 min (2 h 20 min to 5 h)"
std::string left_words(const Outlook& outlook, bool with_interval) {
  std::string out = rough_span_words(outlook.expected);
  if (!with_interval) return out;
  const std::string from = rough_span_words(outlook.earliest);
  if (outlook.latest == Outlook::kNever) return out + fmt::format(" ({} at the earliest)", from);
  const std::string to = rough_span_words(outlook.latest);
  return from == to ? out : out + fmt::format(" ({} to {})", from, to);
}

std::string outlook_words(const Outlook& outlook, bool with_interval) {
  const std::string limit = human_number(outlook.limit);
  if (outlook.expected == Outlook::kNever) {
    if (outlook.earliest == Outlook::kNever) return fmt::format("no longer nears {}", limit);
    return fmt::format("may reach {} in {}", limit, rough_span_words(outlook.earliest));
  }
  if (outlook.expected == DurationMs{}) return "has reached " + limit;
  return fmt::format("reaches {} in {}", limit, left_words(outlook, with_interval));
}

// "at 130 instead of 100 for 25 min"
std::string shift_words(const Shift& shift, TimeMs now, bool with_time) {
  std::string out =
      fmt::format("at {} instead of {}", human_number(shift.after), human_number(shift.before));
  if (with_time && now > shift.since) out += " for " + rough_span_words(now - shift.since);
  return out;
}

}  // namespace

double importance(const Violation& violation) {
  if (violation.direction == Direction::kSilent) return kSilenceScore;
  return std::isfinite(violation.last.score) ? violation.last.score : kScoreMax;
}

std::string span_words(DurationMs span) {
  struct Unit {
    int64_t ms;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1000, "s"}}};
  if (span.count < 1000) return fmt::format("{} ms", std::max<int64_t>(span.count, 0));
  std::string out;
  int parts = 0;
  int64_t rest = span.count;
  for (const Unit& unit : kUnits) {
    const int64_t count = rest / unit.ms;
    rest %= unit.ms;
    if (count == 0 && parts == 0) continue;
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : " ", count, unit.name);
    if (++parts == 2) break;
  }
  return out;
}

std::string deviation_words(const Violation& violation, TimeMs now, bool with_band) {
  if (violation.direction == Direction::kSilent)
    return "silent for " + span_words(now - violation.opened);
  if (violation.outlook) return outlook_words(*violation.outlook, with_band);
  if (violation.shift) return shift_words(*violation.shift, now, with_band);
  const bool above = violation.direction == Direction::kAbove;
  const std::string ratio = ratio_words(violation.last, above);
  std::string out = ratio.empty() ? edge_words(violation.last, above)
                                  : fmt::format("{} {}", ratio, above ? "above" : "below");
  if (!with_band) return out;
  const std::string band = band_words(violation.last);
  if (!ratio.empty() && !band.empty()) out += " the expected " + band;
  return out;
}

std::string evidence_words(const Violation& violation, TimeMs now, uint32_t points_of) {
  if (violation.direction == Direction::kSilent) {
    std::string out = "no point for " + span_words(now - violation.opened);
    if (violation.cadence > DurationMs{}) out += ", cadence " + span_words(violation.cadence);
    return out;
  }
  std::string out = edge_words(violation.last, violation.direction == Direction::kAbove);
  if (violation.outlook || violation.shift)
    out = fmt::format("{}, {} now", deviation_words(violation, now, true),
                      human_number(violation.last.value));
  out += fmt::format("; score {:.1f}; ", violation.last.score);
  const uint32_t count = violation.points_outside;
  if (count < points_of)
    out += fmt::format("{} of {} points outside", count, points_of);
  else
    out += fmt::format("{} point{} outside", count, count == 1 ? "" : "s");
  if (const DurationMs span = violation.updated - violation.opened; span > DurationMs{})
    out += ", " + span_words(span);
  return out;
}

std::string sentence(const SentenceInput& input) {
  if (input.violations.empty()) return "nothing that led to it is known any more";
  const Violation& main = input.violations[0].violation;
  std::string out = series_words(input) + scope_words(input) + " ";
  const bool sender = input.violations[0].labels.name() == kSenderSeriesName;
  if (main.state == ViolationState::kEnded)
    out += sender ? "sends again" : "is back to normal";
  else if (sender)
    out += fmt::format("sends nothing for {} ({} series)", span_words(input.now - main.opened),
                       human_number(main.last.value));
  else if (main.state == ViolationState::kAbsent && main.direction != Direction::kSilent)
    out +=
        fmt::format("{}{}, no data for {}", main.outlook ? "by its last data " : "was ",
                    deviation_words(main, input.now, true), span_words(input.now - main.last.time));
  else
    out += deviation_words(main, input.now, true);
  const bool moves = main.state != ViolationState::kEnded;
  if (moves && input.trend != Momentum::Trend::kUnknown)
    out += fmt::format(", {}", to_text(input.trend));
  return cut_text(out + facts_words(input), kSentenceBytesMax);
}

}  // namespace tocsin::rules
