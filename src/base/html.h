#pragma once

#include <string>
#include <string_view>

namespace tocsin {

// Text that may stand in an element or in a quoted attribute; the five characters are written as
// Go's html/template writes them, which templates of Prometheus' rules are compared with.
std::string html_escaped(std::string_view text);

}  // namespace tocsin
