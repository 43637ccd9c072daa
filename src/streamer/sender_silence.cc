// All series of one sender silent at once: one violation, of the sender. senders.h says when it
// counts; here is what it means for the tests of its series, and what is told.
#include <algorithm>

#include "models/archive.h"
#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

constexpr double kSuspendedCadences = 2;
// A sender that stays away for so long is gone: nobody waits for it any more.
constexpr DurationMs kGoneAfter = days(7);
// After all rows of a frame.
constexpr uint64_t kAfterRows = uint64_t{1} << 40;
constexpr std::string_view kHostLabel = "host";

uint32_t tie_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

template <class Archive>
void visit(Archive& archive, Sender& sender) {
  archive(sender.last, sender.since, sender.back, sender.gap_s, sender.jitter, sender.cycles,
          sender.silent, sender.waited_on, sender.violation, sender.silent_since,
          sender.series_then, sender.answer);
}

}  // namespace

// A live frame of a sender with a name, before its rows.
void Streamer::Core::note_sender(const Frame& frame) {
  if (frame.batch.kind != BatchKind::kLive || frame.batch.series.empty()) return;
  const uint32_t index = senders_.find_or_add(frame.batch.sender_name);
  if (index == Senders::kNobody) return;
  const bool was_silent = senders_[index].silent;
  senders_[index].heard(frame.arrival, resume_);
  if (was_silent) come_back(index, frame.lsn, frame.arrival);
  for (const SeriesRef series : frame.batch.series)
    if (!senders_.is(series, index)) take_over(series, index, frame.lsn, frame.arrival);
  if (senders_[index].waited_on) wake(index);
  arm_sender(index);
}

// A series is another sender's from here on. If that was the last of one that is silent, it was
// replaced.
void Streamer::Core::take_over(SeriesRef series, uint32_t sender, Lsn lsn, TimeMs arrival) {
  const uint32_t before = senders_.assign(series, sender);
  if (before == Senders::kNobody || senders_[before].series > 0) return;
  if (senders_[before].silent) come_back(before, lsn, arrival);
}

void Streamer::Core::come_back(uint32_t index, Lsn lsn, TimeMs arrival) {
  Sender& sender = senders_[index];
  sender.silent = false;
  if (!owns(sender) || sender.spoken_as == kNoSeries) return;
  Violation violation = violation_of(sender, ViolationState::kEnded);
  violation.updated = violation.ended = arrival;
  ++counts_.ended;
  const Position at{lsn, {}, kAfterRows + tie_of(sender.hash), 0};
  sender_ends_.push_back(
      {at, arrival, ViolationChange{ViolationChange::What::kEnded, std::move(violation), {}}});
  std::sort(sender_ends_.begin(), sender_ends_.end(),
            [](const StreamItem& a, const StreamItem& b) { return a.at < b.at; });
}

// What waited for the sender is looked at again.
void Streamer::Core::wake(uint32_t index) {
  senders_[index].waited_on = false;
  const std::vector<uint32_t>& of = senders_.by_series();
  for (uint32_t series = 0; series < of.size() && series < slots_.size(); ++series) {
    if (of[series] != index || slots_[series] >= kUntested) continue;
    bool more = true;
    for (uint32_t slot = slots_[series]; more; ++slot) {
      more = tests_[slot].is(SeriesTest::kMore);
      if (!tests_[slot].is(SeriesTest::kFeed)) wake(tests_[slot]);
    }
  }
  for (const GroupEntry& group : groups_)
    if (group.test != kNone && senders_.of({group.last}) == index) wake(tests_[group.test]);
}

void Streamer::Core::wake(SeriesTest& test) {
  if (test.is(SeriesTest::kLive) && test.cadence_s > 0) arm(test);
}

TimeMs Streamer::Core::sender_due(const Sender& sender) const {
  if (sender.silent) return sender.silent_since + kGoneAfter;
  if (!sender.regular()) return kTimeMax;
  const ModelSpec& model = *set_->worker(*sender_watch_).model(ModelKind::kSilence);
  TimeMs due = sender.last + std::max(sender.span(model.after_cadences), model.at_least);
  if (resume_ == kTimeMin) return due;
  return std::max(due, resume_ + std::max(sender.span(kSuspendedCadences), model.at_least));
}

void Streamer::Core::arm_sender(uint32_t index) {
  Sender& sender = senders_[index];
  const TimeMs due = std::max(sender_due(sender), clock_);
  if (due >= sender.timer) return;  // an earlier entry looks again, if there is one
  sender.timer = due;
  timers_.push({due, tie_of(sender.hash), index | kSenderTimer});
}

void Streamer::Core::fire_sender(const Timer& timer, Context& context) {
  const uint32_t index = timer.what & ~kSenderTimer;
  Sender& sender = senders_[index];
  sender.timer = kTimeMax;
  if (sender_due(sender) > timer.due) return arm_sender(index);
  if (!sender.silent) return become_silent(index, context);
  const Lsn lsn = context.at.lsn;
  come_back(index, lsn, timer.due);
  for (StreamItem& end : sender_ends_) {
    end.at = {lsn, timer.due, sender.hash, sender_watch_->index * kStepsPerWorker};
    context.out.items.push_back(std::move(end));
  }
  sender_ends_.clear();
  senders_.forget(index);
}

void Streamer::Core::become_silent(uint32_t index, Context& context) {
  Sender& sender = senders_[index];
  if (sender.series == 0) return senders_.forget(index);
  if (speaks_for_itself(sender, index)) return;
  sender.silent = true;
  sender.answer = Answer::kNone;
  sender.silent_since = sender.last;
  sender.series_then = sender.series;
  sender.violation = IdBuilder()
                         .add(kSenderSeriesName)
                         .add(sender.name)
                         .add(set_->worker(*sender_watch_).id)
                         .add(to_text(Direction::kSilent))
                         .add(sender.silent_since.ms)
                         .finish();
  arm_sender(index);
  if (!owns(sender)) return;
  speak_as(index, sender_labels(sender, index));
  if (sender.spoken_as == kNoSeries) return;
  ++counts_.opened;
  context.at.row = sender.hash;
  context.at.step = sender_watch_->index * kStepsPerWorker;
  context.out.items.push_back(
      {context.at, context.arrival,
       ViolationChange{
           ViolationChange::What::kOpened, violation_of(sender, ViolationState::kOpen), {}}});
}

// The only series of its sender, if some worker asks for its silence: one violation either way.
bool Streamer::Core::speaks_for_itself(const Sender& sender, uint32_t index) const {
  if (sender.series != 1) return false;
  const std::vector<uint32_t>& of = senders_.by_series();
  const auto found = std::find(of.begin(), of.end(), index);
  const SeriesRef series{static_cast<uint32_t>(found - of.begin())};
  const std::vector<WorkerRef> workers = set_->testing(table_.labels(series));
  return std::any_of(workers.begin(), workers.end(), [this](WorkerRef ref) {
    const Worker& worker = set_->worker(ref);
    return worker.missing == Missing::kViolation || worker.model(ModelKind::kSilence) != nullptr;
  });
}

// The sender's name, and the host and the site if they are those of all its series.
Labels Streamer::Core::sender_labels(const Sender& sender, uint32_t index) const {
  std::vector<Labels::Pair> common;
  bool first = true;
  const std::vector<uint32_t>& of = senders_.by_series();
  for (uint32_t series = 0; series < of.size(); ++series) {
    if (of[series] != index) continue;
    const Labels& labels = table_.labels({series});
    if (std::exchange(first, false))
      for (const std::string_view name : {kHostLabel, std::string_view(set_->site_label())})
        if (!labels.get(name).empty()) common.emplace_back(name, labels.get(name));
    std::erase_if(common,
                  [&](const Labels::Pair& one) { return labels.get(one.first) != one.second; });
    if (common.empty()) break;
  }
  common.emplace_back(kSenderLabel, sender.name);
  return Labels::of(kSenderSeriesName, std::move(common));
}

void Streamer::Core::speak_as(uint32_t index, const Labels& labels) {
  const auto added = table_.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards_));
  senders_[index].spoken_as = added ? added->ref : kNoSeries;
  if (!added)
    ++counts_.derived_refused;
  else if (std::find(spoken_.begin(), spoken_.end(), added->ref) == spoken_.end())
    spoken_.push_back(added->ref);
}

Violation Streamer::Core::violation_of(const Sender& sender, ViolationState state) const {
  const Worker& worker = set_->worker(*sender_watch_);
  Violation out;
  out.id = sender.violation;
  out.series = sender.spoken_as;
  out.worker = *sender_watch_;
  out.tier = worker.tier;
  out.state = state;
  out.direction = Direction::kSilent;
  out.opened = out.updated = sender.silent_since;
  out.last.time = sender.silent_since;
  out.last.value = sender.series_then;
  out.last.score = worker.score;
  out.last.outside = true;
  out.worst = out.last;
  out.points_outside = 1;
  out.cadence = sender.span(1);
  out.answer = sender.answer;
  return out;
}

TestView Streamer::Core::sender_view(SeriesRef spoken_as) const {
  TestView out;
  out.worker = *sender_watch_;
  out.series = spoken_as;
  out.learned = 1;
  const auto found = senders_.find(table_.labels(spoken_as).get(kSenderLabel));
  if (!found) {
    out.state = TestView::State::kAbsent;
    out.reason = "not heard of for 7 days";
    return out;
  }
  const Sender& sender = senders_[*found];
  out.cadence = sender.span(1);
  out.state = TestView::State::kGuarded;
  const int64_t whole = out.cadence >= seconds(2) ? 1000 : 1;
  out.reason =
      "sends every " + to_text(DurationMs{(out.cadence.count + whole / 2) / whole * whole});
  if (!sender.silent || sender.spoken_as != spoken_as) return out;
  out.state = TestView::State::kOpen;
  out.direction = Direction::kSilent;
  out.violation = violation_of(sender, ViolationState::kOpen);
  out.reason = "sends nothing since " + to_iso(sender.silent_since);
  return out;
}

// The sender that speaks for the test's series; null if the series speaks for itself.
const Sender* Streamer::Core::speaker_of(const SeriesTest& test) const {
  if (!sender_watch_ || test.source == kNone) return nullptr;
  const uint32_t index = senders_.of({test.source});
  return index != Senders::kNobody && senders_[index].speaks() ? &senders_[index] : nullptr;
}

// When the missing of points, due at `due`, is the series' own and not its sender's.
TimeMs Streamer::Core::with_sender(const SeriesTest& test, TimeMs due) const {
  const Sender* sender = due == kTimeMax ? nullptr : speaker_of(test);
  if (sender == nullptr) return due;
  // What was overdue before the sender fell silent stays the series' own.
  if (sender->silent) return due < sender->last ? due : kTimeMax;
  const double beat_ms = beat_s(test) * 1000;
  const auto beats = [&](double count) {
    return test.last_arrival + DurationMs{static_cast<int64_t>(count * beat_ms)};
  };
  // Nothing else came from it when a point was expected: its own time decides, just before.
  if (sender->last < beats(0.5)) return std::max(due, sender_due(*sender) + milliseconds(1));
  if (sender->back <= test.last_arrival) return due;
  const auto again = DurationMs{static_cast<int64_t>(kSuspendedCadences * beat_ms)};
  return std::max(due, sender->back + again);
}

void Streamer::Core::wait_for_sender(const SeriesTest& test) {
  const uint32_t index = test.source == kNone ? Senders::kNobody : senders_.of({test.source});
  if (index != Senders::kNobody) senders_[index].waited_on = true;
}

// In every shard's text, so that any number of shards can be told.
Streamer::Core::Numbers Streamer::Core::save_senders(ByteWriter& out) const {
  Numbers numbers(senders_.size(), 0);
  uint32_t count = 0;
  for (size_t i = 0; i < senders_.size(); ++i)
    if (!senders_[i].name.empty()) numbers[i] = ++count;
  out.varint(count);
  Saver archive(out);
  for (size_t i = 0; i < senders_.size(); ++i) {
    if (numbers[i] == 0) continue;
    Sender sender = senders_[i];
    out.text(sender.name);
    visit(archive, sender);
    const bool spoken = sender.spoken_as != kNoSeries && owns(sender);
    out.u8(spoken);
    if (spoken) write_labels(out, table_.labels(sender.spoken_as));
  }
  return numbers;
}

void Streamer::Core::load_senders(ByteReader& in, Numbers& places) {
  Loader archive(in);
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    // Where nobody watches over senders, what was known of them only grows old.
    const uint32_t index = sender_watch_ ? senders_.find_or_add(name) : Senders::kNobody;
    Sender spare;
    Sender& sender = index == Senders::kNobody ? spare : senders_[index];
    const bool waited_on = sender.waited_on;
    visit(archive, sender);
    sender.waited_on |= waited_on;
    places.push_back(index);
    if (in.u8() == 0) continue;
    const Labels labels = read_labels(in);
    if (index != Senders::kNobody && owns(sender)) speak_as(index, labels);
  }
}

}  // namespace tocsin::streamer
