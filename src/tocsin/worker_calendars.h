#pragma once
// Which calendars a worker's models follow, and which days are what around now, for its page.

#include <vector>

#include "server/view_types.h"
#include "streamer/worker.h"

namespace tocsin {

// Days told by date from a month before `now` to a year after it; at most 400 a calendar.
std::vector<server::WorkerDetails::Calendar> calendars_of(const streamer::WorkerSet& set,
                                                          const streamer::Worker& worker,
                                                          TimeMs now);

}  // namespace tocsin
