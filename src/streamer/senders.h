#pragma once
// Who sends, as a shard sees it: when each sender last sent, how often it does, which series are
// its. A sender that sent regularly and stops is one violation, not one of each of its series.
//
// Every shard is shown every frame and so keeps the same picture; the owner (hash of the name
// modulo shards) speaks for all. Senders go by their names: indices here are of one process.
//
// Bounded: senders_max; past it those not heard of longest are forgotten, but none that is silent.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vocabulary/point.h"
#include "vocabulary/violation.h"

namespace tocsin::streamer {

struct Sender {
  // It counts as regular after so many intervals in so much time, if they differ by no more than
  // this share of their mean (of 2 s at least): whoever sends by hand, or once, never does.
  static constexpr uint32_t kCyclesMin = 10;
  static constexpr DurationMs kSpanMin = minutes(10);
  static constexpr double kJitterMax = 0.3;

  std::string name;  // empty: a free place
  uint64_t hash = 0;
  TimeMs last = kTimeMin;   // arrival of its last frame
  TimeMs since = kTimeMin;  // from when on it has sent without a long pause
  TimeMs back = kTimeMin;   // arrival of the frame that ended its last pause
  float gap_s = 0;          // usual interval between its bursts of frames
  float jitter = 1;         // mean deviation of the intervals, as a share
  uint32_t cycles = 0;      // intervals since `since`
  uint32_t series = 0;      // whose last point came from it

  bool silent = false;      // said so
  bool waited_on = false;   // some series of this shard waits for it
  TimeMs timer = kTimeMax;  // of its entry among the timers; older ones lapse
  // Of the violation, while it is silent and after.
  Id128 violation;
  SeriesRef spoken_as;       // tocsin_sender{...}; kNoSeries = never silent yet
  TimeMs silent_since;       // arrival of the last frame before
  uint32_t series_then = 0;  // how many series fell silent with it
  Answer answer = Answer::kNone;

  bool regular() const {
    return cycles >= kCyclesMin && jitter < kJitterMax && last - since >= kSpanMin;
  }
  // Series of a sender that speaks for them are not silent by themselves while it is.
  bool speaks() const { return silent || (series >= 2 && regular()); }
  // A frame came. What passed before `resumed`, when nobody listened, is no interval.
  void heard(TimeMs arrival, TimeMs resumed);
  DurationMs span(double cycles_count) const;

 private:
  void learn(double interval_s);
  void start_over(TimeMs arrival);
};

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const noexcept { return hash64(text); }
};

class Senders {
 public:
  static constexpr uint32_t kNobody = UINT32_MAX;
  explicit Senders(size_t senders_max = 10'000) : senders_max_(senders_max) {}

  // kNobody when every place is taken by one that is silent.
  uint32_t find_or_add(std::string_view name);
  std::optional<uint32_t> find(std::string_view name) const;
  Sender& operator[](uint32_t index) { return senders_[index]; }
  const Sender& operator[](uint32_t index) const { return senders_[index]; }
  size_t size() const { return senders_.size(); }  // places, free ones among them
  size_t known() const { return by_name_.size(); }
  void forget(uint32_t index);

  // Whoever sent its last point; kNobody if that is not known.
  uint32_t of(SeriesRef series) const {
    return series.index < of_.size() ? of_[series.index] : kNobody;
  }
  // The hot loop: false if it was so already.
  bool is(SeriesRef series, uint32_t sender) const {
    return series.index < of_.size() && of_[series.index] == sender;
  }
  // Gives whose it was before.
  uint32_t assign(SeriesRef series, uint32_t sender);
  const std::vector<uint32_t>& by_series() const { return of_; }

  uint64_t forgotten = 0, refused = 0;

 private:
  bool make_room();

  size_t senders_max_;
  std::vector<Sender> senders_;
  std::vector<uint32_t> free_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> by_name_;  // never walked
  std::vector<uint32_t> of_;                                                      // by SeriesRef
};

}  // namespace tocsin::streamer
