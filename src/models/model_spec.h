#pragma once
// One model of a worker, as configured. Only the fields of its kind mean anything.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "calendar/zone.h"

namespace tocsin::models {

enum class ModelKind : uint8_t {
  kLevel,
  kProfile,
  kThreshold,
  kSilence,
  kTrend,
  kCount,
  kRatio,
  kChange,
  kForecast,
  kAuto,
};

struct ModelSpec {
  ModelKind kind = ModelKind::kLevel;
  std::string name;   // as shown; the kind unless configured
  double weight = 1;  // 0 switches it off; threshold and silence are on or off
  // profile
  calendar::Season season = calendar::Season::kWeek;
  DurationMs window = minutes(60);
  std::vector<double> period_weights{1, 1, 1, 1};  // of the last period first
  // threshold
  std::optional<double> above, below;
  DurationMs for_at_least{};
  // silence
  double after_cadences = 3;
  DurationMs at_least = seconds(2);
  // What other kinds read: by key, as numbers, durations in ms. Each kind's own file says its keys.
  std::map<std::string, double, std::less<>> numbers;
  std::map<std::string, std::string, std::less<>> texts;

  double number(std::string_view key, double otherwise) const {
    const auto found = numbers.find(key);
    return found == numbers.end() ? otherwise : found->second;
  }
};

}  // namespace tocsin::models
