#include "streamer/judge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>

#include "models/kinds.h"
#include "streamer/verdict_math.h"

namespace tocsin::streamer {
namespace {

constexpr double kInsideShare = 0.8;

Id128 violation_id(const Labels& labels, const Worker& worker, Direction direction, TimeMs opened) {
  return IdBuilder()
      .add(labels.text())
      .add(worker.id)
      .add(to_text(direction))
      .add(opened.ms)
      .finish();
}

}  // namespace

JudgedPoint& JudgedRing::push() {
  JudgedPoint& slot = points[next];
  const auto capacity = static_cast<uint32_t>(points.size());
  next = (next + 1) % capacity;
  size = std::min(size + 1, capacity);
  return slot;
}

std::vector<JudgedPoint> JudgedRing::points_in_order() const {
  std::vector<JudgedPoint> out;
  out.reserve(size);
  const size_t capacity = points.size();
  for (size_t i = 0; i < size; ++i) out.push_back(points[(next + capacity - size + i) % capacity]);
  return out;
}

Judge::Judge(const Worker& worker)
    : worker_(worker),
      edge_(worker.score / kTailScore),
      history_mask_(static_cast<uint8_t>((1U << worker.open_of) - 1)) {
  for (const ModelSpec& model : worker.models) {
    const size_t index = bands_.size();
    const size_t count = curves_of(model);
    bands_.resize(index + count);
    if (model.weight <= 0) continue;
    if (model.kind == ModelKind::kLevel) level_ = &model, level_index_ = index;
    if (kind_of(model.kind).make != nullptr) objects_.push_back({&model, index, count});
    if (model.kind == ModelKind::kThreshold) thresholds_.push_back({&model, index});
    if (model.kind == ModelKind::kThreshold && model.for_at_least.count > 0) needs_more_ = true;
  }
  for (size_t i = 0; i < bands_.size(); ++i) bands_[i].model = static_cast<uint16_t>(i);
  if (worker.noise)
    noise_ = PeaksPlan{worker.noise->per_week(), std::min(1.0, kTailScore / worker.score),
                       worker.open_points, worker.open_of};
  // With one model every strategy is that model's band.
  level_alone_ = level_ != nullptr && objects_.empty() && thresholds_.empty() && !needs_more_ &&
                 worker.tier == Tier::kEvidence;
  needs_more_ = needs_more_ || !objects_.empty() || worker.tier == Tier::kKpi;
}

Judge::Band Judge::level_band(const SeriesTest& test, double edge) {
  ModelBand& band = bands_[level_index_];
  band = {band.model, 0, false, 0, 0, 0};
  if (!test.level.ready()) return {};
  const Tail::HalfWidths reach = test.level.tail.half_widths(edge_ * edge);
  band.weight = static_cast<float>(level_->weight);
  band.expected = test.level.level;
  band.lower = band.expected - reach.down;
  band.upper = band.expected + reach.up;
  return {band.expected, band.lower, band.upper, true};
}

std::vector<std::unique_ptr<BandModel>> Judge::make_models(const Local& local,
                                                           Budget& budget) const {
  std::vector<std::unique_ptr<BandModel>> out;
  out.reserve(objects_.size());
  for (const ObjectPlan& plan : objects_) out.push_back(make_model(*plan.spec, local, budget));
  return out;
}

Asked Judge::asked(const SeriesTest& test, const Point& point, double edge) const {
  return {point.time, point.value, test.cadence_s, worker_.score * edge, point.weight};
}

void Judge::object_bands(SeriesMore& more, const Asked& asked) {
  for (size_t i = 0; i < objects_.size(); ++i) {
    const ObjectPlan& plan = objects_[i];
    curves_.assign(plan.curves, Curve{});
    more.models[i]->weigh(asked, curves_);
    for (size_t k = 0; k < plan.curves; ++k) {
      ModelBand& band = bands_[plan.band + k];
      const Curve& curve = curves_[k];
      band = {band.model,  static_cast<float>(plan.spec->weight * curve.share),
              false,       curve.expected,
              curve.lower, curve.upper};
      if (more.models[i]->vote() != nullptr) band.weight = 0;
    }
  }
}

// The weighted mean of the bands of those that did not abstain, after which the weights sum to one.
Judge::Band Judge::combine() const {
  Band out;
  double total = 0;
  for (const ModelBand& band : bands_) {
    total += band.weight;
    out.expected += band.weight * band.expected;
    out.lower += band.weight * band.lower;
    out.upper += band.weight * band.upper;
  }
  if (total <= 0) return {};
  out.any = true;
  out.expected /= total;
  out.lower /= total;
  out.upper /= total;
  return out;
}

// The band whose outside is where the models' votes say so.
Judge::Band Judge::envelope(const Band& mean) const {
  const BandVotes votes(bands_);
  Band out = mean;
  switch (worker_.strategy) {
    case Strategy::kWeighted:
      break;
    case Strategy::kAny:
      std::tie(out.lower, out.upper) = votes.innermost();
      break;
    case Strategy::kAll:
      std::tie(out.lower, out.upper) = votes.outermost();
      break;
    case Strategy::kMajority:
      std::tie(out.lower, out.upper) = votes.middle();
      break;
    case Strategy::kBest:
      std::tie(out.lower, out.upper) = votes.narrowest();
      break;
  }
  if (out.lower > out.upper) out.lower = out.upper = (out.lower + out.upper) / 2;
  out.expected = std::clamp(out.expected, out.lower, out.upper);
  return out;
}

void Judge::place_in_band(const Band& band, double value, Verdict& out) const {
  const double deviation = least_deviation(worker_, band.expected);
  out.guarded = true;
  out.expected = band.expected;
  out.lower = std::min(band.lower, band.expected - deviation);
  out.upper = std::max(band.upper, band.expected + deviation);
  const double residual = value - band.expected;
  const double side = residual >= 0 ? out.upper - out.expected : out.expected - out.lower;
  out.direction = residual >= 0 ? Direction::kAbove : Direction::kBelow;
  out.score = std::min(kScoreMax, worker_.score * std::abs(residual) / side);
  out.well_inside = std::abs(residual) <= kInsideShare * side;
  out.distance = distance_outside(value, out.lower, out.upper);
  out.outside = out.distance != 0;
}

// What the model says itself, where it knows better than the distance from its band.
void Judge::place_by_score(double score, double value, Verdict& out) const {
  const double moved = std::abs(value - out.expected);
  out.score = std::min(kScoreMax, score);
  out.outside = score >= worker_.score && moved >= least_deviation(worker_, out.expected);
  out.well_inside = score <= kInsideShare * worker_.score;
  if (!out.outside) out.distance = 0;
  if (!out.outside || out.distance != 0) return;
  const double beyond = std::clamp(score / worker_.score - 1, 1e-3, kDistanceMax);
  out.distance = value >= out.expected ? beyond : -beyond;
}

bool Judge::over_long_enough(SeriesMore* more, size_t threshold, TimeMs time, bool over) const {
  const DurationMs wanted = thresholds_[threshold].spec->for_at_least;
  if (wanted.count == 0 || more == nullptr) return over;
  if (more->over_since.size() <= threshold) more->over_since.resize(threshold + 1, kTimeMax);
  TimeMs& since = more->over_since[threshold];
  if (!over)
    since = kTimeMax;
  else
    since = std::min(since, time);
  return over && time - since >= wanted;
}

void Judge::vote_thresholds(SeriesMore* more, const Point& point, Verdict& out) {
  const double value = point.value;
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < thresholds_.size(); ++i) {
    const ModelSpec& spec = *thresholds_[i].spec;
    ModelBand& band = bands_[thresholds_[i].band];
    const bool over = spec.above && value > *spec.above;
    const bool under = spec.below && value < *spec.below;
    band.lower = spec.below.value_or(-kInfinite);
    band.upper = spec.above.value_or(kInfinite);
    const double limit = over || !spec.below ? spec.above.value_or(0) : *spec.below;
    band.expected = limit;
    band.weight = 0;
    band.outside = over_long_enough(more, i, point.time, over || under);
    if (!out.guarded) {
      out.guarded = out.well_inside = true;
      out.expected = limit, out.lower = band.lower, out.upper = band.upper;
    }
    if (over || under) out.well_inside = false;
    if (!band.outside) continue;
    out.direction = over ? Direction::kAbove : Direction::kBelow;
    const double unit = limit_unit(worker_, out.lower, out.upper, limit);
    const double beyond = std::clamp((value - limit) / unit, -kDistanceMax, kDistanceMax);
    if (std::abs(beyond) > std::abs(out.distance) || !out.outside) out.distance = beyond;
    out.score = std::max(out.score, std::min(kScoreMax, worker_.score * (1 + std::abs(beyond))));
    out.outside = true;
  }
}

// The models that vote on their own. A shift smaller than the worker's minimum deviation is none.
void Judge::vote_objects(const SeriesMore& more, Verdict& out) {
  for (size_t i = 0; i < objects_.size(); ++i) {
    const Vote* vote = more.models[i]->vote();
    if (vote == nullptr) continue;
    ModelBand& band = bands_[objects_[i].band];
    if (!out.guarded) {
      out.guarded = out.well_inside = true;
      out.expected = band.expected, out.lower = band.lower, out.upper = band.upper;
    }
    const auto& shift = vote->shift;
    const bool counts =
        !shift || std::abs(shift->after - shift->before) >= least_deviation(worker_, shift->before);
    band.outside = vote->outside && counts;
    if (!vote->well_inside && counts) out.well_inside = false;
    if (band.outside || out.vote == nullptr) out.vote = vote;
    if (!band.outside) {
      if (!out.outside && counts) out.score = std::max(out.score, vote->score);
      continue;
    }
    out.by_vote = true;
    if (!out.outside || vote->score > out.score) {
      out.direction = vote->above ? Direction::kAbove : Direction::kBelow;
      out.distance = std::clamp(vote->distance, -kDistanceMax, kDistanceMax);
    }
    out.score = std::max(out.score, vote->score);
    out.outside = true;
  }
}

Verdict Judge::weigh(const SeriesTest& test, SeriesMore* more, const Point& point, double edge) {
  Verdict out;
  Band band;
  if (level_ != nullptr) band = level_band(test, edge);
  const bool objects = !objects_.empty() && more != nullptr;
  if (objects) object_bands(*more, asked(test, point, edge));
  if (!objects_.empty()) band = combine();
  if (band.any && worker_.strategy != Strategy::kWeighted) band = envelope(band);
  if (band.any) place_in_band(band, point.value, out);
  if (band.any && objects && level_ == nullptr && objects_.size() == 1)
    if (const double score = more->models[0]->score(); score >= 0)
      place_by_score(score / edge, point.value, out);
  const double sign = out.direction == Direction::kAbove ? 1 : -1;
  reach_ = sign * out.score / worker_.score * edge;
  reach_outside_ = out.outside;
  reach_known_ = band.any;
  if (!thresholds_.empty()) vote_thresholds(more, point, out);
  if (objects) vote_objects(*more, out);
  return out;
}

JudgedPoint Judge::judged(const Point& point, const Verdict& verdict) const {
  JudgedPoint out;
  out.time = point.time;
  out.value = point.value;
  out.expected = verdict.expected;
  out.lower = verdict.lower;
  out.upper = verdict.upper;
  out.score = verdict.score;
  out.distance = verdict.distance;
  out.outside = verdict.outside;
  if (worker_.tier == Tier::kKpi) out.models = normalised(bands_);
  return out;
}

void Judge::remember(SeriesMore& more, const Point& point, const Verdict& verdict) {
  JudgedPoint& slot = more.ring->push();
  std::vector<ModelBand> models = std::move(slot.models);
  normalise_into(bands_, models);
  slot = JudgedPoint{point.time,       point.value,     verdict.expected,
                     verdict.lower,    verdict.upper,   verdict.score,
                     verdict.distance, verdict.outside, std::move(models)};
}

Verdict Judge::judge(Place& place, const Point& point, Sink& sink) {
  SeriesTest& test = place.test;
  const double edge = edge_of(place);
  const Verdict verdict = weigh(test, place.more, point, edge);
  if (verdict.guarded) {
    test.expected = static_cast<float>(verdict.expected);
    test.lower = static_cast<float>(verdict.lower);
    test.upper = static_cast<float>(verdict.upper);
    if (place.more != nullptr && place.more->ring != nullptr) remember(*place.more, point, verdict);
  }
  test.set(SeriesTest::kHasBand, verdict.guarded);

  const bool up = verdict.outside && verdict.direction == Direction::kAbove;
  const bool down = verdict.outside && !up;
  if (verdict.outside && (test.above | test.below) == 0) test.outside_since = point.time;
  test.above = static_cast<uint8_t>((test.above << 1 | (up ? 1 : 0)) & history_mask_);
  test.below = static_cast<uint8_t>((test.below << 1 | (down ? 1 : 0)) & history_mask_);

  const bool was_open = place.more != nullptr && place.more->band != nullptr;
  if (was_open && verdict.guarded) update(place, point, verdict, sink);
  if (opens(place, point, verdict)) {
    if (place.more != nullptr && place.more->band != nullptr) end(place, point.time, sink);
    open(place, point, verdict, verdict.direction, sink);
  }
  const bool still_open = place.more != nullptr && place.more->band != nullptr;
  if (!still_open && !waits(place, point, verdict)) learn(place, point, verdict);
  if (still_open && !place.more->held.empty()) place.more->held.clear();
  if (still_open)
    for (const auto& model : place.more->models) model->watch(asked(test, point, edge));
  if (place.peaks != nullptr && reach_known_) note_reach(place, point);
  test.last_time = point.time;
  test.last_value = point.value;
  return verdict;
}

// n of the last m points lie outside on the point's side, for as long as the worker asks; and
// nothing is open on that side.
bool Judge::opens(const Place& place, const Point& point, const Verdict& verdict) const {
  if (!verdict.outside) return false;
  const SeriesTest& test = place.test;
  const uint8_t side = verdict.direction == Direction::kAbove ? test.above : test.below;
  // A vote has its own persistence built in. None is left if the point was just accepted.
  if (std::popcount(side) < (verdict.by_vote ? 1 : worker_.open_points)) return false;
  if (place.more != nullptr && place.more->band != nullptr)
    return place.more->band->direction != verdict.direction;
  return point.time - test.outside_since >= worker_.min_duration;
}

// So many points lie outside that only time is missing: what may become a violation is not learned.
bool Judge::waits(const Place& place, const Point& point, const Verdict& verdict) const {
  if (!verdict.outside || point.time - place.test.outside_since >= worker_.min_duration)
    return false;
  const SeriesTest& test = place.test;
  return std::popcount(test.above) >= worker_.open_points ||
         std::popcount(test.below) >= worker_.open_points;
}

void Judge::note_reach(Place& place, const Point& point) const {
  if (place.test.cadence_s <= 0) return;
  const int64_t seconds = std::clamp<int64_t>(point.time.ms / 1000, 0, UINT32_MAX);
  place.peaks->note(*noise_, reach_, place.test.cadence_s, static_cast<uint32_t>(seconds));
}

void Judge::open(Place& place, const Point& point, const Verdict& verdict, Direction direction,
                 Sink& sink) {
  SeriesTest& test = place.test;
  if (place.more == nullptr) place.more = &place.owner.more_for(test);
  auto opened = std::make_unique<OpenViolation>();
  opened->direction = direction;
  opened->opened = test.outside_since;
  opened->updated = point.time;
  opened->id = violation_id(place.owner.labels_of(test), worker_, direction, opened->opened);
  opened->last = opened->worst = judged(point, verdict);
  const uint8_t side = direction == Direction::kAbove ? test.above : test.below;
  opened->points_outside = static_cast<uint32_t>(std::popcount(side));
  opened->from_import = point.imported;
  opened->track.add({point.time, std::abs(verdict.distance), point.value});
  if (verdict.by_vote) opened->shift = verdict.vote->shift, opened->outlook = verdict.vote->outlook;
  limit(place);
  place.more->band = std::move(opened);
  sink.changed(What::kOpened, *place.more->band);
}

// So that the next violation is rarer: by the noise budget where there is one, else each model by
// itself. A limit (`threshold`) is nobody's noise.
void Judge::limit(Place& place) const {
  if (place.peaks != nullptr) {
    if (reach_outside_ && place.test.cadence_s > 0)
      place.peaks->opened(*noise_, place.test.cadence_s);
    for (const auto& model : place.more->models) model->violation_opened_in_budget();
    return;
  }
  if (level_ != nullptr) place.test.level.tail.violation_opened();
  for (const auto& model : place.more->models) model->violation_opened();
}

void Judge::update(Place& place, const Point& point, const Verdict& verdict, Sink& sink) {
  OpenViolation& violation = *place.more->band;
  const bool same_side = verdict.outside && verdict.direction == violation.direction;
  violation.state = ViolationState::kOpen;
  violation.updated = point.time;
  violation.last = judged(point, verdict);
  if (same_side) ++violation.points_outside;
  if (verdict.vote != nullptr && verdict.vote->shift) violation.shift = verdict.vote->shift;
  if (verdict.vote != nullptr && verdict.vote->outlook) violation.outlook = verdict.vote->outlook;
  if (same_side && verdict.score > violation.worst.score) violation.worst = violation.last;
  const double sign = violation.direction == Direction::kAbove ? 1 : -1;
  violation.track.add({point.time, sign * verdict.distance, point.value});
  if (!place.more->models.empty()) {
    std::vector<HeldMean>& held = violation.held;
    const bool next = held.empty() || point.time - held.back().time >= HeldMean::kLength;
    if (next && held.size() < HeldMean::kMax) held.push_back({point.time, 0, 0});
    held.back().sum += point.value;
    ++held.back().count;
  }
  violation.inside_run = verdict.well_inside ? violation.inside_run + 1 : 0;
  if (violation.inside_run >= worker_.open_of) return end(place, point.time, sink);
  const DurationMs accept_after = worker_.accept_after;
  if (accept_after.count > 0 && point.time - violation.opened >= accept_after)
    return accept(place, point.time, sink);
  sink.changed(What::kUpdated, violation);
}

void Judge::end(Place& place, TimeMs time, Sink& sink) {
  OpenViolation& violation = *place.more->band;
  violation.state = ViolationState::kEnded;
  violation.ended = time;
  sink.changed(What::kEnded, violation);
  place.more->band.reset();
}

void Judge::accept(Place& place, TimeMs time, Sink& sink) {
  SeriesTest& test = place.test;
  SeriesMore& more = *place.more;
  std::vector<MotionPoint> points;
  if (more.ring != nullptr)
    for (const JudgedPoint& point : more.ring->points_in_order())
      if (point.time >= more.band->opened) points.push_back({point.time, 0, point.value});
  if (points.empty()) points.push_back({test.last_time, 0, test.last_value});
  const std::vector<HeldMean> means = std::move(more.band->held);
  more.band->answer = Answer::kAccepted;
  end(place, time, sink);
  test.above = test.below = 0;
  more.held.clear();
  if (level_ != nullptr) test.level.restart(points.front().value, test.cadence_s);
  if (level_ != nullptr)
    for (size_t i = 1; i < points.size(); ++i) test.level.learn(points[i].value, test.cadence_s);
  for (const auto& model : more.models) {
    if (model->trains_out_of_order())
      for (const HeldMean& mean : means) model->train(mean.time, mean.sum / mean.count);
    model->accept(points, test.cadence_s);
  }
}

// Whether a point outside belongs to a violation is known when one opens, or when the points that
// are counted for it have passed. Until then a kpi series does not learn it: it would widen the
// band that the next point is held against.
void Judge::learn(Place& place, const Point& point, const Verdict& verdict) {
  const bool holds = worker_.tier == Tier::kKpi && place.more != nullptr;
  const bool decided = ((place.test.above | place.test.below) >> 1) == 0;
  if (holds && !place.more->held.empty() && decided) {
    learn_held(place);
    weigh_again(place, point);
  }
  if (holds && verdict.guarded && verdict.outside && worker_.open_points > 1)
    return hold(*place.more, point, verdict);
  double in_band = point.value;
  if (verdict.guarded && has_band_models() && verdict.outside)
    in_band = std::clamp(point.value, verdict.lower, verdict.upper);
  learn_one(place, point, in_band);
}

// The models remember the point weighed last: what was held back comes in between.
void Judge::weigh_again(Place& place, const Point& point) {
  if (!objects_.empty()) object_bands(*place.more, asked(place.test, point, edge_of(place)));
}

void Judge::hold(SeriesMore& more, const Point& point, const Verdict& verdict) const {
  if (more.held.size() >= worker_.open_of) more.held.erase(more.held.begin());
  const double in_band =
      has_band_models() ? std::clamp(point.value, verdict.lower, verdict.upper) : point.value;
  more.held.push_back({point.time, point.value, in_band, point.weight});
}

void Judge::learn_held(Place& place) {
  for (const HeldPoint& held : place.more->held) {
    const Point point{held.time, held.value, held.weight, false};
    weigh_again(place, point);
    learn_one(place, point, held.in_band);
  }
  place.more->held.clear();
}

// A point outside, of which no violation came, is taken by most models for its edge of the band.
void Judge::learn_one(Place& place, const Point& point, double in_band) {
  SeriesTest& test = place.test;
  if (level_ != nullptr) test.level.learn(point.value, test.cadence_s);
  if (place.more == nullptr) return;
  for (const auto& model : place.more->models)
    model->learn(asked(test, point, edge_of(place)), in_band);
}

Judge::Progress Judge::progress(const SeriesTest& test, const SeriesMore* more) const {
  Progress out;
  if (level_ != nullptr) {
    out.points = test.level.tail.seen;
    out.points_needed = Level::kPointsToLearn;
    const double left = Level::kPointsToLearn - std::min(out.points, out.points_needed);
    out.learned = 1 - left / Level::kPointsToLearn;
    if (test.cadence_s > 0 && test.last_time > kTimeMin)
      out.guarded_from =
          test.last_time + DurationMs{static_cast<int64_t>(left * test.cadence_s * 1000)};
    return out;
  }
  if (objects_.empty()) return Progress{1, {}, 0, 0, {}};
  if (more == nullptr) return out;
  // The first that is ready guards.
  for (const auto& model : more->models) {
    const Learned learned = model->learned(test.last_time, test.cadence_s);
    if (learned.share < out.learned || (learned.share == out.learned && out.learned > 0)) continue;
    out = {learned.share, learned.guarded_from, learned.points, learned.points_needed, learned.why};
  }
  return out;
}

}  // namespace tocsin::streamer
