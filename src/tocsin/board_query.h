#pragma once
// The PromQL of a board: what its variables stand for, and whether it can be asked at all.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

// $interval: the longer of a minute and the chart's step, for rate() and the like. Every board has
// it; it is the one that may stand outside of strings.
inline constexpr std::string_view kIntervalVariable = "interval";

// Letters, digits and _, not beginning with a digit.
bool is_variable_name(std::string_view name);
// The names after $ in a text, ${name} too; each as often as it stands there.
std::vector<std::string> variables_in(std::string_view text);
// What is wrong with the expression, with line:column inside of it; nullopt: nothing.
std::optional<std::string> query_problem(std::string_view expr,
                                         std::span<const std::string_view> variables);

}  // namespace tocsin
