#pragma once
// What lives in the engine, as plain structs. Internal to src/rules.
// Everything is named by its index in one of Core's pools; kNoIndex means none.

#include <memory>
#include <string>
#include <vector>

#include "rules/rule.h"
#include "vocabulary/alert.h"

namespace tocsin::rules {

inline constexpr uint32_t kNoIndex = UINT32_MAX;
using Tail = std::shared_ptr<const std::vector<JudgedPoint>>;

// A worker's test of a series: what the streamer reports on.
struct Test {
  SeriesRef series;
  WorkerRef worker;
  Tier tier = Tier::kEvidence;
  SeriesStatus::What status = SeriesStatus::What::kGuarded;
  bool unknown = false;  // learning, absent, or with an absent violation
  TimeMs since, guarded_from;
  DurationMs cadence{};           // the last one told; 0 = not known yet
  uint32_t absent = 0;            // violations of it that are absent
  uint32_t violation = kNoIndex;  // first of a chain (Live::next)
  uint32_t next = kNoIndex;       // next test of the same series
  uint32_t bindings = 0;          // first in Core::bindings_
  uint32_t bindings_count = 0;
};

// Where a test's violations go. Those of one test are sorted by rule, then leaf; all of one rule
// have the same scope.
struct Binding {
  uint32_t rule = 0, leaf = 0, scope = 0;
};

// A violation that is open or absent, or ended and still wanted by an entry.
struct Live {
  Violation violation;
  Tail tail;
  uint32_t test = kNoIndex;
  uint32_t next = kNoIndex;       // in the test's chain
  std::vector<uint32_t> entries;  // by binding of the test; kNoIndex = not entered
};

// A violation at a leaf of a scope.
struct Entry {
  enum class Lit : uint8_t {
    kDark,      // does not count
    kMatching,  // open, and the leaf's conditions hold
    kWindow,    // no longer, but it began to match less than `within` ago
  };
  uint32_t live = kNoIndex;
  uint32_t leaf = 0;
  Lit lit = Lit::kDark;
  bool light = false;  // it lit the scope's open alert
  TimeMs lit_at;       // decision time at which it last began to match
};

struct LeafState {
  uint32_t matching = 0;
  uint32_t window = 0;
  uint32_t unknown = 0;  // tests of its that are unknown
  DurationMs cadence{};  // slowest of its tests
  std::vector<uint32_t> tests;
};

struct Prediction {
  TimeMs due;
  double distance = 0;
};

struct OpenAlert {
  TimeMs opened;
  TimeMs updated;        // when the last decision on it was given
  TimeMs refreshed;      // when its numbers were last looked at
  bool pending = false;  // something visible changed less than a second after `updated`
  std::optional<TimeMs> quiet_since;     // nothing that lit it is open
  std::optional<TimeMs> judge_again;     // its rule was edited: holds until then
  std::vector<JudgedViolation> carried;  // as judged by the rule before the edit
  std::string summary;                   // as last said
  Momentum::Trend trend = Momentum::Trend::kUnknown;
  TimeMs next_prediction;
  std::vector<Prediction> predictions;  // not due yet, oldest first; at most kPredictionsMax
  uint32_t predictions_due = 0, hits = 0;
};

// A rule's instance for one combination of its `by` labels.
struct Scope {
  uint32_t rule = 0;
  Labels labels;
  Id128 key;  // of its alert
  std::vector<LeafState> leaves;
  std::vector<uint32_t> entries;        // in the order in which they came
  std::optional<TimeMs> waiting_since;  // holds but for `not`, which settles
  std::unique_ptr<OpenAlert> alert;
  TimeMs due = kTimeMax;     // when it must be judged without an item
  TimeMs pushed = kTimeMax;  // the earliest of its entries in the timer heap
};

}  // namespace tocsin::rules
