#pragma once
// The answer of /api/series/last, which is written on shards' threads: appended, no allocation per
// point.

#include <string>

#include "server/views.h"

namespace tocsin::server {

std::string recent_text(const RecentView& view);

}  // namespace tocsin::server
