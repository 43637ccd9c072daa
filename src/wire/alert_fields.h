#pragma once
// Inside of the room: what the readers of alerts in JSON share.

#include <simdjson.h>

#include <string>
#include <vector>

#include "wire/alert_json.h"

namespace tocsin::wire {

using JsonObject = simdjson::ondemand::object;
using JsonValue = simdjson::ondemand::value;

// False: the JSON is not what was expected there; `wrong` says how.
struct FieldReader {
  const AlertJsonLimits& limits;
  std::string wrong;

  bool text(JsonValue value, std::string_view what, std::string& out);  // null: stays as it is
  bool time(JsonValue value, std::string_view what, TimeMs& out);       // null, zero: 0
  // An object of texts; null values are empty.
  bool pairs(JsonValue value, std::string_view what, std::vector<Labels::Pair>& out);
};

// Why these labels or annotations are refused, or empty.
std::string pairs_fault(const std::vector<Labels::Pair>& pairs, const AlertJsonLimits& limits);

// Pads nothing, copies nothing: the body must have the room.
bool iterate(simdjson::ondemand::parser& parser, const std::string& body,
             simdjson::ondemand::document& document, std::string& wrong);

}  // namespace tocsin::wire
