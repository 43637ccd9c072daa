#include "streamer/propose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "models/kinds.h"

namespace tocsin::streamer {
namespace {

// A candidate that guards less of what the best one guards has not learned enough to be compared.
constexpr double kGuardedShareMin = 0.8;
constexpr double kWeekMs = 7 * 86'400'000.0;
constexpr double kCountMax = 50;  // beyond it a count is as good as any number

struct Run {
  Drawing drawing;
  std::set<TimeMs> guarded;  // times of the points with a band, scored ones only
};

Residual residual_of(double value, double expected, double lower, double upper) {
  return {value - expected, upper - expected, expected - lower};
}

Run run(const Candidate& candidate, const Labels& labels, std::span<const DrawnPoint> points,
        TimeMs scored_from) {
  Run out;
  out.drawing = draw_band(*candidate.set, candidate.worker, labels, points, kTimeMax);
  for (const JudgedPoint& point : out.drawing.points)
    if (point.time >= scored_from && std::isfinite(point.expected)) out.guarded.insert(point.time);
  return out;
}

// Points that every candidate which has learned enough guards.
std::set<TimeMs> common_points(const std::vector<Run>& runs, size_t most) {
  std::set<TimeMs> out;
  bool first = true;
  for (const Run& one : runs) {
    if (static_cast<double>(one.guarded.size()) < kGuardedShareMin * static_cast<double>(most))
      continue;
    if (first) {
      out = one.guarded;
    } else {
      std::set<TimeMs> both;
      std::set_intersection(out.begin(), out.end(), one.guarded.begin(), one.guarded.end(),
                            std::inserter(both, both.end()));
      out = std::move(both);
    }
    first = false;
  }
  return out;
}

Quality quality_on(const Run& one, const std::set<TimeMs>& times, double score) {
  std::vector<Residual> residuals;
  for (const JudgedPoint& point : one.drawing.points)
    if (times.contains(point.time))
      residuals.push_back(residual_of(point.value, point.expected, point.lower, point.upper));
  return quality_of(residuals, score);
}

// "{kind: level, weight: 0.5}"
bool can_be_configured(std::string_view model) {
  constexpr std::string_view kKey = "kind: ";
  model.remove_prefix(model.find(kKey) + kKey.size());
  const std::string_view name = model.substr(0, model.find_first_of(",}"));
  const auto& known = kinds();
  return std::any_of(known.begin(), known.end(),
                     [&](const Kind& kind) { return kind.name == name; });
}

void explain(std::vector<Proposal>& list) {
  const Proposal* current = nullptr;
  for (const Proposal& one : list)
    if (one.current && one.learned) current = &one;
  for (size_t i = 0; i < list.size(); ++i) {
    Proposal& one = list[i];
    if (!one.learned) {
      one.why = fmt::format("learning: it guards {:.0f} % of the points so far", one.guarded * 100);
      continue;
    }
    one.why = one.quality.words;
    const Proposal* other = i == 0 ? (current != &one   ? current
                                      : list.size() > 1 ? &list[1]
                                                        : nullptr)
                                   : &list[0];
    if (other == nullptr || !other->learned) continue;
    const double gain = one.quality.log_likelihood - other->quality.log_likelihood;
    one.why +=
        fmt::format("; the points are on average {:.2f}-fold as likely as under {}", std::exp(gain),
                    other->current ? "the models of now" : other->models.name);
  }
}

}  // namespace

std::vector<CandidateModels> candidate_models(std::span<const DrawnPoint> points) {
  std::vector<CandidateModels> out{
      {"level", {"{kind: level}"}},
      {"trend", {"{kind: trend}"}},
      {"profile of the day", {"{kind: profile, season: day}"}},
      {"profile of the week", {"{kind: profile, season: week}"}},
      {"profile of the day and level",
       {"{kind: profile, season: day}", "{kind: level, weight: 0.5}"}},
      {"profile of the week and level",
       {"{kind: profile, season: week}", "{kind: level, weight: 0.5}"}},
  };
  const bool counts =
      !points.empty() && std::all_of(points.begin(), points.end(), [](const DrawnPoint& point) {
        return point.value >= 0 && point.value <= 1e6 && point.value == std::floor(point.value);
      });
  double sum = 0;
  for (const DrawnPoint& point : points) sum += point.value;
  if (counts && sum / static_cast<double>(points.size()) <= kCountMax)
    out.push_back({"count", {"{kind: count}"}});
  std::erase_if(out, [](const CandidateModels& one) {
    return !std::all_of(one.models.begin(), one.models.end(), can_be_configured);
  });
  return out;
}

std::vector<Proposal> propose_models(std::span<const Candidate> candidates, const Labels& labels,
                                     std::span<const DrawnPoint> points, TimeMs scored_from) {
  std::vector<Run> runs;
  size_t most = 0;
  for (const Candidate& candidate : candidates) {
    runs.push_back(run(candidate, labels, points, scored_from));
    most = std::max(most, runs.back().guarded.size());
  }
  const std::set<TimeMs> common = common_points(runs, most);
  const auto scored = std::count_if(points.begin(), points.end(), [&](const DrawnPoint& point) {
    return point.time >= scored_from;
  });
  std::vector<Proposal> out;
  for (size_t i = 0; i < runs.size(); ++i) {
    const Candidate& candidate = candidates[i];
    Proposal one;
    one.models = candidate.models;
    one.current = candidate.current;
    one.guarded =
        scored == 0 ? 0 : static_cast<double>(runs[i].guarded.size()) / static_cast<double>(scored);
    one.quality = quality_on(runs[i], common, candidate.set->worker(candidate.worker).score);
    one.learned = one.quality.known() && static_cast<double>(runs[i].guarded.size()) >=
                                             kGuardedShareMin * static_cast<double>(most);
    one.rank = one.quality.log_likelihood - one.quality.left_over();
    const auto opened = std::count_if(
        runs[i].drawing.violations.begin(), runs[i].drawing.violations.end(),
        [&](const DrawnViolation& violation) { return violation.from >= scored_from; });
    if (!points.empty() && points.back().time > scored_from)
      one.violations_per_week = static_cast<double>(opened) * kWeekMs /
                                static_cast<double>((points.back().time - scored_from).count);
    out.push_back(std::move(one));
  }
  std::stable_sort(out.begin(), out.end(), [](const Proposal& a, const Proposal& b) {
    return a.learned != b.learned ? a.learned : a.learned && a.rank > b.rank;
  });
  explain(out);
  return out;
}

std::vector<Residual> band_residuals(const Drawing& drawing, TimeMs from) {
  std::vector<Residual> out;
  for (const JudgedPoint& point : drawing.points)
    if (point.time >= from && std::isfinite(point.expected))
      out.push_back(residual_of(point.value, point.expected, point.lower, point.upper));
  return out;
}

std::vector<Residual> model_residuals(const Drawing& drawing, uint32_t model, TimeMs from) {
  std::vector<Residual> out;
  for (const JudgedPoint& point : drawing.points)
    if (point.time >= from)
      for (const ModelBand& band : point.models)
        if (band.model == model && band.upper > band.lower)
          out.push_back(residual_of(point.value, band.expected, band.lower, band.upper));
  return out;
}

}  // namespace tocsin::streamer
