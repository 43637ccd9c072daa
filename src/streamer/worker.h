#pragma once
// A worker: a data connector + a set of models + a strategy, over the series it selects; and the
// set of all workers of one configuration, with its excluded periods (marks) and its sites' zones.
// Plain values; a WorkerSet is immutable once read and may be shared by all shards.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "calendar/zone.h"
#include "models/band_model.h"
#include "models/model_spec.h"
#include "streamer/calendar_config.h"
#include "vocabulary/frequency.h"
#include "vocabulary/labels.h"
#include "vocabulary/matcher.h"
#include "vocabulary/violation.h"

namespace tocsin::config {
class Folder;
class Problems;
class Reference;
}  // namespace tocsin::config

namespace tocsin::streamer {

using namespace models;  // what tests a point, in the words of that room

enum class Strategy : uint8_t { kWeighted, kMajority, kAny, kAll, kBest };
enum class Missing : uint8_t { kUnknown, kZero, kViolation };
enum class Transform : uint8_t { kAuto, kNone, kRate, kIncrease, kDelta };
enum class AggregateOp : uint8_t { kSum, kMean, kMin, kMax, kCount, kQuantile, kRatio, kDemand };

std::string_view to_text(Strategy strategy);    // "weighted", "majority", "any", "all", "best"
std::string_view to_text(Missing missing);      // "unknown", "zero", "violation"
std::string_view to_text(Transform transform);  // "auto", "none", "rate", "increase", "delta"

struct Aggregate {
  AggregateOp op = AggregateOp::kSum;
  double quantile = 0;             // kQuantile: 0.5 for p50
  std::string op_text;             // "sum", "p99": as configured, part of the derived name
  std::vector<std::string> by;     // labels kept
  DurationMs every = seconds(10);  // length of a slot
  std::string name;                // of the result; empty = NAME:OP
  // kRatio, kDemand: all labels are kept, and a group is two series that differ in their name
  // alone: the one that the worker selects (failures; demand or what waits), and what stands behind
  // each slot's value and is its weight (attempts; throughput).
  std::string selected, behind;  // their names
  bool selected_zero = false;    // none came = there were none (missing: zero)
  bool queue = false;            // kDemand: it selects what waits, demand is what makes it grow
  bool is_pair() const { return op == AggregateOp::kRatio || op == AggregateOp::kDemand; }
};

struct Worker {
  std::string id;
  std::string place;  // file:line; empty for the built-in one
  std::vector<SeriesSelector> select;
  Tier tier = Tier::kEvidence;
  Transform transform = Transform::kAuto;
  std::optional<Aggregate> aggregate;
  std::vector<ModelSpec> models;
  Strategy strategy = Strategy::kWeighted;
  uint8_t open_points = 2;  // n: this many ...
  uint8_t open_of = 3;      // m: ... of the last m points outside open a violation; at most 8
  Missing missing = Missing::kUnknown;
  double deviation_absolute = 0;     // the band is never narrower than this around the expected
  double deviation_relative = 0.01;  // value: absolute, and as a share of the expected value
  DurationMs min_duration{};         // outside for so long before a violation opens, event time
  // Violations wanted per series; the edge of the band follows. nullopt: it stays at `score`. Not
  // part of the definition: the tail that was learned serves any wish.
  std::optional<Frequency> noise;
  DurationMs lateness = seconds(60);
  double score = 4;           // -log10 of the tail probability at the band's edge
  DurationMs accept_after{};  // a violation open for so long becomes the new normal; 0 = never
  Id128 definition;           // hash of all that changes what its models learn

  // By its selectors, or as what stands behind a series that they select.
  bool selects(const Labels& labels) const;
  bool is_behind(const Labels& labels) const;  // ... as the latter
  // Names by ModelBand::model: a profile counts once per past period ("profile -1", "profile -2").
  std::vector<std::string> model_names() const;
  // Kind by ModelBand::model, in the same order.
  std::vector<ModelKind> model_kinds() const;
  const ModelSpec* model(ModelKind kind) const;  // the first of that kind that is switched on
};

// A period that no model learns from and in which nothing is judged.
struct Mark {
  TimeMs from, to;  // [from, to)
  std::string why;
  std::vector<SeriesSelector> match;  // empty = every series
  bool matches(const Labels& labels) const;
};

// `_total`, `_count`, `_sum`, `_bucket`: counters unless said otherwise.
bool is_counter_name(std::string_view name);

class WorkerSet {
 public:
  // Only the built-in worker `default`: every series, tier evidence, model `level`.
  WorkerSet();
  // For tests and tools: the workers given, in order. `default_on` adds the built-in one unless a
  // worker is called `default`.
  static std::shared_ptr<const WorkerSet> of(std::vector<Worker> workers, bool default_on = true,
                                             std::vector<Mark> marks = {});
  // Reads the sections `workers`, `default`, `marks`, `sites` and `calendars`; adds what is wrong
  // to `problems`.
  static std::shared_ptr<const WorkerSet> read(const config::Folder& folder,
                                               config::Problems& problems);
  static void describe(config::Reference& reference);

  // By WorkerRef::index; the built-in or configured `default` is the last one, if it is on.
  const std::vector<Worker>& workers() const { return workers_; }
  const Worker& worker(WorkerRef ref) const { return workers_[ref.index]; }
  std::optional<WorkerRef> find(std::string_view id) const;
  // What a worker learned belongs to it as long as both are the same.
  struct Identity {
    std::string id;
    Id128 definition;
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  std::vector<Identity> identities() const;  // in the order of workers()
  // The same set without these workers: marks and zones stay.
  std::shared_ptr<const WorkerSet> without(const std::vector<Identity>& gone) const;
  // The workers that test this series as sent, ascending. Those of `default` only if no other does.
  std::vector<WorkerRef> testing(const Labels& labels) const;
  const std::vector<Mark>& marks() const { return marks_; }
  // The worker that watches over senders: the first with a model `silence` that selects
  // kSenderSeriesName by its name. Without one no sender is ever silent.
  std::optional<WorkerRef> sender_watch() const { return sender_watch_; }
  // The same set, for rules that wait for the silence of these series (`direction: silent`): they
  // are told as silent even when their whole sender is.
  std::shared_ptr<const WorkerSet> awaiting(std::vector<SeriesSelector> silences) const;
  bool awaits_silence(const Labels& labels) const;

  const std::string& site_label() const { return site_label_; }  // "site"
  // Site -> IANA zone, as configured.
  const std::map<std::string, std::string>& site_zones() const { return site_zones_; }
  // The wall clock of the series' site; UTC if its site has no zone.
  const calendar::Zone& zone(const Labels& labels) const;
  // That, and the calendar of its site.
  Local local(const Labels& labels) const;
  const Calendars& calendars() const { return calendars_; }
  // What a model follows for this series; nullptr: no calendar.
  const calendar::DayCalendar* calendar_of(const ModelSpec& model, const Labels& labels) const;

  // Bit s is set if shard s (< 64) needs the points of this series besides its home shard
  // (labels.hash() % shards), because the group of an aggregate lives there. Call once per series.
  uint64_t extra_shards(const Labels& labels, uint32_t shards) const;

 private:
  void finish(bool default_on);
  std::vector<Worker> workers_;
  std::vector<Mark> marks_;
  std::optional<size_t> default_index_;
  std::optional<WorkerRef> sender_watch_;
  std::vector<SeriesSelector> awaited_;
  std::string site_label_ = "site";
  std::map<std::string, std::string> site_zones_;
  std::map<std::string, calendar::Zone, std::less<>> zones_;
  calendar::Zone utc_;
  Calendars calendars_;
};

// How a transform is applied to series of this name: never kAuto.
Transform transform_of(const Worker& worker, std::string_view name);
// Labels of what a worker judges: of the transformed series, or of the group of its aggregate;
// the series itself if it does neither.
Labels transformed_labels(const Worker& worker, const Labels& labels);
Labels judged_labels(const Worker& worker, const Labels& labels);
// What stands behind the values of a pair, slot by slot: a series of its own, for charts. Empty if
// there is none.
Labels behind_labels(const Worker& worker, const Labels& judged);

}  // namespace tocsin::streamer
