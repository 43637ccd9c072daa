// Silence, absence, missing points, and slots that nobody closes. A timer's entry may be older than
// what it waits for: when it comes up, what is really due is computed anew.
#include <algorithm>

#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

constexpr double kAbsentCadences = 3;
constexpr DurationMs kAbsentAtLeast = seconds(5);
constexpr double kSuspendedCadences = 2;
// How soon a series is looked at again that fell silent in a mark.
constexpr DurationMs kMarkedAgain = minutes(1);

DurationMs span_of(double seconds_count) {
  return DurationMs{static_cast<int64_t>(std::min(seconds_count, 1e9) * 1000)};
}

uint32_t tie_of(const Labels& labels) { return static_cast<uint32_t>(labels.hash() >> 32); }

}  // namespace

double Streamer::Core::beat_s(const SeriesTest& test) const {
  return std::max(test.cadence_s, test.arrival_gap_s);
}

TimeMs Streamer::Core::due_after(const SeriesTest& test, double cadences,
                                 DurationMs at_least) const {
  const double beat = beat_s(test);
  DurationMs wait = std::max(span_of(cadences * beat), at_least);
  if (test.is(SeriesTest::kOutOfOrder))
    wait = std::max(wait, set_->workers()[test.worker].lateness);
  // After an interruption of our own intake every series gets two cadences to come back.
  const TimeMs resumed =
      resume_ == kTimeMin ? kTimeMin : resume_ + span_of(kSuspendedCadences * beat);
  return std::max(test.last_arrival + wait, resumed);
}

// A series whose missing points are zeros is absent when it is not known that they are missing.
TimeMs Streamer::Core::absent_due(const SeriesTest& test) const {
  if (test.is(SeriesTest::kAbsent)) return kTimeMax;
  const Worker& worker = set_->workers()[test.worker];
  const bool pair = worker.aggregate && worker.aggregate->is_pair();
  if (worker.missing == Missing::kZero && !pair) {
    const Sender* sender = speaker_of(test);
    if (sender == nullptr || !sender->silent) return kTimeMax;
  }
  return due_after(test, kAbsentCadences, kAbsentAtLeast);
}

TimeMs Streamer::Core::silence_due(const SeriesTest& test) const {
  const SeriesMore* more = find_more(test);
  if (test.is(SeriesTest::kGone)) return kTimeMax;
  if (more != nullptr && more->silence != nullptr) return kTimeMax;
  const Worker& worker = set_->workers()[test.worker];
  if (const ModelSpec* silence = worker.model(ModelKind::kSilence)) {
    const std::optional<TimeMs> rare = presence_due(test, *silence);
    if (rare) return std::max(*rare, due_after(test, 0, silence->at_least));
    return due_after(test, silence->after_cadences, silence->at_least);
  }
  if (worker.missing == Missing::kViolation)
    return due_after(test, kAbsentCadences, kAbsentAtLeast);
  return kTimeMax;
}

TimeMs Streamer::Core::zero_due(const SeriesTest& test) const {
  const Worker& worker = set_->workers()[test.worker];
  if (worker.missing != Missing::kZero) return kTimeMax;
  // Of a pair it is the series selected that is zero; without the other there is nothing to say.
  if (worker.aggregate && worker.aggregate->is_pair()) return kTimeMax;
  return due_after(test, 2, DurationMs{});
}

// Whatever its sender does: never later than due_of().
TimeMs Streamer::Core::due_alone(const SeriesTest& test) const {
  return std::min({absent_due(test), silence_due(test), zero_due(test)});
}

// Its sender's silence stands for its own, unless a rule waits for just that.
TimeMs Streamer::Core::told_silent_due(const SeriesTest& test) const {
  const TimeMs due = silence_due(test);
  return test.is(SeriesTest::kAwaited) ? due : with_sender(test, due);
}

TimeMs Streamer::Core::due_of(const SeriesTest& test) const {
  return std::min({absent_due(test), told_silent_due(test), with_sender(test, zero_due(test))});
}

void Streamer::Core::arm(SeriesTest& test) {
  const TimeMs due = due_alone(test);
  test.set(SeriesTest::kArmed, due != kTimeMax);
  if (due != kTimeMax) put_timer(test, due);
}

void Streamer::Core::put_timer(SeriesTest& test, TimeMs due) {
  due = std::max(due, clock_);
  test.timer = static_cast<uint32_t>(due.ms);
  if (!wheel_.put(test.index, due)) timers_.push({due, tie_of(labels(test)), test.index});
}

void Streamer::Core::put_exact(SeriesTest& test, TimeMs due) {
  test.timer = static_cast<uint32_t>(due.ms);
  timers_.push({due, tie_of(labels(test)), test.index});
}

// Most tests of a slot have seen points since: they move on to a later one.
void Streamer::Core::take_slot(TimeMs begin) {
  constexpr size_t kAhead = 8;
  wheel_.take(begin, slot_out_);
  for (size_t i = 0; i < slot_out_.size(); ++i) {
    if (i + kAhead < slot_out_.size()) __builtin_prefetch(&tests_[slot_out_[i + kAhead]]);
    SeriesTest& test = tests_[slot_out_[i]];
    const bool lapsed =
        test.timer - static_cast<uint32_t>(begin.ms) >= static_cast<uint32_t>(TimerWheel::kSlotMs);
    if (!lapsed) arm(test);
  }
}

void Streamer::Core::arm_group(uint32_t index, TimeMs not_before) {
  GroupEntry& entry = groups_[index];
  const auto due = entry.group->due();
  if (entry.armed || !due) return;
  entry.armed = true;
  timers_.push(
      {std::max(*due, not_before), tie_of(table_.labels(entry.judged)), index | kGroupTimer});
}

void Streamer::Core::run_timers(Lsn last, TimeMs until, StreamerOutputs& out) {
  if (interrupted_ && until < resume_) return;
  if (interrupted_) clock_ = std::max(clock_, resume_);
  interrupted_ = false;
  for (;;) {
    const TimeMs slot = wheel_.next();
    const TimeMs exact = timers_.empty() ? kTimeMax : timers_.top().due;
    if (std::min(slot, exact) > until) break;
    if (slot <= exact) {
      take_slot(slot);
      continue;
    }
    Timer timer;
    if (!next_timer(until, timer)) continue;
    clock_ = timer.due;
    Context context{{last, timer.due, 0, 0}, timer.due, true, out};
    if ((timer.what & kGroupTimer) != 0)
      fire_group(timer, context);
    else if ((timer.what & kSenderTimer) != 0)
      fire_sender(timer, context);
    else
      fire(timer, context);
  }
  wheel_.pass(until);
}

// Takes the first one out; false if it lapsed, or is not due yet after all.
bool Streamer::Core::next_timer(TimeMs until, Timer& out) {
  out = timers_.top();
  timers_.pop();
  const bool of_test = (out.what & (kGroupTimer | kSenderTimer)) == 0;
  Sender* sender = (out.what & kSenderTimer) != 0 ? &senders_[out.what & ~kSenderTimer] : nullptr;
  if (of_test && tests_[out.what].timer != static_cast<uint32_t>(out.due.ms)) return false;
  if (sender != nullptr && sender->timer != out.due) return false;
  if (out.due >= clock_) return true;
  out.due = clock_;
  if (of_test) tests_[out.what].timer = static_cast<uint32_t>(out.due.ms);
  if (sender != nullptr) sender->timer = out.due;
  if (out.due <= until) return true;
  timers_.push(out);
  return false;
}

void Streamer::Core::fire(const Timer& timer, Context& context) {
  SeriesTest& test = tests_[timer.what];
  const TimeMs due = due_of(test);
  if (due > timer.due && due_alone(test) <= timer.due) wait_for_sender(test);
  if (due == kTimeMax) {
    test.set(SeriesTest::kArmed, false);
    return;
  }
  if (due > timer.due) return put_timer(test, due);
  if (in_mark(test, timer.due)) return put_exact(test, timer.due + kMarkedAgain);
  context.at.row = labels(test).hash();
  context.at.step = test.worker * kStepsPerWorker;
  if (with_sender(test, zero_due(test)) <= timer.due) fill_zero(test, timer.due, context);
  if (told_silent_due(test) <= timer.due) become_silent(test, context);
  if (absent_due(test) <= timer.due) become_absent(test, context);
  arm(test);
}

void Streamer::Core::fire_group(const Timer& timer, Context& context) {
  const uint32_t index = timer.what & ~kGroupTimer;
  groups_[index].armed = false;
  Group& group = *groups_[index].group;
  context.at.row = table_.labels(groups_[index].judged).hash();
  // Behind what the timer of its result's test says at the same instant, which comes first.
  context.at.step = groups_[index].worker.index * kStepsPerWorker + kStepsPerWorker / 2;
  const TimeMs passed = timer.due - set_->worker(groups_[index].worker).lateness;
  while (const auto closed = group.take_until(passed)) close_slot(index, *closed, context);
  arm_group(index, timer.due);
}

void Streamer::Core::become_absent(SeriesTest& test, Context& context) {
  test.set(SeriesTest::kAbsent);
  SeriesMore* more = find_more(test);
  if (more != nullptr && more->band != nullptr && !more->band->from_import) {
    more->band->state = ViolationState::kAbsent;
    emit(test, Judge::What::kAbsent, *more->band, context);
  }
  if (test.announced == SeriesTest::kNothing) return;
  test.announced = SeriesTest::kAbsentSaid;
  emit_status(test, SeriesStatus::What::kAbsent, context);
}

void Streamer::Core::become_silent(SeriesTest& test, Context& context) {
  SeriesMore& more = more_of(test);
  const Worker& worker = set_->workers()[test.worker];
  auto silence = std::make_unique<OpenViolation>();
  silence->direction = Direction::kSilent;
  silence->opened = silence->updated = test.last_time;
  silence->id = IdBuilder()
                    .add(labels(test).text())
                    .add(worker.id)
                    .add(to_text(Direction::kSilent))
                    .add(test.last_time.ms)
                    .finish();
  JudgedPoint& last = silence->last;
  last.time = test.last_time;
  last.value = test.last_value;
  last.expected = test.expected, last.lower = test.lower, last.upper = test.upper;
  last.score = worker.score;  // at the edge: silence is judged by its length, not by a tail
  last.outside = true;
  silence->worst = last;
  silence->points_outside = 1;
  more.silence = std::move(silence);
  emit(test, Judge::What::kOpened, *more.silence, context);
}

// missing: zero. The points that did not come are zeros, one per cadence; none for the time in
// which its sender, or we, were away.
void Streamer::Core::fill_zero(SeriesTest& test, TimeMs due, Context& context) {
  const DurationMs beat = span_of(beat_s(test));
  const DurationMs away = due - test.last_arrival - beat * 2;
  const DurationMs skipped = away > beat * 2 ? away : DurationMs{};
  const TimeMs time = test.last_time + skipped + std::max(span_of(test.cadence_s), milliseconds(1));
  SeriesMore* more = find_more(test);
  judge(test, more, time, 0, context);
  test.last_arrival = due - beat;
}

TimeMs Streamer::Core::next_due() const {
  const TimeMs exact = timers_.empty() ? kTimeMax : timers_.top().due;
  const TimeMs next = std::min(exact, wheel_.next());
  return next == kTimeMax ? next : std::max(next, clock_);
}

void Streamer::Core::advance(Lsn last, TimeMs now, StreamerOutputs& out) {
  run_timers(last, now, out);
  last_ = last;
}

}  // namespace tocsin::streamer
