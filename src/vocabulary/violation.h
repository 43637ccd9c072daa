#pragma once
// Level one: what the streamer says about series. Plain values, carried from the shards to the
// rules in the one order (Position). docs/semantics.md says what the words mean exactly.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vocabulary/finding.h"
#include "vocabulary/point.h"

namespace tocsin {

// A sender as a series, `tocsin_sender{sender="telegraf 10.0.0.3"}`. It has no points; a violation
// of it is that of all its series that fell silent at once, and `last.value` is how many they are.
inline constexpr std::string_view kSenderSeriesName = "tocsin_sender";
inline constexpr std::string_view kSenderLabel = "sender";

enum class Tier : uint8_t { kKpi, kEvidence };
enum class Direction : uint8_t { kAbove, kBelow, kSilent };

// Names a worker of the running configuration; workers are numbered in the order of their files.
struct WorkerRef {
  uint32_t index = UINT32_MAX;
  friend constexpr auto operator<=>(WorkerRef, WorkerRef) = default;
};

// What one model said at one point.
struct ModelBand {
  uint16_t model = 0;    // index within the worker
  float weight = 0;      // its share after those that abstained gave theirs away; 0 = abstained
  bool outside = false;  // threshold and silence vote on their own
  double expected = 0, lower = 0, upper = 0;
};

// One judged point, as it was judged: kept with an alert, never recomputed.
struct JudgedPoint {
  TimeMs time;
  double value = 0;
  double expected = 0, lower = 0, upper = 0;  // of the weighted band
  double score = 0;                           // -log10 of the tail probability
  double distance = 0;                        // signed, half band-widths outside the band; 0 inside
  bool outside = false;
  std::vector<ModelBand> models;
};

// Speed and acceleration of `distance`; unknown with fewer than 4 points.
struct Motion {
  double speed = 0;         // half band-widths per minute; positive = worsening
  double acceleration = 0;  // per minute squared
  double raw_slope = 0;     // of the value, units per second
};

enum class ViolationState : uint8_t { kOpen, kAbsent, kEnded };

// What people said to "accept the new normal?".
enum class Answer : uint8_t {
  kNone,
  kAccepted,  // the models took over the new level, and the violation ended by it
  kKept,      // it stays open; it is not asked again
};

struct Violation {
  Id128 id;  // hash of series labels, worker id, direction, opened
  SeriesRef series;
  WorkerRef worker;
  Tier tier = Tier::kEvidence;
  ViolationState state = ViolationState::kOpen;
  Direction direction = Direction::kAbove;
  TimeMs opened;      // event time of the first point outside (silence: of the last point seen)
  TimeMs updated;     // event time of the last point judged
  TimeMs ended;       // when state is kEnded
  JudgedPoint last;   // the point judged last; for silence the last point seen
  JudgedPoint worst;  // the point with the largest score so far
  uint32_t points_outside = 0;
  std::optional<Motion> motion;
  DurationMs cadence{};  // learned interval between points; 0 = not known yet
  Answer answer = Answer::kNone;
  std::optional<Shift> shift;      // of a level that moved and stayed
  std::optional<Outlook> outlook;  // of a limit that is near
};

// Whether it asks "accept the new normal?": of tier kpi, open for 6 h, not answered.
inline constexpr DurationMs kAskAfter = hours(6);
bool asks(const Violation& violation, TimeMs now);

// An answer as the text of a note in the journal; from that frame on it holds.
struct GivenAnswer {
  Id128 violation;
  Answer answer = Answer::kKept;  // or kAccepted
  std::string by;
};
std::string answer_note(const GivenAnswer& given);
std::optional<GivenAnswer> read_answer_note(std::string_view payload);

// A violation opened, or one point changed it, or it ended.
struct ViolationChange {
  enum class What : uint8_t { kOpened, kUpdated, kAbsent, kEnded };
  What what = What::kOpened;
  Violation violation;
  // kpi tier, kOpened only: the points judged before and with it, oldest first.
  std::shared_ptr<const std::vector<JudgedPoint>> tail;
};

// Whether a worker guards a series now. Unknown (learning, absent) is neither fine nor firing.
struct SeriesStatus {
  enum class What : uint8_t { kLearning, kGuarded, kAbsent };
  What what = What::kLearning;
  SeriesRef series;
  WorkerRef worker;
  Tier tier = Tier::kEvidence;
  TimeMs since;
  TimeMs guarded_from;   // kLearning: the estimate shown ("not guarded until ..."); 0 = cannot say
  DurationMs cadence{};  // 0 = not known yet
};

struct StreamItem {
  Position at;
  TimeMs arrival;  // of the frame, or the due time of the timer
  std::variant<ViolationChange, SeriesStatus> what;
};

// Of a series of a sender: "telegraf on web-3", by the host where all its series agree, else by the
// address it sends from.
std::string sender_words(const Labels& labels);

std::string_view to_text(Tier tier);                // "kpi", "evidence"
std::string_view to_text(Direction direction);      // "above", "below", "silent"
std::string_view to_text(ViolationState state);     // "open", "absent", "ended"
std::string_view to_text(Answer answer);            // "", "accepted", "kept"
std::string_view to_text(SeriesStatus::What what);  // "learning", "guarded", "absent"

}  // namespace tocsin
