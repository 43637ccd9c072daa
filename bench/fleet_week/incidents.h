#pragma once
// Incidents of stated kinds, put into KPIs of their own; and what was found of them.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace tocsin::bench {

enum class IncidentKind : uint8_t { kDrop, kSurge, kDrift, kSilence, kShape, kRatio };
inline constexpr size_t kIncidentKinds = 6;

struct IncidentSpec {
  IncidentKind kind;
  std::string_view name, what;
  int count;
  DurationMs length;
};
const std::vector<IncidentSpec>& incident_specs();

struct Incident {
  IncidentKind kind;
  size_t kpi = 0;  // the series it is put into
  TimeMs from, to;
  std::optional<TimeMs> found;
};

// One per KPI, at times spread over [from, to).
std::vector<Incident> plan_incidents(TimeMs from, TimeMs to, Random random);

// What the incident makes of a healthy value; nullopt: the point is not sent. `opposite` is what
// would be expected half a day later.
std::optional<double> with_incident(const Incident& incident, TimeMs now, double healthy,
                                    double opposite);

// Delays of those found, by kind, as a table; false if some was not.
bool print_incidents(const std::vector<Incident>& incidents);

}  // namespace tocsin::bench
