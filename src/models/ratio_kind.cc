#include "models/ratio_kind.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/reader.h"

namespace tocsin::models {

void read_ratio(config::MapReader& m, ModelSpec& model) {
  const auto of = m.optional<std::string>(
      "of",
      "ratio: name of the series that counts the attempts, its labels those of the failures that "
      "the worker selects.");
  const auto every = m.value<DurationMs>(
      "every", seconds(60),
      "ratio: length of a slot, in which failures and attempts are added up; it closes when both "
      "reported, or at the watermark. forecast with throughput: the same.");
  const auto min_attempts = m.value<int64_t>(
      "min_attempts", 20, "ratio: with fewer attempts a slot, or a run of them, says nothing.");
  const bool ratio = model.kind == ModelKind::kRatio;
  const bool pairs = ratio || (model.kind == ModelKind::kForecast && m.has("throughput"));
  if (m.describing() || !pairs) return;
  model.numbers["every"] = static_cast<double>(every.count);
  if (every < seconds(1) || every > hours(24)) m.problem("every", "must be between 1s and 24h");
  if (!ratio) return;
  if (!of || of->empty()) m.problem("kind", "a ratio needs of: the name of the attempts' series");
  if (min_attempts < 1 || min_attempts > 1'000'000'000)
    m.problem("min_attempts", "must be between 1 and 1000000000");
  model.texts["of"] = of.value_or("");
  model.numbers["min_attempts"] = static_cast<double>(min_attempts);
}

DurationMs ratio_history(const ModelSpec&) { return days(2); }

std::string ratio_says(const ModelSpec& spec) {
  const auto of = spec.texts.find("of");
  return fmt::format("failures of {}, by exact probabilities, from {} attempts on",
                     of == spec.texts.end() ? "attempts" : of->second,
                     number_text(spec.number("min_attempts", 20)));
}

}  // namespace tocsin::models
