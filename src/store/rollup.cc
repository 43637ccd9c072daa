#include "store/rollup.h"

namespace tocsin {

DurationMs step_of(Resolution resolution) {
  switch (resolution) {
    case Resolution::kRaw:
      return {};
    case Resolution::kMinute:
      return minutes(1);
    case Resolution::kHour:
      return hours(1);
  }
  return {};
}

std::string_view to_text(Resolution resolution) {
  switch (resolution) {
    case Resolution::kRaw:
      return "raw";
    case Resolution::kMinute:
      return "minute";
    case Resolution::kHour:
      return "hour";
  }
  return "";
}

Resolution resolution_for(const Extents& extents, TimeMs from, DurationMs step) {
  if (extents[0].from <= from) return Resolution::kRaw;
  Resolution finest = Resolution::kRaw, coarsest = Resolution::kRaw, furthest = Resolution::kRaw;
  for (const Resolution at : {Resolution::kMinute, Resolution::kHour}) {
    const ResolutionExtent& extent = extents[static_cast<size_t>(at)];
    if (extent.from >= extent.to) continue;
    if (extent.from < extents[static_cast<size_t>(furthest)].from) furthest = at;
    if (extent.from > from) continue;
    if (finest == Resolution::kRaw) finest = at;
    if (step_of(at) <= step) coarsest = at;
  }
  if (coarsest != Resolution::kRaw) return coarsest;
  return finest != Resolution::kRaw ? finest : furthest;
}

}  // namespace tocsin
