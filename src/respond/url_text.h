#pragma once

#include <string>
#include <string_view>

namespace tocsin::respond {

// Percent-encoded: everything but the unreserved characters of RFC 3986, for any part of a URL and
// for forms.
std::string url_text(std::string_view text);

}  // namespace tocsin::respond
