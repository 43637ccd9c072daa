#pragma once
// Parameters as Prometheus' API takes them: out of the query and of a form, times as float seconds
// or RFC 3339, spans as float seconds or "5m". Errors are Prometheus' own words.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "vocabulary/matcher.h"

namespace tocsin::server::prometheus {

// The form's values first, then the query's, as Go reads them.
net::Params values_of(const net::Request& request);

std::optional<TimeMs> parse_instant(std::string_view text);
Result<TimeMs> time_of(const net::Params& values, std::string_view name);  // required
// Missing or empty: `standard`.
Result<TimeMs> time_of(const net::Params& values, std::string_view name, TimeMs standard);
// In whole milliseconds; "cannot parse ..." without the parameter's name.
Result<DurationMs> parse_span(std::string_view text);
Result<size_t> limit_of(const net::Params& values);  // 0: none
// Every match[]; kInvalid for what is not a selector.
Result<std::vector<std::vector<LabelMatcher>>> selectors_of(const net::Params& values);

Error wrong_parameter(std::string_view name, std::string_view why);  // invalid parameter "x": why

}  // namespace tocsin::server::prometheus
