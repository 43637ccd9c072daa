#pragma once
// What part a replay is about: a site, a worker, some rules. All workers and rules stay what they
// are for the rest, so that narrowing changes cost, not findings: a series is left out only if
// nothing that is asked for looks at it.

#include <string>
#include <vector>

#include "replay/replay.h"

namespace tocsin::replay {

struct Narrow {
  std::string site;                // only series of this site; empty = all
  std::string worker;              // only its tests; empty = all
  std::vector<std::string> rules;  // only these decide; empty = all
};

// The plan for that part. A worker or rule that the plan does not have leaves nothing of it: the
// other configuration may have it (known() tells).
Plan narrowed(Plan plan, const Narrow& narrow);

// Whether the (unnarrowed) plan has the worker and all the rules; kInvalid says which it has not,
// and the nearest name that there is.
Result<void> known(const std::vector<const Plan*>& plans, const Narrow& narrow);

// Whether the points of this series, as sent, matter to the narrowed plan.
bool wanted(const Plan& plan, const Narrow& narrow, const Labels& series);

}  // namespace tocsin::replay
