#pragma once
// What changes when another configuration runs over the same history: two reports side by side.
// Pure functions of values. "base" is what is compared with, "tried" what is tried: gained = only
// tried finds it, lost = only base does.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "replay/report.h"
#include "supervisor/operator_marks.h"

namespace tocsin::replay {

// One alert or violation as far as matching goes. `ended` is kTimeMax while it is open.
struct Episode {
  std::string key;  // what it is of: rule and scope; worker, series and direction
  TimeMs opened, ended;
};

struct EpisodePair {
  std::optional<size_t> base, tried;  // index of each; at least one is there
  friend bool operator==(const EpisodePair&, const EpisodePair&) = default;
};

// One to one, in the order of their keys and times: of two with the same key that overlap (touching
// is enough) each is the other's; where several overlap one, the first is it. Exchanging base and
// tried gives the same pairs exchanged.
std::vector<EpisodePair> match(std::span<const Episode> base, std::span<const Episode> tried);

enum class ChangeKind : uint8_t { kGained, kLost, kEarlier, kLater, kSame };
std::string_view to_text(ChangeKind kind);  // "gained", "lost", "earlier", "later", "same"

struct AlertChange {
  ChangeKind kind = ChangeKind::kSame;
  std::optional<size_t> base, tried;  // index in the report's alerts
  DurationMs by{};                    // earlier or later by; never negative
};

// Counts of what changed; `earlier` and `later` are part of both sides, as `same` is.
struct ChangeCounts {
  uint64_t gained = 0, lost = 0, earlier = 0, later = 0, same = 0;
  void add(ChangeKind kind);
  friend bool operator==(const ChangeCounts&, const ChangeCounts&) = default;
};

struct WorkerChange {
  std::string worker;
  uint64_t base = 0, tried = 0;  // violations opened
  ChangeCounts counts;
};

struct Diff {
  std::vector<AlertChange> alerts;    // by time of the earlier opening
  ChangeCounts counts;                // of alerts
  std::vector<WorkerChange> workers;  // violations, by the worker's id
  bool all_violations = true;         // false: a report had more than it kept; the rest is not here
};

Diff compare(const Report& base, const Report& tried);

// Of what people marked in the range: how much each run still finds.
struct MarkScore {
  uint64_t useful = 0, useful_base = 0, useful_tried = 0;  // useful_X: found by X
  uint64_t noise = 0, noise_base = 0, noise_tried = 0;     // noise_X: found by X; the rest is gone
  // Useful ones that both find: how much earlier `tried` opens, summed; negative = later.
  uint64_t both = 0;
  DurationMs gained{};
};
struct Score {
  MarkScore alerts, violations;
};

// Which marks are asked for: those that overlap [from, to) and are within what was replayed.
struct MarkScope {
  TimeMs from, to;
  std::string site_label, site;    // site empty = any
  std::string worker;              // empty = any
  std::vector<std::string> rules;  // empty = any
};
Score score(std::span<const supervisor::OperatorMark> marks, const MarkScope& scope,
            const Report& base, const Report& tried);

}  // namespace tocsin::replay
