#include "intake/series_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/reader.h"

namespace tocsin::intake {
namespace {

constexpr int64_t kLeast = 1;
constexpr size_t kPerMax = 16;  // labels with a limit: each costs a look-up per new series

int64_t read_count(config::MapReader& m, int64_t count) {
  if (!m.describing() && !m.refused("series") && (count < kLeast || count > kSeriesTableMax))
    m.problem("series", fmt::format("{} is not from {} to {}", count, kLeast, kSeriesTableMax));
  return std::clamp<int64_t>(count, kLeast, kSeriesTableMax);
}

void read_per(config::MapReader& m, SeriesLimits& limits) {
  SeriesLimits::PerValue per;
  per.label = m.required<std::string>("label", "Name of a label, such as service.");
  const auto series =
      m.required<int64_t>("series", "Most series with one and the same value of that label.");
  per.series = static_cast<uint64_t>(read_count(m, m.refused("series") ? kLeast : series));
  if (m.describing()) return;
  const auto same = [&](const SeriesLimits::PerValue& one) { return one.label == per.label; };
  if (std::any_of(limits.per.begin(), limits.per.end(), same))
    m.problem("label", fmt::format("\"{}\" has a limit already; keep one", per.label));
  else if (limits.per.size() == kPerMax)
    m.problem("label", fmt::format("more than {} labels have a limit", kPerMax));
  else if (!per.label.empty())
    limits.per.push_back(std::move(per));
}

}  // namespace

void read_series_limits(config::MapReader& m, SeriesLimits& limits) {
  const auto series = m.value<int64_t>(
      "series", static_cast<int64_t>(limits.series),
      "Most series in all; past it new ones are refused with a partial error, known ones go on.");
  limits.series = static_cast<uint64_t>(read_count(m, series));
  m.list("per", "limit", "The same for the series of each value of a label.",
         [&](config::MapReader& per) { read_per(per, limits); });
  limits.warn_at = m.value<double>(
      "warn_at", limits.warn_at,
      "Share of a limit from which an alert of low severity says that it is still growing.");
  if (!m.describing() && !(limits.warn_at > 0 && limits.warn_at <= 1))
    m.problem("warn_at", "must be above 0 and at most 1");
}

}  // namespace tocsin::intake
