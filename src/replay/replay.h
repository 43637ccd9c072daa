#pragma once
// What would have been told: a configuration over history. See README.md.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/counters.h"
#include "base/result.h"
#include "replay/report.h"
#include "rules/engine.h"
#include "store/codec.h"
#include "streamer/worker.h"
#include "supervisor/options.h"
#include "supervisor/route.h"

namespace tocsin::replay {

// Points of history, series by series.
class Source {
 public:
  virtual ~Source() = default;
  virtual const std::vector<Labels>& series() const = 0;
  // Points in [from, to), ascending, appended to `out`.
  virtual Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) = 0;
};

struct Plan {
  std::shared_ptr<const streamer::WorkerSet> workers;
  std::shared_ptr<const rules::RuleSet> rules;
  rules::WorkerNames worker_names;
  supervisor::Options supervisor;
  supervisor::Routes routes;
  TimeMs warm_up_from;              // models see points from here on
  TimeMs from, to;                  // what is judged: [from, to)
  std::vector<WorkerRef> only;      // test by these alone; empty = by all
  size_t violations_max = 100'000;  // kept in the report; all are counted
  size_t alerts_max = 20'000;       // likewise
};

// progress: share done, 0 to 1; returns false to stop (then the report is of what was done).
Result<Report> run(const Plan& plan, Source& source, Counters& counters,
                   const std::function<bool(double)>& progress);

}  // namespace tocsin::replay
