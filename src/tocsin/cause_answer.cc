#include "tocsin/cause_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tocsin {
namespace {

using server::CauseView;
using supervisor::ChangeKind;
using supervisor::MarkedChange;

constexpr DurationMs kBeforeFirst = minutes(2);
constexpr DurationMs kBeforeFirstLater = minutes(5);
constexpr DurationMs kLongestSpan = hours(2);
constexpr size_t kChangesMax = 5;
constexpr float kChangeLeast = 0.15F;
constexpr float kManyDid = 0.3F;  // of strength: a tenth of the series of that name reach it

struct Stretch {
  TimeMs first, last;  // points outside, of the violations it opened with
};
Stretch stretch_of(const AlertView& alert) {
  Stretch out{kTimeMax, kTimeMin};
  for (const JudgedViolation& judged : alert.opened->violations) {
    out.first = std::min(out.first, judged.violation.opened);
    out.last = std::max(out.last, judged.violation.last.time);
  }
  if (out.first == kTimeMax) return {alert.opened_at, alert.opened_at};
  out.last = std::max(out.last, out.first);
  return out;
}

// The scope, and what else its series say of themselves in accord.
Labels about(const AlertView& alert) {
  std::vector<Labels::Pair> pairs = alert.opened->scope.to_pairs();
  std::vector<Labels::Pair> more;
  for (const JudgedViolation& judged : alert.opened->violations)
    for (const auto [name, value] : judged.labels.pairs()) more.emplace_back(name, value);
  for (const Labels::Pair& pair : more) {
    const bool in_accord = std::all_of(more.begin(), more.end(), [&](const Labels::Pair& other) {
      return other.first != pair.first || other.second == pair.second;
    });
    if (in_accord && pair.first != kNameLabel && alert.opened->scope.get(pair.first).empty())
      pairs.push_back(pair);
  }
  return Labels(std::move(pairs));
}

std::string seconds_text(DurationMs span) {
  return to_text(DurationMs{(std::abs(span.count) + 500) / 1000 * 1000});
}

std::string lead_text(DurationMs lead) {
  if (std::abs(lead.count) < 1000) return "began with it";
  return fmt::format("began {} {} it", seconds_text(lead), lead.count > 0 ? "before" : "after");
}

std::string why(const CauseView& cause, TimeMs reference) {
  const query::Unusual& unusual = cause.unusual;
  std::string out = unusual.stopped
                        ? fmt::format("no points any more, where no pause was longer than {}",
                                      seconds_text(std::max(unusual.pause, seconds(1))))
                        : fmt::format("{:.3g} times its usual spread away from what is usual",
                                      static_cast<double>(unusual.deviations));
  if (cause.began.ms != 0) out += "; " + lead_text(reference - cause.began);
  if (!cause.related.empty()) {
    const auto& [name, value] = cause.related.front();
    out += fmt::format("; the same {} {}", name, value);
  }
  if (cause.common > kManyDid) out += "; many others of its name moved as well";
  return out;
}

float weight_of(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kDeploy:
    case ChangeKind::kSetting:
      return 0.8F;
    case ChangeKind::kPromotion:
    case ChangeKind::kFixture:
      return 0.6F;
    case ChangeKind::kHoliday:
      return 0.4F;
  }
  return 0;
}

// Full from five minutes before on, nothing an hour before; after it, half at once and then less.
float nearness(const MarkedChange& change, const CausesAsked& asked) {
  const double lead_s = (asked.reference - change.at).seconds();
  const bool lasts = change.until.ms != 0 && change.until >= asked.window.from;
  if (lead_s < 0) return static_cast<float>(0.5 * std::max(0.0, 1 + lead_s / 600));
  const double near = std::clamp(1 - (lead_s - 300) / (kChangeReach.seconds() - 300), 0.0, 1.0);
  return static_cast<float>(lasts ? std::max(near, 0.5) : near);
}

float relation(const MarkedChange& change, const CausesAsked& asked,
               std::span<const query::CauseGroup> groups) {
  float out = supervisor::concerns(change, asked.about) ? 1 : 0.2F;
  for (const Labels::View& pair : change.labels.pairs()) {
    if (asked.about.get(pair.first) == pair.second) out = std::max(out, 1.2F);
    for (const query::CauseGroup& group : groups)
      if (group.label == pair.first && group.value == pair.second)
        out = std::max(out, 1 + group.score);
  }
  return out;
}

CauseView change_cause(const MarkedChange& change, const CausesAsked& asked,
                       std::span<const query::CauseGroup> groups) {
  CauseView out;
  out.change = change;
  out.began = change.at;
  out.score = weight_of(change.kind) * nearness(change, asked) * relation(change, asked, groups);
  out.why = fmt::format("a {}; {}", to_text(change.kind), lead_text(asked.reference - change.at));
  for (const Labels::View& pair : change.labels.pairs())
    for (size_t i = 0; i < groups.size(); ++i)
      if (groups[i].label == pair.first && groups[i].value == pair.second && out.group < 0) {
        out.group = static_cast<int>(i);
        out.why += fmt::format("; {} {} moved", pair.first, pair.second);
      }
  return out;
}

std::vector<CauseView> change_causes(const CausesAsked& asked,
                                     std::span<const query::CauseGroup> groups,
                                     std::span<const MarkedChange> changes) {
  std::vector<CauseView> out;
  for (const MarkedChange& change : changes) {
    CauseView cause = change_cause(change, asked, groups);
    if (cause.score >= kChangeLeast) out.push_back(std::move(cause));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const CauseView& a, const CauseView& b) { return a.score > b.score; });
  if (out.size() > kChangesMax) out.resize(kChangesMax);
  return out;
}

}  // namespace

CausesAsked causes_asked(const AlertView& alert, CausesWhen when) {
  const Stretch stretch = stretch_of(alert);
  const bool later = when == CausesWhen::kLater;
  CausesAsked out;
  // Points may be older than their arrival: what is asked for is their own time.
  TimeMs to = std::max(stretch.first, std::min(alert.opened_at, stretch.last + minutes(1)));
  if (later) to = to + kCausesLater;
  const TimeMs from = stretch.first - (later ? kBeforeFirstLater : kBeforeFirst);
  out.window = query::cause_window(std::max(from, to - kLongestSpan), to);
  out.reference = stretch.first;
  out.about = about(alert);
  for (const JudgedViolation& judged : alert.opened->violations) out.own.push_back(judged.labels);
  return out;
}

CausesAsked causes_asked(const server::CausesQuery& query, const AlertView* alert) {
  CausesAsked out;
  if (alert != nullptr) out = causes_asked(*alert, CausesWhen::kAtOpening);
  out.window = query::cause_window(query.from, query.to);
  if (alert == nullptr || out.reference < query.from || out.reference > query.to)
    out.reference = query.to;
  if (query.about.empty()) return out;
  out.about = query.about;
  out.own.push_back(query.about);
  return out;
}

server::CausesView causes_view(const CausesAsked& asked, const query::CauseScan& scan,
                               const query::CauseOrder& order,
                               std::span<const MarkedChange> changes) {
  server::CausesView out;
  out.before_from = asked.window.before_from;
  out.from = asked.window.from;
  out.to = asked.window.to;
  out.reference = asked.reference;
  out.asked = scan.asked;
  out.scored = scan.scored.size();
  out.without_points = scan.without_points;
  out.not_reached = scan.not_reached;
  out.moved = order.moved;
  out.groups = order.groups;
  for (const query::Cause& cause : order.causes) {
    const query::ScoredSeries& series = scan.scored[cause.series];
    CauseView view;
    view.series = *series.labels;
    view.unusual = series.unusual;
    view.kind = cause.kind;
    view.score = cause.score;
    view.common = cause.common;
    view.group = cause.group;
    view.alike = cause.alike;
    view.began = series.unusual.began;
    view.related = cause.related;
    view.why = why(view, asked.reference);
    out.causes.push_back(std::move(view));
  }
  std::vector<CauseView> told = change_causes(asked, out.groups, changes);
  std::move(told.begin(), told.end(), std::back_inserter(out.causes));
  std::stable_sort(out.causes.begin(), out.causes.end(),
                   [](const CauseView& a, const CauseView& b) { return a.score > b.score; });
  return out;
}

}  // namespace tocsin
