// Series that send unevenly: how it is told that one does, and how long it may be silent then.
#include <algorithm>
#include <cmath>

#include "models/archive.h"
#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

// An interval this far from the usual one, and from the one before it, is uneven: a series that
// begins to send at another pace (history a point a minute, then one every ten seconds) is as even
// as it was. Three of them within a few dozen make the series so. One that is even takes one of
// them back now and then.
constexpr double kUnevenBelow = 0.5, kUnevenAbove = 2.2;
constexpr int kUnevenNeeded = 3;
// Intervals are remembered as steps of a quarter of an octave.
constexpr double kGapSteps = 4, kGapOf1s = 64;
constexpr int64_t kEvenTakesBack = 16;
// A told silence of this length that ended by itself: the series has its hours.
constexpr DurationMs kHasHours = minutes(30);

bool differ(double gap_s, double from_s) {
  return gap_s < kUnevenBelow * from_s || gap_s > kUnevenAbove * from_s;
}

uint8_t gap_code(double gap_s) {
  const double code = std::round(kGapSteps * std::log2(gap_s)) + kGapOf1s;
  return static_cast<uint8_t>(std::clamp(code, 1.0, 255.0));
}

double gap_of(uint8_t code) { return std::exp2((code - kGapOf1s) / kGapSteps); }

}  // namespace

int Streamer::Core::uneven_count(const SeriesTest& test) const {
  return (test.is(SeriesTest::kUneven1) ? 1 : 0) + (test.is(SeriesTest::kUneven2) ? 2 : 0);
}

Presence* Streamer::Core::presence_of(const SeriesTest& test) {
  const auto found = presences_.find(test.index);
  return found == presences_.end() ? nullptr : &found->second;
}

const Presence* Streamer::Core::presence_of(const SeriesTest& test) const {
  const auto found = presences_.find(test.index);
  return found == presences_.end() ? nullptr : &found->second;
}

void Streamer::Core::make_presence(const SeriesTest& test) {
  if (presences_.contains(test.index) || !model_budget_.take(sizeof(Presence))) return;
  presences_.emplace(test.index, Presence(set_->zone(labels(test))));
}

// A point came at `to`, the one before it at `from`: by arrival if live, else by event time.
void Streamer::Core::note_gap(SeriesTest& test, TimeMs from, TimeMs to, double usual_s) {
  if (to <= from || usual_s <= 0) return;
  const double gap_s = (to - from).seconds();
  int count = uneven_count(test);
  const double before_s = test.last_gap == 0 ? usual_s : gap_of(test.last_gap);
  test.last_gap = gap_code(gap_s);
  if (count < kUnevenNeeded) {
    const auto beat_ms = static_cast<int64_t>(std::max(1.0, 1000 * usual_s));
    if (differ(gap_s, usual_s) && differ(gap_s, before_s))
      ++count;
    else if (count > 0 && to.ms / beat_ms % kEvenTakesBack == 0)
      --count;
    test.set(SeriesTest::kUneven1, (count & 1) != 0);
    test.set(SeriesTest::kUneven2, (count & 2) != 0);
    if (count == kUnevenNeeded) make_presence(test);
  }
  Presence* presence = presence_of(test);
  if (presence == nullptr || in_mark(test, from) || in_mark(test, to)) return;
  presence->learn(from, to);
}

void Streamer::Core::silence_ended(const SeriesTest& test, const OpenViolation& silence,
                                   TimeMs now) {
  if (waits_[test.worker] && now - silence.opened >= kHasHours) make_presence(test);
}

// Of a series that sends unevenly, or has hours: when no point for so long is too rare. nullopt if
// its intervals alone say it.
std::optional<TimeMs> Streamer::Core::presence_due(const SeriesTest& test,
                                                   const ModelSpec& silence) const {
  const Presence* presence = presence_of(test);
  if (presence == nullptr) return std::nullopt;
  const bool uneven = uneven_count(test) == kUnevenNeeded;
  if (!presence->ready()) return uneven ? std::optional(kTimeMax) : std::nullopt;
  const double beat = beat_s(test);
  const double otherwise = uneven || beat <= 0 ? 0 : 3600 / beat;
  // What we could not have heard is not held against it.
  const TimeMs since = std::max(test.last_arrival, resume_);
  const double score = set_->workers()[test.worker].score * silence.after_cadences / 3;
  return presence->due(since, score, otherwise);
}

bool Streamer::Core::learning_presence(const SeriesTest& test) const {
  if (!waits_[test.worker] || uneven_count(test) < kUnevenNeeded) return false;
  const Presence* presence = presence_of(test);
  return presence != nullptr && !presence->ready();
}

// A point mostly pushes what is due on, and its entry among the timers is looked at when it comes
// up. What is expected by the hour may fall due sooner than that entry: at night it is far ahead.
void Streamer::Core::arm_sooner(SeriesTest& test) {
  if (presence_of(test) == nullptr || !test.is(SeriesTest::kArmed)) return;
  const TimeMs due = std::max(due_alone(test), clock_);
  if (due == kTimeMax) return;
  const auto ahead = static_cast<int64_t>(test.timer - static_cast<uint32_t>(clock_.ms));
  if ((due - clock_).count < ahead) put_timer(test, due);
}

// Behind all else that is kept of a test: texts without it are older ones.
void Streamer::Core::save_presence(ByteWriter& out, const SeriesTest& test) const {
  const Presence* presence = presence_of(test);
  if (presence == nullptr) return;
  Saver archive(out);
  Presence copy = *presence;
  copy.visit(archive);
}

void Streamer::Core::load_presence(ByteReader& in, const SeriesTest& test) {
  if (in.left() == 0 || !waits_[test.worker]) return;
  make_presence(test);
  Presence* presence = presence_of(test);
  if (presence == nullptr) return;
  Loader archive(in);
  presence->visit(archive);
  if (!archive.ok()) *presence = Presence(set_->zone(labels(test)));
}

}  // namespace tocsin::streamer
