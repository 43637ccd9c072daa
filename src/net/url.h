#pragma once
// Percent-encoding and query strings. Lenient as browsers and Go are: a "%" that is not followed by
// two hexadecimal digits stands for itself; no input is refused.

#include <string>
#include <string_view>

#include "net/http.h"

namespace tocsin::net {

std::string percent_decode(std::string_view text, bool plus_is_space = false);
std::string percent_encode(std::string_view text);  // all but letters, digits and -._~
// "a=1&b=x%20y&c" -> {a,1} {b,"x y"} {c,""}; "+" is a space; empty parts are left out.
Params parse_query(std::string_view query);

struct Target {
  std::string_view path;   // as sent, at least "/"; points into the target or to a literal
  std::string_view query;  // after the first "?", without the fragment
};
// Origin form "/a?b", absolute form "http://host/a?b", or "*".
Target split_target(std::string_view target);

}  // namespace tocsin::net
