// From what is known inside to what other rooms see.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "streamer/core.h"

namespace tocsin::streamer {

Violation Streamer::Core::violation_of(const SeriesTest& test, const OpenViolation& open) const {
  Violation out;
  out.id = open.id;
  out.series = {test.series};
  out.worker = {test.worker};
  out.tier = set_->workers()[test.worker].tier;
  out.state = open.state;
  out.direction = open.direction;
  out.opened = open.opened;
  out.updated = open.updated;
  out.ended = open.ended;
  out.last = open.last;
  out.worst = open.worst;
  out.points_outside = open.points_outside;
  out.motion = open.track.motion();
  out.cadence = DurationMs{static_cast<int64_t>(test.cadence_s * 1000.0 + 0.5)};
  out.answer = open.answer;
  out.shift = open.shift;
  out.outlook = open.outlook;
  return out;
}

void Streamer::Core::note_open(const SeriesTest& test, Judge::What what,
                               const OpenViolation& violation) {
  if (what == Judge::What::kOpened) open_tests_.insert(test.index);
  if (what != Judge::What::kEnded) return;
  const SeriesMore& more = *find_more(test);
  const bool of_band = &violation == more.band.get();
  if ((of_band ? more.silence : more.band) == nullptr) open_tests_.erase(test.index);
}

void Streamer::Core::emit(const SeriesTest& test, Judge::What what, const OpenViolation& violation,
                          Context& context) {
  if (violation.from_import) return;
  if (what == Judge::What::kOpened) ++counts_.opened;
  if (what == Judge::What::kEnded) ++counts_.ended;
  note_open(test, what, violation);
  ViolationChange change;
  change.what = what;
  change.violation = violation_of(test, violation);
  const SeriesMore* more = find_more(test);
  if (what == Judge::What::kOpened && more != nullptr && more->ring != nullptr)
    change.tail = std::make_shared<const std::vector<JudgedPoint>>(more->ring->points_in_order());
  context.out.items.push_back({context.at, context.arrival, std::move(change)});
  ++context.at.step;
}

SeriesStatus Streamer::Core::status_of(const SeriesTest& test, SeriesStatus::What what) const {
  SeriesStatus out;
  out.what = what;
  out.series = {test.series};
  out.worker = {test.worker};
  out.tier = set_->workers()[test.worker].tier;
  out.since = test.last_time;
  if (what == SeriesStatus::What::kLearning)
    out.guarded_from = judges_[test.worker].progress(test, find_more(test)).guarded_from;
  out.cadence = DurationMs{static_cast<int64_t>(test.cadence_s * 1000.0 + 0.5)};
  return out;
}

void Streamer::Core::emit_status(const SeriesTest& test, SeriesStatus::What what,
                                 Context& context) {
  context.out.items.push_back({context.at, context.arrival, status_of(test, what)});
  ++context.at.step;
}

void Streamer::Core::announce(Position at, TimeMs arrival, StreamerOutputs& out) const {
  const auto push = [&](auto what) {
    out.items.push_back({at, arrival, std::move(what)});
    ++at.row;
  };
  for (const uint32_t index : judging_) {
    const SeriesTest& test = tests_[index];
    if (test.announced == SeriesTest::kNothing) continue;
    push(status_of(test, static_cast<SeriesStatus::What>(test.announced - 1)));
    const SeriesMore* more = find_more(test);
    if (more == nullptr) continue;
    for (const OpenViolation* open : {more->band.get(), more->silence.get()}) {
      if (open == nullptr || open->from_import) continue;
      ViolationChange change{ViolationChange::What::kOpened, violation_of(test, *open), nullptr};
      if (more->ring != nullptr)
        change.tail =
            std::make_shared<const std::vector<JudgedPoint>>(more->ring->points_in_order());
      const bool absent = open->state == ViolationState::kAbsent;
      const ViolationChange again{ViolationChange::What::kAbsent, change.violation, nullptr};
      push(std::move(change));
      if (absent) push(again);
    }
  }
  for (const SeriesRef spoken : spoken_)
    if (auto open = sender_view(spoken).violation)
      push(ViolationChange{ViolationChange::What::kOpened, std::move(*open), nullptr});
}

std::vector<Violation> Streamer::Core::open_violations() const {
  std::vector<Violation> out;
  for (const uint32_t index : open_tests_) {
    const SeriesMore* more = find_more(tests_[index]);
    if (more == nullptr) continue;
    for (const OpenViolation* open : {more->band.get(), more->silence.get()})
      if (open != nullptr && !open->from_import) out.push_back(violation_of(tests_[index], *open));
  }
  for (const SeriesRef spoken : spoken_)
    if (auto open = sender_view(spoken).violation) out.push_back(std::move(*open));
  return out;
}

// "118 in 112–151", "70 not in 112–151"; the value alone where no band was drawn.
static std::string band_words(const JudgedPoint& point) {
  if (!std::isfinite(point.lower) || !std::isfinite(point.upper) || point.lower == point.upper)
    return human_number(point.value);
  const bool in = point.value >= point.lower && point.value <= point.upper;
  return fmt::format("{}{} in {}–{}", human_number(point.value), in ? "" : " not",
                     human_number(point.lower), human_number(point.upper));
}

std::string Streamer::Core::reason(const SeriesTest& test, const TestView& seen) const {
  if (seen.state == TestView::State::kAbsent)
    return "absent: no data since " + to_iso(test.last_time);
  if (seen.state == TestView::State::kOpen && seen.direction == Direction::kSilent)
    return "silent since " + to_iso(test.last_time);
  if (seen.state == TestView::State::kOpen)
    return fmt::format("{} {}", to_text(*seen.direction), band_words(seen.last));
  if (in_mark(test, test.last_time)) return "not tested: in an excluded period";
  if (seen.state == TestView::State::kGuarded) return band_words(seen.last);
  const Judge::Progress progress = judges_[test.worker].progress(test, find_more(test));
  if (!progress.why.empty())
    return progress.guarded_from.ms > 0 ? fmt::format("learning: {}; not guarded until {}",
                                                      progress.why, to_iso(progress.guarded_from))
                                        : "learning: " + progress.why;
  if (progress.points_needed > progress.points)
    return fmt::format("learning: {} of {} points", progress.points, progress.points_needed);
  if (progress.guarded_from.ms > 0)
    return "learning: not guarded until " + to_iso(progress.guarded_from);
  return "learning";
}

TestView::State Streamer::Core::view_state(const SeriesTest& test) const {
  const SeriesMore* more = find_more(test);
  const OpenViolation* open = nullptr;
  if (more != nullptr) open = more->band != nullptr ? more->band.get() : more->silence.get();
  if (open != nullptr && !open->from_import && open->state == ViolationState::kOpen)
    return TestView::State::kOpen;
  if (test.is(SeriesTest::kAbsent)) return TestView::State::kAbsent;
  return state_of(test) == SeriesTest::kGuarded ? TestView::State::kGuarded
                                                : TestView::State::kLearning;
}

TestView Streamer::Core::view(const SeriesTest& test) const {
  TestView out;
  out.worker = {test.worker};
  out.series = {test.series};
  const Judge::Progress progress = judges_[test.worker].progress(test, find_more(test));
  const bool guarded = state_of(test) == SeriesTest::kGuarded;
  out.state = view_state(test);
  out.learned = guarded ? 1 : progress.learned;
  if (!guarded) out.guarded_from = progress.guarded_from;
  const SeriesMore* more = find_more(test);
  const OpenViolation* open = nullptr;
  if (more != nullptr) open = more->band != nullptr ? more->band.get() : more->silence.get();
  if (open != nullptr && !open->from_import) {
    out.violation = violation_of(test, *open);
    out.direction = open->direction;
  }
  out.cadence = DurationMs{static_cast<int64_t>(test.cadence_s * 1000.0 + 0.5)};
  if (test.last_time > kTimeMin) {
    out.last.time = test.last_time;
    out.last.value = test.last_value;
    out.last.outside = ((test.above | test.below) & 1) != 0;
    out.last.expected = test.expected, out.last.lower = test.lower, out.last.upper = test.upper;
    const double residual = test.last_value - out.last.expected;
    const double side =
        residual >= 0 ? out.last.upper - out.last.expected : out.last.expected - out.last.lower;
    if (side > 0)
      out.last.score =
          std::min(kScoreMax, set_->worker(out.worker).score * std::abs(residual) / side);
    if (side > 0 && std::isfinite(side))
      out.last.distance = distance_outside(test.last_value, out.last.lower, out.last.upper);
  }
  out.reason = reason(test, out);
  return out;
}

WorkerRef Streamer::Core::worker_of(size_t index) const {
  return index < judging_.size() ? WorkerRef{tests_[judging_[index]].worker} : *sender_watch_;
}

TestView::State Streamer::Core::view_state(size_t index) const {
  return index < judging_.size() ? view_state(tests_[judging_[index]]) : test(index).state;
}

TestView Streamer::Core::test(size_t index) const {
  return index < judging_.size() ? view(tests_[judging_[index]])
                                 : sender_view(spoken_[index - judging_.size()]);
}

std::vector<TestView> Streamer::Core::tests(SeriesRef series) const {
  std::vector<TestView> out;
  if (std::find(spoken_.begin(), spoken_.end(), series) != spoken_.end())
    out.push_back(sender_view(series));
  uint32_t slot = series.index < slots_.size() ? slots_[series.index] : kUnresolved;
  for (bool more = slot < kUntested; more; ++slot) {
    const SeriesTest& test = tests_[slot];
    more = test.is(SeriesTest::kMore);
    if (!test.is(SeriesTest::kFeed)) {
      out.push_back(view(test));
      continue;
    }
    const uint32_t result = groups_[find_more(test)->group].test;
    if (result != kNone) out.push_back(view(tests_[result]));
  }
  if (const auto found = judged_.find(series.index); found != judged_.end())
    for (const uint32_t index : found->second) out.push_back(view(tests_[index]));
  return out;
}

const SeriesTest* Streamer::Core::find_test(SeriesRef judged, WorkerRef worker) const {
  uint32_t slot = judged.index < slots_.size() ? slots_[judged.index] : kUnresolved;
  for (bool more = slot < kUntested; more; ++slot) {
    const SeriesTest& test = tests_[slot];
    more = test.is(SeriesTest::kMore);
    const bool plain = !test.is(SeriesTest::kFeed) && !test.is(SeriesTest::kDerived);
    if (plain && test.worker == worker.index) return &test;
  }
  if (const auto found = judged_.find(judged.index); found != judged_.end())
    for (const uint32_t index : found->second)
      if (tests_[index].worker == worker.index) return &tests_[index];
  return nullptr;
}

std::vector<JudgedPoint> Streamer::Core::tail(SeriesRef judged, WorkerRef worker) const {
  const SeriesTest* test = find_test(judged, worker);
  if (test == nullptr) return {};
  SeriesMore* more = find_more(*test);
  if (more != nullptr && more->ring != nullptr) return more->ring->points_in_order();
  if (!test->is(SeriesTest::kHasBand)) return {};
  return {view(*test).last};
}

// Where the tail keeps them, as judged; otherwise as they are now, after the last point was
// learned.
std::vector<ModelBand> Streamer::Core::models(SeriesRef judged, WorkerRef worker) const {
  const SeriesTest* test = find_test(judged, worker);
  if (test == nullptr) return {};
  SeriesMore* more = find_more(*test);
  if (more != nullptr && more->ring != nullptr) {
    const std::vector<JudgedPoint> points = more->ring->points_in_order();
    return points.empty() ? std::vector<ModelBand>{} : points.back().models;
  }
  Judge now(set_->workers()[test->worker]);
  const Peaks* peaks = now.has_noise_budget() ? find_peaks(*test) : nullptr;
  now.weigh(*test, more, {test->last_time, test->last_value, 1, false},
            peaks == nullptr ? 1 : peaks->edge);
  return normalised(now.bands());
}

const StreamerCounts& Streamer::Core::counts() const {
  counts_.models_refused = model_budget_.refused;
  counts_.tails_refused = tail_budget_.refused;
  counts_.senders_forgotten = senders_.forgotten + senders_.refused;
  return counts_;
}

}  // namespace tocsin::streamer
