#pragma once
// How often a replay would have told somebody, for the noise budget.

#include <cstdint>
#include <map>
#include <string>

#include "replay/report.h"

namespace tocsin::replay {

// Openings that somebody would have been told of, by rule. Alerts beyond the plan's alerts_max are
// not in it.
std::map<std::string, int64_t> pages_by_rule(const Report& report);

}  // namespace tocsin::replay
