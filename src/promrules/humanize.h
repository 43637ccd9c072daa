#pragma once
// Numbers for people, as Prometheus' templates write them, and Go's four significant digits.

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace tocsin::promrules {

std::string humanize(double value);             // 1.234k, 12.3m
std::string humanize1024(double value);         // 1.5Mi
std::string humanize_duration(double seconds);  // 1h 30m 0s
std::string humanize_percentage(double share);  // 12.34%
// "2026-11-23 14:32:45 +0000 UTC"; kInvalid beyond the years 1678 to 2262.
Result<std::string> humanize_timestamp(double seconds);
Result<TimeMs> instant_of(double seconds);  // the same bounds

}  // namespace tocsin::promrules
