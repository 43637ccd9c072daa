#pragma once
// Replay as received: the frames of the journal in their order, with their arrivals, through the
// stages, from a state that was saved. Under the configuration of the live run it finds what that
// run found. See README.md.

#include <optional>

#include "replay/replay.h"
#include "vocabulary/point.h"

namespace tocsin::replay {

// What the stages knew after the frame `lsn`.
struct SavedState {
  Lsn lsn;
  TimeMs time;  // its arrival
  std::string configuration;
  std::vector<streamer::WorkerSet::Identity> workers;  // that learned, or had nothing to learn
  std::vector<std::string> shards;
  std::string rules, alerts;
};

struct ReceivedPlan {
  Plan plan;
  std::string configuration;        // the version of the plan's
  uint32_t shards = 1;              // where nothing was saved; budgets are per shard
  std::optional<SavedState> state;  // nullopt: the journal's very beginning
  // What changed workers had learned when a configuration frame brought them, by the hash that the
  // frame names; empty if it is not kept. May be null.
  std::function<std::string(std::string_view hash)> trained;
  SeriesSelector only;     // series of it; any unless it says more
  bool all_series = true;  // `only` is not asked
};

// The version of the configuration that a kConfig frame brings: "VERSION" or "VERSION trained
// HASH".
std::string_view version_of(std::string_view payload);

// The frames after an lsn, in order; the visitor says when it is enough.
using Frames = std::function<Result<void>(Lsn after, const std::function<bool(const Frame&)>&)>;

// history: to warm up workers that the saved state does not know, before its time; may be null.
// progress: the arrival reached; returns false to stop.
Result<Report> run_received(const ReceivedPlan& plan, const Frames& frames, Source* history,
                            SeriesTable& table, Counters& counters,
                            const std::function<bool(TimeMs)>& progress);

}  // namespace tocsin::replay
