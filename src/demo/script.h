#pragma once
// What goes wrong in the betting house, and when. Effects multiply a series' healthy value.

#include <string>
#include <vector>

#include "base/time.h"

namespace tocsin::demo {

// value *= 1 + (factor - 1) * ramp, where ramp goes from 0 to 1 within `ramp` after `from`.
struct Effect {
  std::string site;
  std::string series;  // metric name
  TimeMs from, to;     // [from, to)
  DurationMs ramp{};
  double factor = 1;
  bool silent = false;  // no points at all while it lasts
};

struct Step {
  TimeMs at;
  std::string text;
  std::string rule;  // the rule whose alert the step leads to, or empty
  std::string site;
};

struct Mark {
  TimeMs from, to;
  std::string site;
  std::string why;
};

struct Script {
  std::vector<Effect> effects;
  std::vector<Step> steps;  // in order of time; live script only
  std::vector<Mark> marks;  // periods that were announced
};

// The four weeks before `end`: one marked performance test (madrid), one unmarked outage (rome).
Script history_script(TimeMs end);
// The six minutes that follow `start`: see the steps' texts.
Script live_script(TimeMs start);
// How long the live script lasts: everything is healthy again and told.
inline constexpr DurationMs kLiveScriptLength = seconds(400);

}  // namespace tocsin::demo
