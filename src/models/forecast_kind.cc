#include "models/forecast_kind.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/reader.h"
#include "models/forecast.h"

namespace tocsin::models {

using config::MapReader;

void read_forecast(MapReader& m, ModelSpec& model) {
  const auto above =
      m.optional<double>("limit", "forecast: the value that must not be reached from below.");
  const auto below =
      m.optional<double>("limit_below", "forecast: the value that must not be reached from above.");
  const auto sustained = m.optional<DurationMs>(
      "sustained",
      "forecast: instead of a limit, the highest level held for so long before; with throughput, "
      "the highest throughput.");
  const auto within = m.optional<DurationMs>(
      "within",
      "forecast: it votes when the limit is nearer than this; 24h if left out, 7d with "
      "sustained.");
  const size_t end = m.choice("end", {"expected", "earliest", "latest"}, "expected",
                              "forecast: which end of its interval must be within.");
  const auto throughput = m.optional<std::string>(
      "throughput",
      "forecast: name of the series of what is done per second, its labels those of the demand "
      "that the worker selects; with sustained.");
  const size_t demand = m.choice(
      "demand", {"rate", "queue"}, "rate",
      "forecast: what the worker selects beside throughput: rate is what comes in per second, "
      "queue what waits, of which demand is reckoned.");
  if (model.kind != ModelKind::kForecast || m.describing()) return;
  if (throughput) model.texts["throughput"] = *throughput;
  if (throughput && (throughput->empty() || !sustained))
    m.problem("throughput", "names a series, and goes with sustained: for how long it was held");
  if (!throughput && m.has("demand"))
    m.problem("demand", "goes with throughput: without it there is nothing to reckon with");
  if (demand == 1) model.numbers["demand_by_queue"] = 1;
  if (above.has_value() + below.has_value() + sustained.has_value() != 1)
    m.problem("kind", "a forecast needs one of limit, limit_below and sustained");
  const auto take = [&](std::string_view key, std::optional<DurationMs> span, DurationMs least,
                        DurationMs most) {
    if (!span) return;
    if (*span < least || *span > most)
      m.problem(key, fmt::format("must be between {} and {}", to_text(least), to_text(most)));
    model.numbers[std::string(key)] = static_cast<double>(span->count);
  };
  take("sustained", sustained, minutes(1), hours(6));
  take("within", within, minutes(1), days(365));
  if (m.has("window")) {
    if (model.window < minutes(30) || model.window > days(90))
      m.problem("window", "must be between 30m and 90d for a forecast");
    model.numbers["forecast_window"] = static_cast<double>(model.window.count);
  }
  if (above) model.numbers["limit"] = *above;
  if (below) model.numbers["limit_below"] = *below;
  model.numbers["end"] = static_cast<double>(end);
}

DurationMs forecast_history(const ModelSpec& spec) {
  return DurationMs{2 * Forecast::window(spec).count};
}

std::string forecast_says(const ModelSpec& spec) { return Forecast::says(spec); }

}  // namespace tocsin::models
