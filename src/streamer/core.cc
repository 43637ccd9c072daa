#include "streamer/core.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tocsin::streamer {
namespace {

constexpr double kValueMax = 1e30;  // sums and products of such values stay finite
constexpr size_t kAhead = 6;        // rows whose state is fetched ahead

}  // namespace

Streamer::Core::Core(std::shared_ptr<const WorkerSet> workers, SeriesTable& table, uint32_t shard,
                     uint32_t shards, Options options)
    : set_(std::move(workers)), table_(table), shard_(shard), shards_(shards), options_(options) {
  model_budget_.bytes_max = options_.model_bytes_max;
  tail_budget_.bytes_max = options_.tail_bytes_max;
  judges_.reserve(set_->workers().size());
  for (const Worker& worker : set_->workers()) judges_.emplace_back(worker);
  for (const Worker& worker : set_->workers())
    waits_.push_back(worker.model(ModelKind::kSilence) != nullptr);
  sender_watch_ = set_->sender_watch();
}

uint32_t Streamer::Core::slot_of(SeriesRef series) {
  if (series.index >= slots_.size())
    slots_.resize(std::max<size_t>(series.index + 1, slots_.size() * 3 / 2), kUnresolved);
  const uint32_t slot = slots_[series.index];
  return slot == kUnresolved ? slots_[series.index] = resolve(series) : slot;
}

void Streamer::Core::step(const Frame& frame, std::span<const uint32_t> rows,
                          StreamerOutputs& out) {
  run_timers(last_, frame.arrival, out);
  last_ = frame.lsn;
  clock_ = std::max(clock_, frame.arrival);
  const std::vector<SeriesRef>& series = frame.batch.series;
  if (sender_watch_ && !frame.batch.sender_name.empty()) note_sender(frame);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kAhead < rows.size()) {
      const uint32_t next = series[rows[i + kAhead]].index;
      const uint32_t slot = next < slots_.size() ? slots_[next] : kUntested;
      if (slot < kUntested) {
        __builtin_prefetch(&tests_[slot]);
        __builtin_prefetch(reinterpret_cast<const char*>(&tests_[slot]) + 64);
      }
    }
    row(frame, rows[i], slot_of(series[rows[i]]), out);
  }
  std::move(sender_ends_.begin(), sender_ends_.end(), std::back_inserter(out.items));
  sender_ends_.clear();
}

void Streamer::Core::row(const Frame& frame, uint32_t row, uint32_t slot, StreamerOutputs& out) {
  ++counts_.points;
  if (slot == kUntested) {
    ++counts_.untested;
    return;
  }
  const TimeMs time = frame.batch.time[row];
  const double value = frame.batch.value[row];
  Context context{
      {frame.lsn, {}, row, 0}, frame.arrival, frame.batch.kind == BatchKind::kLive, out};
  for (bool more = true; more; ++slot) {
    SeriesTest& test = tests_[slot];
    more = test.is(SeriesTest::kMore);
    context.at.step = test.worker * kStepsPerWorker;
    if (test.is(SeriesTest::kFeed))
      feed(test, time, value, context);
    else
      sample(test, time, value, context);
  }
}

bool Streamer::Core::admit(const Worker& worker, TimeMs time, double value,
                           const Context& context) {
  if (!(std::abs(value) < kValueMax)) {
    ++counts_.not_a_number;
    return false;
  }
  if (context.live && time > context.arrival + worker.lateness) {
    ++counts_.future;
    return false;
  }
  return true;
}

void Streamer::Core::sample(SeriesTest& test, TimeMs time, double value, Context& context) {
  const Worker& worker = set_->workers()[test.worker];
  if (!admit(worker, time, value, context)) return;
  if (time <= test.last_time) return late(test, time, value, context);
  SeriesMore* more = find_more(test);
  const bool was_live = context.live;
  if (context.live && time < context.arrival - options_.history_after) {
    ++counts_.late;
    context.live = false;
  }
  pace(test, time, context);
  if (test.is(SeriesTest::kDerived)) {
    const auto derived = more->transform.apply(more->transform_kind, time, value, test.cadence_s);
    if (derived) {
      if (test.is(SeriesTest::kFirstToDerive)) derive(test, time, *derived, context);
      judge(test, more, time, *derived, context);
    } else if (context.live) {
      go_live(test, more, time, context);
    }
    test.last_time = time;
  } else {
    judge(test, more, time, value, context);
  }
  context.live = was_live;
}

void Streamer::Core::late(SeriesTest& test, TimeMs time, double value, const Context& context) {
  if (context.live) {
    ++counts_.late;
    test.set(SeriesTest::kOutOfOrder, test.is(SeriesTest::kOutOfOrder) || time < test.last_time);
    test.last_arrival = std::max(test.last_arrival, context.arrival);
  }
  // History may come after live points: the profile has a place for it, the level has not.
  SeriesMore* more = find_more(test);
  if (more == nullptr || context.live || test.is(SeriesTest::kDerived) || in_mark(test, time))
    return;
  for (const auto& model : more->models)
    if (model->trains_out_of_order()) model->train(time, value);
}

void Streamer::Core::pace(SeriesTest& test, TimeMs time, const Context& context) {
  const bool waits = waits_[test.worker] != 0;
  if (waits && !context.live) note_gap(test, test.last_time, time, test.cadence_s);
  if (test.last_time > kTimeMin) follow_interval(test.cadence_s, time - test.last_time);
  if (!context.live) return;
  const bool gap = test.is(SeriesTest::kLive) && context.arrival > test.last_arrival &&
                   test.last_arrival >= resume_;
  if (gap && waits) note_gap(test, test.last_arrival, context.arrival, test.arrival_gap_s);
  if (gap) follow_interval(test.arrival_gap_s, context.arrival - test.last_arrival);
  test.last_arrival = context.arrival;
}

// The first live point after history: what history left open is not told, nor does it count.
void Streamer::Core::go_live(SeriesTest& test, SeriesMore* more, TimeMs time, Context& context) {
  if (!test.is(SeriesTest::kLive)) {
    test.set(SeriesTest::kLive);
    test.above = test.below = 0;
  }
  if (more != nullptr && more->band != nullptr && more->band->from_import) {
    more->band.reset();
    test.above = test.below = 0;
  }
  if (more != nullptr && more->silence != nullptr) {
    OpenViolation& silence = *more->silence;
    silence.state = ViolationState::kEnded;
    silence.updated = silence.ended = time;
    silence_ended(test, silence, time);
    emit(test, Judge::What::kEnded, silence, context);
    more->silence.reset();
  }
  test.set(SeriesTest::kGone, false);
  test.set(SeriesTest::kAbsent, false);
}

void Streamer::Core::derive(const SeriesTest& test, TimeMs time, double value, Context& context) {
  context.out.derived.push_back({SeriesRef{test.series}, time, value});
}

void Streamer::Core::judge(SeriesTest& test, SeriesMore* more, TimeMs time, double value,
                           Context& context) {
  if (context.live) {
    const bool steady = more == nullptr && (test.flags & (SeriesTest::kLive | SeriesTest::kAbsent |
                                                          SeriesTest::kGone)) == SeriesTest::kLive;
    if (!steady) go_live(test, more, time, context);
  } else if (more != nullptr && more->band != nullptr && !more->band->from_import) {
    return;  // history does not touch what is open live
  }
  if (test.is(SeriesTest::kMarked) && in_mark(test, time)) {
    ++counts_.marked;
    test.last_time = time;
    test.last_value = value;
  } else if (Peaks* peaks = peaks_of(test);
             judges_[test.worker].judge_quiet(test, peaks, time, value)) {
    ++counts_.judged;
  } else {
    Emitter emitter(*this, test, context);
    Judge::Place place{test, more, *this, peaks};
    const Verdict verdict =
        judges_[test.worker].judge(place, {time, value, context.weight, !context.live}, emitter);
    ++(verdict.guarded ? counts_.judged : counts_.learning);
    more = place.more;
    if (more != nullptr) release_more(test);
  }
  if (context.live) say_state(test, context);
}

SeriesTest::Announced Streamer::Core::state_of(const SeriesTest& test) const {
  const bool bands = judges_[test.worker].has_band_models();
  const bool waits = !bands && test.cadence_s > 0 && !learning_presence(test);
  const bool guarded = test.is(SeriesTest::kHasBand) || waits;
  return guarded ? SeriesTest::kGuarded : SeriesTest::kLearning;
}

void Streamer::Core::say_state(SeriesTest& test, Context& context) {
  if (!test.is(SeriesTest::kArmed) && test.cadence_s > 0) arm(test);
  if (waits_[test.worker] != 0) arm_sooner(test);
  const SeriesTest::Announced now = state_of(test);
  if (test.announced == now) return;
  test.announced = now;
  emit_status(
      test,
      now == SeriesTest::kGuarded ? SeriesStatus::What::kGuarded : SeriesStatus::What::kLearning,
      context);
}

void Streamer::Core::feed(SeriesTest& test, TimeMs time, double value, Context& context) {
  const Worker& worker = set_->workers()[test.worker];
  if (!admit(worker, time, value, context)) return;
  SeriesMore& more = *find_more(test);
  Group& group = *groups_[more.group].group;
  const auto sent =
      more.transform.apply(more.transform_kind, time, value, group.member(more.member).cadence_s);
  if (!sent) return;
  if (!group.add(more.member, time, *sent)) {
    ++counts_.slots_late;
    return;
  }
  GroupEntry& entry = groups_[more.group];
  entry.last = test.series;
  if (entry.test != kNone) tests_[entry.test].source = entry.last;
  const bool live = context.live;
  context.live = live && time >= context.arrival - options_.history_after;
  while (const auto closed = group.take_ready()) close_slot(more.group, *closed, context);
  if (context.live) arm_group(more.group, context.arrival);
  context.live = live;
}

void Streamer::Core::close_slot(uint32_t group, const Group::Closed& closed, Context& context) {
  if (std::isnan(closed.value)) return;
  SeriesTest& test = group_test(group);
  if (closed.time <= test.last_time) return;
  pace(test, closed.time, context);
  derive(test, closed.time, closed.value, context);
  if (const SeriesRef behind = groups_[group].behind; behind != kNoSeries)
    context.out.derived.push_back({behind, closed.time, closed.weight});
  context.weight = closed.weight;
  judge(test, find_more(test), closed.time, closed.value, context);
  context.weight = 1;
}

Peaks* Streamer::Core::peaks_of(const SeriesTest& test) {
  if (!judges_[test.worker].has_noise_budget()) return nullptr;
  const size_t chunk = test.index / kPeaksChunk;
  if (chunk >= peaks_.size()) peaks_.resize(chunk + 1);
  if (peaks_[chunk] == nullptr) peaks_[chunk] = std::make_unique<Peaks[]>(kPeaksChunk);
  return &peaks_[chunk][test.index % kPeaksChunk];
}

bool Streamer::Core::in_mark(const SeriesTest& test, TimeMs time) const {
  if (!test.is(SeriesTest::kMarked)) return false;
  for (const Mark& mark : set_->marks()) {
    if (mark.from > time) break;
    if (time < mark.to && mark.matches(labels(test))) return true;
  }
  return false;
}

}  // namespace tocsin::streamer
