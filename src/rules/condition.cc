#include "rules/condition.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"

namespace tocsin::rules {
namespace {

struct OpText {
  Comparison::Op op;
  std::string_view text, pretty;
};
// Two-letter operators first: a prefix of the text decides.
constexpr std::array<OpText, 5> kOps{{{Comparison::Op::kLessEqual, "<=", "≤"},
                                      {Comparison::Op::kGreaterEqual, ">=", "≥"},
                                      {Comparison::Op::kEqual, "==", "="},
                                      {Comparison::Op::kLess, "<", "<"},
                                      {Comparison::Op::kGreater, ">", ">"}}};

const OpText& text_of(Comparison::Op op) {
  for (const OpText& known : kOps)
    if (known.op == op) return known;
  return kOps[0];
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string unmet_number(std::string_view what, const std::optional<Comparison>& wanted,
                         std::optional<double> number) {
  if (!wanted || (number && wanted->holds(*number))) return {};
  if (!number) return fmt::format("{} is unknown yet", what);
  return fmt::format("{} {} is not {}", what, human_number(*number), wanted->pretty_text());
}

std::optional<double> speed_of(const Violation& violation) {
  if (!violation.motion) return std::nullopt;
  return violation.motion->speed;
}

std::optional<double> acceleration_of(const Violation& violation) {
  if (!violation.motion) return std::nullopt;
  return violation.motion->acceleration;
}

}  // namespace

std::optional<Comparison> Comparison::parse(std::string_view text) {
  text = trimmed(text);
  for (const OpText& known : kOps) {
    if (!text.starts_with(known.text)) continue;
    const auto value = parse_double(trimmed(text.substr(known.text.size())));
    if (!value || !std::isfinite(*value)) return std::nullopt;
    return Comparison{known.op, *value};
  }
  return std::nullopt;
}

bool Comparison::holds(double number) const {
  switch (op) {
    case Op::kLess:
      return number < value;
    case Op::kLessEqual:
      return number <= value;
    case Op::kEqual:
      return number == value;
    case Op::kGreaterEqual:
      return number >= value;
    case Op::kGreater:
      return number > value;
  }
  return false;
}

std::string Comparison::text() const {
  return fmt::format("{} {}", text_of(op).text, number_text(value));
}

std::string Comparison::pretty_text() const {
  return fmt::format("{} {}", text_of(op).pretty, number_text(value));
}

bool is_open(const Violation& violation) {
  return violation.state == ViolationState::kOpen ||
         (violation.state == ViolationState::kAbsent && violation.direction == Direction::kSilent);
}

DurationMs open_for(const Violation& violation, TimeMs now) {
  if (violation.direction == Direction::kSilent) return now - violation.opened;
  return violation.updated - violation.opened;
}

bool LeafCondition::selects(const Labels& labels, std::string_view worker_id,
                            Tier series_tier) const {
  if (!worker.empty() && worker != worker_id) return false;
  if (tier && *tier != series_tier) return false;
  return selector.matches(labels);
}

bool LeafCondition::matches(const Violation& violation, TimeMs now) const {
  if (!is_open(violation) || !allows(violation.direction)) return false;
  if (score && !score->holds(violation.last.score)) return false;
  if (distance && !distance->holds(violation.last.distance)) return false;
  if (speed && !(violation.motion && speed->holds(violation.motion->speed))) return false;
  if (acceleration && !(violation.motion && acceleration->holds(violation.motion->acceleration)))
    return false;
  if (points && !points->holds(violation.points_outside)) return false;
  if (limit_within && !(violation.outlook && violation.outlook->expected <= *limit_within))
    return false;
  return !longer_than || open_for(violation, now) >= *longer_than;
}

std::string LeafCondition::unmet(const Violation& violation, TimeMs now) const {
  std::string out = unmet_number("score", score, violation.last.score);
  if (out.empty()) out = unmet_number("distance", distance, violation.last.distance);
  if (out.empty()) out = unmet_number("speed", speed, speed_of(violation));
  if (out.empty()) out = unmet_number("acceleration", acceleration, acceleration_of(violation));
  if (out.empty()) out = unmet_number("points outside", points, violation.points_outside);
  if (out.empty() && limit_within) {
    if (!violation.outlook)
      out = "no forecast found it: limit_within needs a worker with a model of kind forecast";
    else if (violation.outlook->expected > *limit_within)
      out = fmt::format("the limit is not reached within {}", to_text(*limit_within));
  }
  if (out.empty() && longer_than && open_for(violation, now) < *longer_than)
    out = fmt::format("open for less than {}", to_text(*longer_than));
  return out;
}

std::string LeafCondition::label() const {
  std::string out = selector.text();
  if (!worker.empty()) out += " of worker " + worker;
  if (direction) out += fmt::format(" {}", to_text(*direction));
  if (tier) out += fmt::format(", {}", to_text(*tier));
  const auto add = [&](std::string_view what, const std::optional<Comparison>& wanted) {
    if (wanted) out += fmt::format(", {} {}", what, wanted->pretty_text());
  };
  add("score", score);
  add("distance", distance);
  add("speed", speed);
  add("acceleration", acceleration);
  add("points", points);
  if (limit_within) out += fmt::format(", limit within {}", to_text(*limit_within));
  if (longer_than) out += fmt::format(", longer than {}", to_text(*longer_than));
  return out;
}

std::string LeafCondition::definition() const {
  std::string out = fmt::format("{}|{}|", name, worker);
  for (const LabelMatcher& matcher : selector.matchers()) out += matcher.text() + ";";
  const auto add = [&](const std::optional<Comparison>& wanted) {
    out += '|';
    if (wanted) out += wanted->text();
  };
  out += fmt::format("|{}|{}", tier ? to_text(*tier) : "", direction ? to_text(*direction) : "");
  add(score);
  add(distance);
  add(speed);
  add(acceleration);
  add(points);
  if (limit_within) out += "|limit " + to_text(*limit_within);
  return out + fmt::format("|{}", longer_than ? to_text(*longer_than) : "");
}

}  // namespace tocsin::rules
