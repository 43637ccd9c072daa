#pragma once
// Ways of a script's frames through a World, and what must have come of the quick start's.

#include <string>
#include <vector>

#include "world.h"

namespace tocsin::scenarios {

// Houses at their instants: morning, evening, night, weekend; with the hour of autumn and that of
// spring within the four weeks.
const std::vector<Setting>& settings();

// Frames as they are, the clock ticking between them.
void play(World& world, const std::vector<Frame>& frames, size_t begin = 0, size_t end = SIZE_MAX);
// Each frame arrives up to `late` later than it would have, in another order; lsn and arrival are
// stamped anew as the sequencer does. Points keep their time.
std::vector<Frame> shuffled(const std::vector<Frame>& frames, DurationMs late, uint64_t seed);

// The alerts of demo::live_script, told once each, and nothing else; `late`: how much later than
// the script says things may come.
void expect_exactly_its_alerts(World& world, const QuickStart& house, DurationMs late = {});

}  // namespace tocsin::scenarios
