#include "fleet_week/incidents.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::bench {

const std::vector<IncidentSpec>& incident_specs() {
  static const std::vector<IncidentSpec> specs{
      {IncidentKind::kDrop, "drop", "to 60 % for half an hour", 20, minutes(30)},
      {IncidentKind::kSurge, "surge", "to 150 % for half an hour", 20, minutes(30)},
      {IncidentKind::kDrift, "slow drift", "down to 65 % within 6 h", 15, hours(6)},
      {IncidentKind::kSilence, "silence", "no points for 20 minutes", 15, minutes(20)},
      {IncidentKind::kShape, "shape change", "the day's curve half a day late, for 8 h", 15,
       hours(8)},
      {IncidentKind::kRatio, "ratio", "failures from 2 % to 6 % of attempts, for an hour", 15,
       hours(1)},
  };
  return specs;
}

std::vector<Incident> plan_incidents(TimeMs from, TimeMs to, Random random) {
  std::vector<Incident> out;
  for (const IncidentSpec& spec : incident_specs())
    for (int i = 0; i < spec.count; ++i) {
      const int64_t room = (to - from - spec.length).count / 60'000;
      const TimeMs begin =
          from + minutes(static_cast<int64_t>(random.below(static_cast<uint64_t>(room))));
      out.push_back({spec.kind, out.size(), begin, begin + spec.length, std::nullopt});
    }
  return out;
}

std::optional<double> with_incident(const Incident& incident, TimeMs now, double healthy,
                                    double opposite) {
  if (now < incident.from || now >= incident.to) return healthy;
  const double share = (now - incident.from).seconds() / (incident.to - incident.from).seconds();
  switch (incident.kind) {
    case IncidentKind::kDrop:
      return 0.6 * healthy;
    case IncidentKind::kSurge:
      return 1.5 * healthy;
    case IncidentKind::kDrift:
      return (1 - 0.35 * share) * healthy;
    case IncidentKind::kSilence:
      return std::nullopt;
    case IncidentKind::kShape:
      return opposite;
    case IncidentKind::kRatio:
      return 3 * healthy;
  }
  return healthy;
}

bool print_incidents(const std::vector<Incident>& incidents) {
  fmt::print(
      "| incident | what | found | delay: median | longest |\n| --- | --- | --- | --- | --- |\n");
  bool all = true;
  for (const IncidentSpec& spec : incident_specs()) {
    std::vector<int64_t> delays;
    for (const Incident& one : incidents)
      if (one.kind == spec.kind && one.found) delays.push_back((*one.found - one.from).count);
    std::sort(delays.begin(), delays.end());
    all = all && delays.size() == static_cast<size_t>(spec.count);
    const auto text = [&](size_t at) {
      return delays.empty() ? std::string("–") : to_text(DurationMs{delays[at]});
    };
    fmt::print("| {} | {} | {} of {} | {} | {} |\n", spec.name, spec.what, delays.size(),
               spec.count, text(delays.size() / 2), text(delays.empty() ? 0 : delays.size() - 1));
  }
  return all;
}

}  // namespace tocsin::bench
