#pragma once
// What one worker knows of one series. The hot part is two cache lines; what only some tests need
// (a profile, a tail of judged points, an open violation) is kept apart.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/id.h"
#include "models/band_model.h"
#include "models/level.h"
#include "models/motion.h"
#include "streamer/transform.h"
#include "vocabulary/violation.h"

namespace tocsin::streamer {

inline constexpr uint32_t kNone = UINT32_MAX;

struct alignas(64) SeriesTest {
  enum Flag : uint16_t {
    kMore = 1,             // the next test is of the same series
    kFeed = 2,             // gives its points to a group of an aggregate; judges nothing itself
    kGroup = 4,            // judges the result of an aggregate
    kLive = 8,             // has seen a live point
    kOutOfOrder = 16,      // points come out of order
    kMarked = 32,          // some mark matches the series
    kArmed = 64,           // has an entry among the timers
    kAbsent = 128,         // no data
    kHasBand = 256,        // the point judged last had a band or a limit
    kFirstToDerive = 512,  // puts out the derived series' points (others judge the same series)
    kDerived = 1024,       // judges a transform of the series sent
    kGone = 2048,          // its silence was accepted: nobody waits for it
    kAwaited = 4096,       // a rule waits for its silence: told although its sender is silent
    kUneven1 = 8192,       // two bits: how many intervals were uneven lately; 3 = it sends so
    kUneven2 = 16384,
  };
  enum Announced : uint8_t { kNothing, kLearning, kGuarded, kAbsentSaid };

  uint32_t series = kNone;  // SeriesRef of what is judged
  uint16_t worker = 0;
  uint16_t flags = 0;
  TimeMs last_time = kTimeMin;  // event time of the point judged or learned last
  TimeMs last_arrival{};        // of a live point
  float cadence_s = 0;          // learned interval of event times; 0 = not known yet
  float arrival_gap_s = 0;      // learned interval of arrivals
  double last_value = 0;
  float expected = 0, lower = 0, upper = 0;  // of the point judged last, for pages
  uint8_t above = 0,
          below = 0;  // one bit per judged point, the newest lowest: outside on that side
  uint8_t announced = kNothing;
  uint8_t last_gap = 0;   // coded, see uneven.cc; 0 = none yet
  uint32_t more = kNone;  // index of its SeriesMore
  uint32_t timer = 0;  // low half of the due time of its entry among the timers; older ones lapse
  Level level;
  TimeMs outside_since{};   // event time of the first of the points outside that are remembered
  uint32_t index = kNone;   // of this test
  uint32_t source = kNone;  // SeriesRef as sent; of a group: of the member that came last

  bool is(Flag flag) const { return (flags & flag) != 0; }
  void set(Flag flag, bool on = true) {
    flags = static_cast<uint16_t>(on ? flags | flag : flags & ~flag);
  }
};
static_assert(sizeof(SeriesTest) == 128);

// Intervals between points or arrivals are followed slowly: one gap moves them by a fifth.
inline void follow_interval(float& interval_s, DurationMs seen) {
  const double seen_s = static_cast<double>(seen.count) * 0.001;
  if (static_cast<float>(seen_s) == interval_s) return;  // the same again, as mostly
  const double now = interval_s;
  interval_s = static_cast<float>(
      now == 0 ? seen_s : now + 0.1 * (std::clamp(seen_s, 0.3 * now, 3 * now) - now));
}

// A point that was not learned when it came.
struct HeldPoint {
  TimeMs time;
  double value = 0;
  double in_band = 0;  // the edge of the band that it lay beyond
  double weight = 1;
};

// Five minutes of points that were not learned, as their mean.
struct HeldMean {
  static constexpr DurationMs kLength = minutes(5);
  static constexpr size_t kMax = 2016;  // a week
  TimeMs time;                          // of the first
  double sum = 0;
  uint32_t count = 0;
};

// A violation while it is open or absent.
struct OpenViolation {
  Id128 id;
  Direction direction = Direction::kAbove;
  ViolationState state = ViolationState::kOpen;
  TimeMs opened, updated, ended;
  JudgedPoint last, worst;
  uint32_t points_outside = 0;
  uint32_t inside_run = 0;
  bool from_import = false;  // found in history: never told
  Answer answer = Answer::kNone;
  MotionTrack track;
  std::optional<Shift> shift;
  std::optional<Outlook> outlook;
  std::vector<HeldMean> held;  // for the profile, should it be accepted
};

// The last judged points of a kpi series. Slots are reused, so that a point allocates nothing.
struct JudgedRing {
  static constexpr size_t kPoints = 64;
  explicit JudgedRing(size_t capacity) : points(capacity) {}
  JudgedPoint& push();
  std::vector<JudgedPoint> points_in_order() const;  // oldest first

  std::vector<JudgedPoint> points;
  uint32_t next = 0;
  uint32_t size = 0;
};

struct SeriesMore {
  std::vector<std::unique_ptr<BandModel>> models;  // in the order of the worker's, level apart
  std::unique_ptr<JudgedRing> ring;
  std::unique_ptr<OpenViolation> band;     // out of its band, or over a limit
  std::unique_ptr<OpenViolation> silence;  // no points
  std::vector<TimeMs> over_since;  // by threshold with `for`: since when over; kTimeMax = not
  std::vector<HeldPoint> held;     // kpi: points outside that may yet open a violation
  CounterTransform transform;
  Transform transform_kind = Transform::kNone;
  uint32_t group = kNone, member = kNone;  // of a feed
};

}  // namespace tocsin::streamer
