#pragma once
// Level two of the flow: rules and supervisor behind the merge. One thread; no I/O: what is to be
// written and told comes out as supervisor::Changes.

#include <functional>
#include <memory>
#include <vector>

#include "pipeline/merge.h"
#include "rules/engine.h"
#include "supervisor/supervisor.h"

namespace tocsin::pipeline {

class DecisionStage {
 public:
  // Sees every item and every decision as they pass, in order: for the live stream and for replay.
  struct Watch {
    std::function<void(const StreamItem&)> item;
    std::function<void(const Decision&)> decision;
    std::function<void(const Passed&)> begin;   // before the items of a frame
    std::function<void(const Passed&)> passed;  // after everything of a frame or tick
  };

  DecisionStage(rules::Engine engine, supervisor::Supervisor supervisor, Watch watch);

  // What the merge lets through, into `out`.
  void run(Merge& merge, Lsn durable, supervisor::Changes& out);

  // Decisions that came about outside run(): a new configuration's.
  void take(std::vector<Decision> decisions, supervisor::Changes& out);

  rules::Engine& engine() { return engine_; }
  supervisor::Supervisor& supervisor() { return supervisor_; }

 private:
  void decide(supervisor::Changes& out);

  rules::Engine engine_;
  supervisor::Supervisor supervisor_;
  Watch watch_;
  std::vector<Decision> decisions_;
};

}  // namespace tocsin::pipeline
