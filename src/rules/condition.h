#pragma once
// One leaf of a rule: which violations it means. Plain values; compiled once per configuration.
// A violation matches while it is open and every condition holds for its last judged point. A
// condition on something unknown (speed with fewer than 4 points) does not hold.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "vocabulary/matcher.h"
#include "vocabulary/violation.h"

namespace tocsin::rules {

// ">= 4", "< 0": a number compared with a constant.
struct Comparison {
  enum class Op { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater };
  Op op = Op::kGreaterEqual;
  double value = 0;

  // Nullopt if the text is not an operator and a finite number.
  static std::optional<Comparison> parse(std::string_view text);
  bool holds(double number) const;
  std::string text() const;         // ">= 4"
  std::string pretty_text() const;  // "≥ 4", for people
};

struct LeafCondition {
  std::string name;         // notation of vocabulary/matcher.h
  SeriesSelector selector;  // the name and the label conditions
  std::string worker;       // worker id; empty = any
  std::optional<Tier> tier;
  std::optional<Direction> direction;
  std::optional<Comparison> score;         // -log10 of the tail probability
  std::optional<Comparison> distance;      // signed, half band-widths; below is negative
  std::optional<Comparison> speed;         // per minute, positive = worsening
  std::optional<Comparison> acceleration;  // per minute squared
  std::optional<Comparison> points;        // points outside so far
  std::optional<DurationMs> limit_within;  // a forecast's expected time until its limit
  std::optional<DurationMs> longer_than;   // event time since it opened; silence: the clock's

  bool selects(const Labels& labels, std::string_view worker_id, Tier series_tier) const;
  bool allows(Direction of_violation) const { return !direction || *direction == of_violation; }
  // Open, and all conditions hold at decision time `now`. Silence that is called absent is open.
  bool matches(const Violation& violation, TimeMs now) const;
  // "score 3.1 is not >= 4": the first condition that does not hold; empty if all do.
  std::string unmet(const Violation& violation, TimeMs now) const;
  // The condition in words: "payments_ok below, score ≥ 4".
  std::string label() const;
  // Exact and complete, for the hash of a rule's definition.
  std::string definition() const;
};

// Open for a rule: open, or a silence (absence is its nature).
bool is_open(const Violation& violation);
// Event time since it opened; a silence is measured by the clock, because no points come.
DurationMs open_for(const Violation& violation, TimeMs now);

}  // namespace tocsin::rules
