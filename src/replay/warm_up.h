#pragma once
// Workers that a saved state does not know learn from what is kept before it.

#include <memory>
#include <string>

#include "replay/replay.h"

namespace tocsin::replay {

// What they learn from the points of [from, to), for Streamer::load().
Result<std::string> learn(const std::shared_ptr<const streamer::WorkerSet>& workers,
                          Source& history, TimeMs from, TimeMs to);

}  // namespace tocsin::replay
