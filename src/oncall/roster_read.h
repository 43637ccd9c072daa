#pragma once
// Inside of the room: reading one schedule of the configuration.

#include "config/reader.h"
#include "oncall/roster.h"

namespace tocsin::oncall {

// Names of people, teams, schedules and layers: letters, digits, dots, dashes, underscores.
bool valid_name(std::string_view name);
calendar::Zone read_zone(config::MapReader& m, const calendar::Zone& standard,
                         std::string_view doc);
void read_schedule(config::MapReader& m, const Roster::ReadFile& read_file, Schedule& out);

}  // namespace tocsin::oncall
