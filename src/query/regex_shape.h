#pragma once
// What a regular expression says without running it: most of those in label matchers are a few
// literal values ("a|b", "(a|b)", what Grafana makes of a variable) or begin with one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::query {

struct RegexShape {
  // The values it matches, if they are literal; of "a|b|" also the empty one.
  std::optional<std::vector<std::string>> literals;
  // Every value it matches begins with this; may be empty.
  std::string prefix;
};

// The expression is anchored at both ends and is one that RE2 takes. What is not understood is left
// out: no literals, no prefix.
RegexShape shape_of(std::string_view expression);

}  // namespace tocsin::query
