#pragma once
// Which days of the far past a worker's models want to see: a profile that follows a calendar
// judges a holiday by the last holidays, and those lie further back than the weeks that it learns
// everything else from.

#include <span>
#include <vector>

#include "streamer/worker.h"

namespace tocsin::streamer {

struct TimeSpan {
  TimeMs from, to;  // [from, to)
  friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

// The last days before `before` of each class that is told by date, as many as the profiles keep;
// ascending, apart from each other, none earlier than three years. Empty without a calendar.
std::vector<TimeSpan> class_days(const Worker& worker, const Local& local, TimeMs before);
// The same for all series of these workers, wherever their sites are; of all workers if `only` is
// empty. Days are taken with all hours that some clock on earth gives them.
std::vector<TimeSpan> class_days(const WorkerSet& set, std::span<const WorkerRef> only,
                                 TimeMs before);

// Ascending, none after `before`, what touches made one.
std::vector<TimeSpan> joined(std::vector<TimeSpan> spans, TimeMs before);

}  // namespace tocsin::streamer
