#include "streamer/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tocsin::streamer {
namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kSlotsWaited = 3;

int64_t floor_to(int64_t value, int64_t step) {
  const int64_t rest = value % step;
  return value - (rest < 0 ? rest + step : rest);
}

// Nearest rank; values are not empty.
double quantile_of(std::vector<double>& values, double quantile) {
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(values.size())));
  const size_t at = std::clamp<size_t>(rank, 1, values.size()) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

}  // namespace

Group::Group(const Aggregate& aggregate, DurationMs lateness)
    : aggregate_(aggregate), every_ms_(aggregate.every.count), lateness_(lateness) {}

std::optional<uint32_t> Group::join(bool behind) {
  if (members_.size() >= kMembersMax) return std::nullopt;
  members_.emplace_back();
  members_.back().behind = behind;
  ++expected_;
  return static_cast<uint32_t>(members_.size() - 1);
}

Group::Slot* Group::slot(int64_t start_ms) {
  const auto found =
      std::lower_bound(slots_.begin(), slots_.end(), start_ms,
                       [](const Slot& s, int64_t start) { return s.start_ms < start; });
  if (found != slots_.end() && found->start_ms == start_ms) return &*found;
  Slot made;
  made.start_ms = start_ms;
  return &*slots_.insert(found, std::move(made));
}

bool Group::add(uint32_t index, TimeMs time, double value) {
  const int64_t start_ms = floor_to(time.ms, every_ms_);
  if (start_ms < closed_until_ms_) return false;
  Slot& into = *slot(start_ms);
  if (into.values.size() <= index) into.values.resize(members_.size(), kNoValue);
  const bool first = std::isnan(into.values[index]);
  if (first) ++into.reported;
  const bool adds = aggregate_.op == AggregateOp::kRatio && !first;
  into.values[index] = adds ? into.values[index] + value : value;
  Member& member = members_[index];
  if (member.last > kTimeMin && time > member.last) {
    const double gap = (time - member.last).seconds();
    const double cadence = member.cadence_s;
    member.cadence_s = static_cast<float>(
        cadence == 0 ? gap
                     : cadence + 0.1 * (std::clamp(gap, 0.3 * cadence, 3 * cadence) - cadence));
  }
  member.last = std::max(member.last, time);
  member.last_slot = std::max(member.last_slot, start_ms);
  newest_ = std::max(newest_, time);
  mark_done(index);
  return true;
}

// The member's next point, due a cadence (and a hundredth) after its last, belongs to a later slot.
void Group::mark_done(uint32_t index) {
  const Member& member = members_[index];
  const auto next_ms = member.last.ms + static_cast<int64_t>(1010 * member.cadence_s);
  for (Slot& open : slots_) {
    if (open.start_ms + every_ms_ > next_ms) break;
    if (open.done.size() <= index) open.done.resize(members_.size(), false);
    if (open.done[index]) continue;
    open.done[index] = true;
    ++open.done_count;
  }
}

bool Group::complete(const Slot& slot) const { return slot.done_count >= expected_; }

void Group::count_expected(int64_t start_ms) {
  const int64_t oldest = start_ms - kSlotsWaited * every_ms_;
  expected_ = static_cast<uint32_t>(
      std::count_if(members_.begin(), members_.end(),
                    [&](const Member& member) { return member.last_slot >= oldest; }));
}

Group::Closed Group::ratio(const Slot& slot) const {
  double failures = 0, attempts = 0;
  bool failures_came = aggregate_.selected_zero;
  for (size_t i = 0; i < slot.values.size(); ++i) {
    if (std::isnan(slot.values[i])) continue;
    (members_[i].behind ? attempts : failures) += slot.values[i];
    failures_came = failures_came || !members_[i].behind;
  }
  const bool whole = failures_came && attempts > 0;
  // More failures than attempts: their points fell to different sides of the slot's border.
  const double value = whole ? std::clamp(failures / attempts, 0.0, 1.0) : kNoValue;
  return {TimeMs{slot.start_ms}, value, attempts};
}

// Per second. Where it is what waits that is known, demand is what was done and what waits more
// now.
Group::Closed Group::demand(const Slot& slot) {
  double selected = kNoValue, done = kNoValue;
  for (size_t i = 0; i < slot.values.size(); ++i)
    if (!std::isnan(slot.values[i])) (members_[i].behind ? done : selected) = slot.values[i];
  if (std::isnan(selected) && aggregate_.selected_zero) selected = 0;
  Closed out{TimeMs{slot.start_ms}, selected, done};
  if (aggregate_.queue && !std::isnan(selected)) {
    const Waiting before = std::exchange(waiting_, Waiting{slot.start_ms, selected});
    const bool known =
        before.slot_ms != INT64_MIN && slot.start_ms - before.slot_ms <= kSlotsWaited * every_ms_;
    const double span_s = static_cast<double>(slot.start_ms - before.slot_ms) / 1000;
    out.value = known ? std::max(0.0, out.weight + (selected - before.count) / span_s) : kNoValue;
  }
  if (std::isnan(out.weight)) out.value = kNoValue;
  return out;
}

double Group::reduce(const Slot& slot) const {
  std::vector<double> values;
  for (const double value : slot.values)
    if (!std::isnan(value)) values.push_back(value);
  double sum = 0;
  for (const double value : values) sum += value;
  const auto count = static_cast<double>(values.size());
  switch (aggregate_.op) {
    case AggregateOp::kSum:
      return sum;
    case AggregateOp::kMean:
      return sum / count;
    case AggregateOp::kMin:
      return *std::min_element(values.begin(), values.end());
    case AggregateOp::kMax:
      return *std::max_element(values.begin(), values.end());
    case AggregateOp::kCount:
      return count;
    case AggregateOp::kQuantile:
      return quantile_of(values, aggregate_.quantile);
    case AggregateOp::kRatio:
    case AggregateOp::kDemand:
      break;  // see ratio() and demand()
  }
  return sum;
}

std::optional<Group::Closed> Group::close_front() {
  Slot& front = slots_.front();
  Closed out{TimeMs{front.start_ms}, 0, 1};
  if (aggregate_.op == AggregateOp::kRatio)
    out = ratio(front);
  else if (aggregate_.op == AggregateOp::kDemand)
    out = demand(front);
  else
    out.value = reduce(front);
  closed_until_ms_ = front.start_ms + every_ms_;
  count_expected(front.start_ms);
  slots_.erase(slots_.begin());
  return out;
}

std::optional<Group::Closed> Group::take_ready() {
  if (slots_.empty()) return std::nullopt;
  const bool passed = slots_.front().start_ms + every_ms_ <= newest_.ms - lateness_.count;
  // An older slot closes with a complete one behind it: its missing members went on already.
  const bool any =
      std::any_of(slots_.begin(), slots_.end(), [&](const Slot& s) { return complete(s); });
  if (!passed && !any && slots_.size() <= kSlotsMax) return std::nullopt;
  return close_front();
}

std::optional<Group::Closed> Group::take_until(TimeMs time) {
  if (slots_.empty() || slots_.front().start_ms + every_ms_ > time.ms) return std::nullopt;
  return close_front();
}

std::optional<TimeMs> Group::due() const {
  if (slots_.empty()) return std::nullopt;
  return TimeMs{slots_.front().start_ms + every_ms_} + lateness_;
}

void Group::restore(int64_t closed_until_ms, TimeMs newest) {
  closed_until_ms_ = closed_until_ms;
  newest_ = newest;
}

void Group::restore_value(int64_t start_ms, const Value& value) {
  if (value.member >= members_.size()) return;
  Slot& into = *slot(start_ms);
  into.values.resize(members_.size(), kNoValue);
  into.done.resize(members_.size(), false);
  if (!std::isnan(value.value)) ++into.reported;
  into.values[value.member] = value.value;
  if (value.done) ++into.done_count;
  into.done[value.member] = value.done;
}

void Group::restored() {
  if (closed_until_ms_ > INT64_MIN) count_expected(closed_until_ms_ - every_ms_);
}

}  // namespace tocsin::streamer
