#pragma once
// Reading the answers of the server's own API on the command line.

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "tocsin/access_command.h"

namespace tocsin {

// The value of a 2xx answer (null without a body), or the error it tells.
Result<boost::json::value> json_answer(Result<AccessAnswer> answer);

// Members of an object; empty if they are missing, null or something else.
std::string text_of(const boost::json::value& object, std::string_view key);
const boost::json::array& list_of(const boost::json::value& object, std::string_view key);
std::string time_of(const boost::json::value& object, std::string_view key);  // ISO, or "never"

}  // namespace tocsin
