#include "models/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "models/archive.h"

namespace tocsin::models {
namespace {

constexpr double kDeviations = 1.2816;  // 80 % of a Gaussian lie between
// Nothing is said of what lies further ahead than so many times what was seen; a rise that is young
// is believed for less.
constexpr double kAhead = 10, kAheadYoung = 4;
constexpr double kInsideFactor = 1.25;  // beyond so many times `within` a violation may end
constexpr double kScoreMax = 300;
// Demand beyond the highest throughput by less than this share is the jitter of two clocks.
constexpr double kPassedShare = 0.02;

DurationMs duration(double ms) { return DurationMs{static_cast<int64_t>(ms)}; }

}  // namespace

Forecast::Settings Forecast::settings_of(const ModelSpec& spec) {
  Settings out;
  out.above = !spec.numbers.contains("limit_below");
  out.sustained = spec.numbers.contains("sustained");
  out.pairs = out.sustained && spec.texts.contains("throughput");
  out.limit = out.above ? spec.number("limit", 0) : -spec.number("limit_below", 0);
  const auto otherwise = [&](DurationMs plain, DurationMs sustained) {
    return static_cast<double>((out.sustained ? sustained : plain).count);
  };
  out.within = duration(spec.number("within", otherwise(hours(24), days(7))));
  out.window = duration(spec.number("forecast_window", otherwise(hours(6), days(7))));
  out.end = static_cast<End>(static_cast<int>(spec.number("end", 0)));
  return out;
}

std::string Forecast::says(const ModelSpec& spec) {
  const Settings set = settings_of(spec);
  std::string limit = number_text(set.above ? set.limit : -set.limit);
  const std::string span = to_text(duration(spec.number("sustained", 0)));
  if (set.pairs)
    limit = fmt::format("the highest {} held for {}", spec.texts.at("throughput"), span);
  else if (set.sustained)
    limit = "what was held for " + span;
  return fmt::format("votes on its own: reaches {} within {}, by {}", limit, to_text(set.within),
                     to_text(set.window));
}

Forecast::Forecast(const ModelSpec& spec)
    : set_(settings_of(spec)),
      sustained_(duration(spec.number("sustained", 0))),
      envelope_(set_.window),
      held_(sustained_),
      done_(sustained_) {}

std::optional<double> Forecast::limit() const {
  if (set_.pairs) return done_.highest();
  return set_.sustained ? envelope_.record() : set_.limit;
}

DurationMs Forecast::chosen(const Outlook& outlook) const {
  switch (set_.end) {
    case End::kExpected:
      return outlook.expected;
    case End::kEarliest:
      return outlook.earliest;
    case End::kLatest:
      return outlook.latest;
  }
  return outlook.expected;
}

// More was asked for than was ever done.
bool Forecast::passed(const Edge& edge, double limit) const {
  return set_.pairs ? edge.level > limit * (1 + kPassedShare)
                    : !set_.sustained && edge.level >= limit;
}

// Demand grows, and the throughput with it: the record is today's, and no limit was seen.
bool Forecast::is_met(const Edge& edge, double limit, TimeMs time) const {
  return set_.pairs && !passed(edge, limit) && time - done_.rose() < days(1);
}

bool Forecast::is_near(const Edge& edge, double limit) const {
  return set_.pairs && std::abs(edge.level - limit) <= kPassedShare * limit;
}

// That it moves towards the limit. The earliest end is asked for by those who would rather be told
// in vain.
bool Forecast::is_sure(const Edge& edge, double limit, double score) const {
  if (set_.end == End::kEarliest || passed(edge, limit)) return true;
  // Demand is often near what is done: a slope within the jitter of the two is none.
  const double grows = edge.slope_per_s * set_.within.seconds();
  if (set_.pairs && grows < kPassedShare * limit) return false;
  return edge.slope_per_s > edge.doubt * score / 4;
}

Outlook Forecast::outlook_of(const Edge& edge, double limit) const {
  Outlook out;
  out.limit = set_.above ? limit : -limit;
  const double gap = limit - edge.level;
  if (passed(edge, limit)) {
    out.expected = out.earliest = out.latest = DurationMs{};
    return out;
  }
  const double window_s = set_.window.seconds();
  const double furthest_s = edge.seen_s < window_s / 2
                                ? kAheadYoung * edge.seen_s
                                : std::max(kAhead * window_s, set_.within.seconds());
  const auto reached = [&](double distance, double rate) {
    if (rate <= 0 || distance > rate * furthest_s) return Outlook::kNever;
    return duration(1000 * std::max(0.0, distance) / rate);
  };
  const double level_error = kDeviations * edge.noise;
  const double slope_error = kDeviations * edge.slope_error;
  out.expected = reached(gap, edge.slope_per_s);
  out.earliest = reached(gap - level_error, edge.slope_per_s + slope_error);
  out.latest = reached(gap + level_error, edge.slope_per_s - slope_error);
  return out;
}

// From here the limit would be `within` away.
double Forecast::edge_of_band(const Edge& edge, double limit) const {
  double rate = edge.slope_per_s;
  if (set_.end == End::kEarliest) rate += kDeviations * edge.slope_error;
  if (set_.end == End::kLatest) rate -= kDeviations * edge.slope_error;
  return limit - std::max(0.0, rate) * set_.within.seconds();
}

bool Forecast::weigh(const Asked& asked, std::span<Curve> out) {
  const auto edge = envelope_.at(asked.time);
  const auto bound = limit();
  voted_ = edge && bound;
  if (!voted_) return false;
  const double sign = set_.above ? 1 : -1;
  const double rim = edge_of_band(*edge, *bound);
  constexpr double kOpen = std::numeric_limits<double>::infinity();
  out[0] = {1, sign * std::min(edge->level, rim), -kOpen, kOpen};
  vote_ = Vote{};
  vote_.above = set_.above;
  if (is_met(*edge, *bound, asked.time)) {
    vote_.outlook = Outlook{*bound, Outlook::kNever, Outlook::kNever, Outlook::kNever};
    out[0].expected = edge->level;
    return true;
  }
  (set_.above ? out[0].upper : out[0].lower) = sign * rim;
  vote_.outlook = outlook_of(*edge, *bound);
  const DurationMs left = chosen(*vote_.outlook);
  // Demand is where the record is: what was open stays open until one of them goes on.
  if (is_near(*edge, *bound)) {
    vote_.well_inside = false;
    return true;
  }
  if (left == Outlook::kNever || !is_sure(*edge, *bound, asked.score)) return true;
  const double within_s = set_.within.seconds();
  vote_.outside = left < set_.within;
  vote_.well_inside = left.seconds() > kInsideFactor * within_s;
  vote_.score = std::min(kScoreMax, asked.score * within_s / std::max(1.0, left.seconds()));
  if (vote_.outside) vote_.distance = sign * (1 - left.seconds() / within_s);
  return true;
}

void Forecast::learn(const Asked& asked, double) {
  first_ = std::min(first_, asked.time);
  const double value = set_.above ? asked.value : -asked.value;
  if (!set_.sustained) return envelope_.learn(asked.time, value);
  if (set_.pairs) done_.learn(asked.time, asked.weight);
  if (const auto held = held_.learn(asked.time, value))
    envelope_.learn(asked.time, day_.learn(asked.time, *held));
}

Learned Forecast::learned(TimeMs last_time, double) const {
  Learned out{0, {}, 0, 0};
  if (first_ == kTimeMax) return out;
  // Half of the window must have points; a level held before it needs one more.
  const DurationMs wants{set_.sustained && !set_.pairs ? set_.window.count + set_.window.count / 24
                                                       : set_.window.count / 2};
  out.guarded_from = first_ + wants;
  if (last_time < first_) return out;
  out.share = std::clamp((last_time - first_).seconds() / wants.seconds(), 0.0, 1.0);
  return out;
}

template <class Archive>
void Forecast::visit(Archive& archive) {
  archive(first_);
  envelope_.visit(archive);
  held_.visit(archive);
  day_.visit(archive);
  if (set_.pairs) done_.visit(archive);
}

void Forecast::save(ByteWriter& out) const {
  Saver archive(out);
  const_cast<Forecast*>(this)->visit(archive);  // NOLINT: a Saver only reads
}

void Forecast::load(ByteReader& in) {
  Loader archive(in);
  visit(archive);
  if (archive.ok()) return;
  envelope_ = Envelope(set_.window);
  held_ = Held(sustained_);
  day_ = DayHigh();
  done_ = HighestHeld(sustained_);
  first_ = kTimeMax;
}

}  // namespace tocsin::models
