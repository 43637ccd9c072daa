#pragma once
// Inside of the room: the zone that a calendar file means by a TZID.

#include <optional>
#include <string_view>

#include "calendar/zone.h"

namespace tocsin::calendar {

// "Europe/Berlin", "W. Europe Standard Time" (Windows), "/vendor/2005/Europe/Berlin" (a name at the
// end of a path); nullopt if it is none of them.
std::optional<Zone> zone_of_tzid(std::string_view tzid);

}  // namespace tocsin::calendar
