#pragma once
// Inside of the room: keys that a route and a customer have in common.

#include "supervisor/route.h"

namespace tocsin::supervisor {

void read_severities(config::MapReader& m, Route& out);
void read_grouping(config::MapReader& m, Route& out);
void read_repeats(config::MapReader& m, Route& out);

}  // namespace tocsin::supervisor
