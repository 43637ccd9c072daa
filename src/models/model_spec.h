#pragma once
// One model of a worker, as configured. Only the fields of its kind mean anything.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "calendar/day_calendar.h"
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
  size_t listed = 0;  // its place in the worker's list: the seasons of one entry share it
  double weight = 1;  // 0 switches it off; threshold and silence are on or off
  // profile
  calendar::Season season = calendar::Season::kWeek;
  // While it is read: a second season that was listed, of which a model of its own is made.
  std::optional<calendar::Season> second_season;
  DurationMs window = minutes(60);
  std::vector<double> period_weights{1, 1, 1, 1};  // of the last period first
  // What its days are: a calendar by name, or that of the series' site.
  std::shared_ptr<const calendar::DayCalendar> calendar;
  bool site_calendar = false;
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
