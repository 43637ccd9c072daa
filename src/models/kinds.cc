#include "models/kinds.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "config/reader.h"
#include "models/auto.h"
#include "models/change.h"
#include "models/count.h"
#include "models/forecast.h"
#include "models/forecast_kind.h"
#include "models/profile.h"
#include "models/ratio.h"
#include "models/ratio_kind.h"
#include "models/trend.h"

namespace tocsin::models {
namespace {

using config::MapReader;

constexpr DurationMs kLevelNeeds = hours(6);

void read_season(MapReader& m, ModelSpec& model) {
  using calendar::Season;
  const auto words = m.value<std::vector<std::string>>(
      "season", {"week"},
      "profile, change: what repeats, by the wall clock of the series' site: week or day. A "
      "profile "
      "may have both, [day, week]: a model each, which share the weight.");
  if (m.describing()) return;
  std::vector<Season> seasons;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != "week" && words[i] != "day")
      m.problem("season", i, fmt::format("expected week or day, not \"{}\"", words[i]));
    seasons.push_back(words[i] == "day" ? Season::kDay : Season::kWeek);
  }
  const bool profile = model.kind == ModelKind::kProfile;
  if (seasons.empty() || seasons.size() > (profile ? 2 : 1) ||
      (seasons.size() == 2 && seasons[0] == seasons[1])) {
    if (!m.refused("season"))
      m.problem("season", profile ? "expected week, day or [day, week]" : "expected week or day");
    return;
  }
  model.season = seasons[0];
  if (seasons.size() == 2) model.second_season = seasons[1];
}

void read_profile(MapReader& m, ModelSpec& model) {
  read_season(m, model);
  const int64_t periods = m.value<int64_t>(
      "periods", 4, "profile: how many past periods are kept, each a model of its own; 2 to 12.");
  model.window = m.value<DurationMs>(
      "window", minutes(60),
      "profile: width of the moving window that smooths each period. "
      "forecast: how much of the past its slope is of; 6h if left out, 7d with sustained.");
  model.period_weights = m.value<std::vector<double>>(
      "weights", {},
      "profile: weight of each past period, the last one first; equal weights if left out.");
  const auto calendar = m.optional<std::string>(
      "calendar",
      "profile: the calendar by which its days are of a class, each judged by its own; site for "
      "that of the series' site.");
  if (m.describing()) return;
  if (calendar && model.kind == ModelKind::kProfile) model.texts["calendar"] = *calendar;
  if (calendar && model.kind != ModelKind::kProfile)
    m.problem("calendar", "only a profile follows a calendar");
  if (model.kind == ModelKind::kProfile && (model.window < minutes(5) || model.window > hours(6)))
    m.problem("window", "must be between 5m and 6h");
  if (periods < 2 || periods > 12) {
    m.problem("periods", "must be between 2 and 12");
    return;
  }
  if (model.period_weights.empty()) model.period_weights.assign(static_cast<size_t>(periods), 1);
  const auto& weights = model.period_weights;
  if (m.refused("periods") || m.refused("weights")) return;
  if (m.has("periods") && weights.size() != static_cast<size_t>(periods))
    m.problem("weights", fmt::format("{} weights for {} periods; give one per period",
                                     weights.size(), periods));
  if (weights.size() < 2 || weights.size() > 12)
    m.problem("weights", "2 to 12 weights are expected, one per past period");
  for (size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0 && weights[i] < 1e6))
      m.problem("weights", i, "a weight must be between 0 and 1000000");
  if (std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }) < 2)
    m.problem("weights", "at least two periods must have a weight above 0");
}

void read_threshold(MapReader& m, ModelSpec& model) {
  model.above = m.optional<double>("above", "threshold: a value above this is outside.");
  model.below = m.optional<double>("below", "threshold: a value below this is outside.");
  model.for_at_least = m.value<DurationMs>(
      "for", {}, "threshold: it votes once the value has been outside for so long (event time).");
  if (m.describing()) return;
  if (model.kind == ModelKind::kThreshold && !m.has("above") && !m.has("below"))
    m.problem("kind", "a threshold needs above or below");
  if (model.above && model.below && !(*model.below <= *model.above))
    m.problem("below", "must not be greater than above: every value would be outside");
}

void read_silence(MapReader& m, ModelSpec& model) {
  model.after_cadences = m.value<double>("after", 3,
                                         "silence: cadences without a point until it votes; the "
                                         "cadence is learned. change: points that "
                                         "a shift has lasted when it is told; 8 if left out.");
  model.at_least = m.value<DurationMs>("at_least", seconds(2),
                                       "silence: never sooner than this after the last point.");
  if (!m.describing() && !(model.after_cadences >= 1 && model.after_cadences <= 1000))
    m.problem("after", "must be between 1 and 1000 cadences");
}

void read_count(MapReader& m, ModelSpec& model) {
  const size_t by_hour = m.choice(
      "by_hour", {"auto", "on", "off"}, "auto",
      "count: whether the mean follows the hour of the week, from the third week on. auto does "
      "where that has predicted better.");
  if (model.kind == ModelKind::kCount) model.numbers["by_hour"] = static_cast<double>(by_hour);
}

void read_change(MapReader& m, ModelSpec& model) {
  const auto sensitivity = m.value<double>(
      "sensitivity", Change::kSensitivity,
      "change: the shift it looks for, in deviations of the series around its baseline.");
  if (model.kind != ModelKind::kChange) return;
  if (!m.describing() && !(sensitivity >= 0.25 && sensitivity <= 10))
    m.problem("sensitivity", "must be between 0.25 and 10 deviations");
  model.numbers["sensitivity"] = sensitivity;
  if (m.has("after")) model.numbers["points_after"] = model.after_cadences;
}

void read_auto(MapReader& m, ModelSpec& model) {
  const size_t novelty = m.choice(
      "novelty", {"by_tier", "on", "off"}, "by_tier",
      "auto: whether it also asks if the series has ever been there; by_tier does so on kpi tier.");
  if (model.kind == ModelKind::kAuto && novelty > 0) model.numbers["novelty"] = novelty == 1;
}

std::unique_ptr<BandModel> make_profile(const ModelSpec& spec, const Local& local, Budget& budget) {
  return std::make_unique<Profile>(spec, local, budget);
}

template <class Model>
std::unique_ptr<BandModel> make(const ModelSpec& spec, const Local& local, Budget& budget) {
  return std::make_unique<Model>(spec, local.zone, budget);
}

template <class Model>
std::unique_ptr<BandModel> make_plain(const ModelSpec&, const Local&, Budget&) {
  return std::make_unique<Model>();
}

DurationMs level_history(const ModelSpec&) { return kLevelNeeds; }

DurationMs profile_history(const ModelSpec& spec) {
  const auto periods = static_cast<int64_t>(spec.period_weights.size()) + 1;
  const bool classes = spec.texts.contains("calendar");
  // By class, as many days of each; of weekends there are two a week.
  if (classes && spec.season == calendar::Season::kDay) return days(7 * (periods / 2 + 1));
  return DurationMs{calendar::season_ms(spec.season) * periods};
}

std::string level_says(const ModelSpec&) { return "robust running level and spread"; }

std::string profile_says(const ModelSpec& spec) {
  std::string out =
      fmt::format("by position in the {}, smoothed over {}",
                  spec.season == calendar::Season::kDay ? "day" : "week", to_text(spec.window));
  const auto calendar = spec.texts.find("calendar");
  if (calendar == spec.texts.end()) return out;
  return out + (spec.site_calendar ? ", days by the calendar of the site"
                                   : ", days by calendar " + calendar->second);
}

std::string threshold_says(const ModelSpec& spec) {
  std::string out = "votes on its own:";
  if (spec.above) out += " above " + number_text(*spec.above);
  if (spec.below) out += " below " + number_text(*spec.below);
  if (spec.for_at_least.count > 0) out += " for " + to_text(spec.for_at_least);
  return out;
}

// Three weeks by hour, or the last days.
DurationMs count_history(const ModelSpec& spec) {
  const auto by_hour = static_cast<Count::ByHour>(static_cast<int>(spec.number("by_hour", 0)));
  return by_hour == Count::ByHour::kOff ? days(2) : days(21);
}

std::string count_says(const ModelSpec& spec) {
  constexpr std::string_view kHours[] = {"by hour of the week where that predicts better",
                                         "by hour of the week", "of the level alone"};
  return fmt::format("exact tail of small counts, {}",
                     kHours[static_cast<size_t>(spec.number("by_hour", 0))]);
}

DurationMs trend_history(const ModelSpec&) { return kLevelNeeds; }

std::string trend_says(const ModelSpec&) { return "robust local line, for what moves steadily"; }

// The curve of its season, and what scatters around it after that.
DurationMs change_history(const ModelSpec& spec) { return Change::needs(spec) + days(2); }

std::string change_says(const ModelSpec& spec) {
  return fmt::format("votes on its own: a shift of {} deviations that stays",
                     number_text(spec.number("sensitivity", Change::kSensitivity)));
}

// The residual learns five days; three weeks of days have settled.
DurationMs auto_history(const ModelSpec&) { return days(21); }

std::string auto_says(const ModelSpec& spec) {
  return spec.number("novelty", 0) > 0 ? "unusual for now, or never been there" : "unusual for now";
}

std::string silence_says(const ModelSpec& spec) {
  return fmt::format("votes on its own: no point for {} cadences, at least {}",
                     number_text(spec.after_cadences), to_text(spec.at_least));
}

}  // namespace

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {ModelKind::kLevel, "level", "running level and spread", nullptr, nullptr, level_history,
       level_says},
      {ModelKind::kProfile, "profile", "mean and variance by position in the season", read_profile,
       make_profile, profile_history, profile_says},
      {ModelKind::kThreshold, "threshold", "a fixed limit", read_threshold, nullptr, nullptr,
       threshold_says},
      {ModelKind::kSilence, "silence", "a series that stops", read_silence, nullptr, nullptr,
       silence_says},
      {ModelKind::kCount, "count", "small whole numbers, by exact probabilities", read_count,
       make<Count>, count_history, count_says},
      {ModelKind::kRatio, "ratio", "failures of attempts, two series, by exact probabilities",
       read_ratio, make<Ratio>, ratio_history, ratio_says},
      {ModelKind::kTrend, "trend", "a robust line, for what moves steadily", nullptr,
       make_plain<Trend>, trend_history, trend_says},
      {ModelKind::kChange, "change", "a shift that stays", read_change, make<Change>,
       change_history, change_says},
      {ModelKind::kForecast, "forecast", "time until a limit is reached", read_forecast,
       make<Forecast>, forecast_history, forecast_says},
      {ModelKind::kAuto, "auto", "unusual for now; on kpi tier also: never been there", read_auto,
       make<Auto>, auto_history, auto_says},
  };
  return all;
}

const Kind& kind_of(ModelKind kind) {
  const auto found = std::find_if(kinds().begin(), kinds().end(),
                                  [&](const Kind& one) { return one.kind == kind; });
  TOCSIN_CHECK(found != kinds().end(), "a model of kind {} that cannot be configured",
               static_cast<int>(kind));
  return *found;
}

std::string_view to_text(ModelKind kind) { return kind_of(kind).name; }

std::unique_ptr<BandModel> make_model(const ModelSpec& spec, const Local& local, Budget& budget) {
  const Kind& kind = kind_of(spec.kind);
  return kind.make == nullptr ? nullptr : kind.make(spec, local, budget);
}

DurationMs history_of(const ModelSpec& spec) {
  const Kind& kind = kind_of(spec.kind);
  return kind.history == nullptr ? DurationMs{} : kind.history(spec);
}

std::string says_of(const ModelSpec& spec) { return kind_of(spec.kind).says(spec); }

size_t curves_of(const ModelSpec& spec) {
  return spec.kind == ModelKind::kProfile ? spec.period_weights.size() : 1;
}

}  // namespace tocsin::models
