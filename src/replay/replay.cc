#include "replay/replay.h"

#include <algorithm>
#include <utility>

#include "pipeline/graph.h"
#include "replay/history.h"
#include "streamer/class_history.h"

namespace tocsin::replay {
namespace {

constexpr DurationMs kSettle = seconds(1);

class Run {
 public:
  Run(const Plan& plan, Source& source, Counters& counters);
  Result<Report> go(const std::function<bool(double)>& progress);

 private:
  pipeline::DecisionStage::Watch watch();
  void feed(Frame& frame);

  const Plan& plan_;
  SeriesTable table_;
  History history_;
  pipeline::Graph graph_;
  Collector found_;
  uint64_t lsn_ = 0;
  TimeMs last_point_;
};

Run::Run(const Plan& plan, Source& source, Counters& counters)
    : plan_(plan),
      table_(static_cast<uint32_t>(source.series().size() * 4 + 4096)),
      history_(source, table_),
      graph_(plan.workers, table_, 1,
             {rules::Engine(plan.rules, table_, plan.worker_names),
              supervisor::Supervisor(plan.supervisor, plan.routes, counters), watch()},
             {.only = plan.only}),
      found_(table_, plan.worker_names, plan.from, {plan.violations_max, plan.alerts_max}) {}

pipeline::DecisionStage::Watch Run::watch() {
  return {.item = [this](const StreamItem& item) { found_.item(item); },
          .decision = {},
          .begin = {},
          .passed = {}};
}

void Run::feed(Frame& frame) {
  frame.lsn = Lsn{++lsn_};
  found_.report().points += frame.batch.size();
  last_point_ = frame.arrival;
  supervisor::Changes changes;
  graph_.feed(frame, changes);
  graph_.take_derived();
  if (!changes.empty()) found_.take(changes);
}

Result<Report> Run::go(const std::function<bool(double)>& progress) {
  if (auto opened = history_.open(); !opened) return fail(opened.error());
  const TimeMs start = std::min(plan_.warm_up_from, plan_.from);
  const double length = static_cast<double>((plan_.to - start).count);
  const auto visit = [this](Frame& frame) { feed(frame); };
  const auto reached = [&](TimeMs at) {
    return progress(static_cast<double>((at - start).count) / length);
  };
  Result<bool> more = true;
  for (const streamer::TimeSpan& days : streamer::class_days(*plan_.workers, plan_.only, start))
    if (more && *more)
      more = history_.frames(days.from, days.to, BatchKind::kImport, visit,
                             [&](TimeMs) { return progress(0); });
  if (more && *more) more = history_.frames(start, plan_.from, BatchKind::kImport, visit, reached);
  if (more && *more) more = history_.frames(plan_.from, plan_.to, BatchKind::kLive, visit, reached);
  if (!more) return fail(more.error());
  // Not beyond the data: that it ends there is no silence.
  supervisor::Changes changes;
  graph_.tick(std::min(plan_.to, last_point_ + kSettle), changes);
  found_.take(changes);
  return std::move(found_.report());
}

}  // namespace

Result<Report> run(const Plan& plan, Source& source, Counters& counters,
                   const std::function<bool(double)>& progress) {
  if (!(plan.from < plan.to))
    return fail(ErrorCode::kInvalid, "cannot replay: the begin is not before the end");
  return Run(plan, source, counters).go(progress);
}

}  // namespace tocsin::replay
