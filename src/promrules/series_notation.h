#pragma once
// Series as Prometheus' unit tests write them: `up{job="x"}` and `1 2+3x5 _x2 stale NaN`.

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vocabulary/labels.h"

namespace tocsin::promrules {

// kInvalid says what is wrong.
Result<Labels> read_metric(std::string_view text);

inline constexpr size_t kSequenceMax = 1'000'000;
// One value per step; nullopt where there is none (_). `stale` is a stale marker.
Result<std::vector<std::optional<double>>> read_sequence(std::string_view text);

}  // namespace tocsin::promrules
