#pragma once
// Two configurations over the same history, side by side, and the result as JSON: what
// `tocsin replay --against` prints and /api/v1/replays answers.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "replay/diff.h"
#include "replay/narrow.h"
#include "replay/replay.h"

namespace tocsin::replay {

struct Comparison {
  Plan base_plan, tried_plan;  // narrowed
  Report base, tried;
  Diff diff;
  Score score;
  bool whole = true;  // false: it was stopped; both reports are of less than the range
};

struct ComparisonInput {
  Plan base, tried;  // the same range
  Narrow narrow;
  std::span<const supervisor::OperatorMark> marks;
};

// The series of a source that pass the test, one source per run; an error stops both.
using MakeSource = std::function<Result<std::unique_ptr<Source>>(
    const std::function<bool(const Labels&)>& wanted)>;

// One run after the other, so that memory is that of one. progress as in run(), over both.
Result<Comparison> compare_runs(const ComparisonInput& input, const MakeSource& sources,
                                Counters& counters, const std::function<bool(double)>& progress);

// changes_max: alerts listed; all are counted.
std::string comparison_json(const Comparison& comparison, size_t changes_max);

}  // namespace tocsin::replay
