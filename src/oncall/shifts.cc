#include "oncall/shifts.h"

#include <algorithm>

#include "calendar/wall_clock.h"
#include "oncall/turns.h"

namespace tocsin::oncall {
namespace {

using calendar::instant_of_wall;
using calendar::wall_of_instant;

// More than any zone's offset and any clock's jump.
constexpr DurationMs kClockSlack = hours(30);

std::vector<Shift> rotation_shifts(const Layer& layer, TimeMs from, TimeMs to) {
  std::vector<Shift> out;
  if (layer.people.empty()) return out;
  const Turns turns(layer);
  const int64_t end_wall = layer.end_wall_ms.value_or(kTimeMax.ms);
  const int64_t look_end = std::min(end_wall, wall_of_instant(layer.zone, to) + kClockSlack.count);
  const int64_t from_wall = wall_of_instant(layer.zone, from) - kClockSlack.count;
  for (int64_t turn = turns.turn_at(from_wall); turns.begin_of(turn) < look_end; ++turn) {
    const int64_t begin = std::max(turns.begin_of(turn), layer.start_wall_ms);
    const int64_t end = std::min(turns.begin_of(turn + 1), end_wall);
    for (const auto& part : layer.hours.within(begin, end)) {
      const TimeMs begins = instant_of_wall(layer.zone, part.begin_ms);
      const TimeMs ends = instant_of_wall(layer.zone, part.end_ms);
      if (begins >= to) return out;
      if (ends <= from || begins >= ends) continue;  // a part may fall into an hour that is skipped
      out.push_back({begins, ends, {layer.people[turns.person_of(turn)]}, false});
      if (out.size() == kShiftsMax) return out;
    }
  }
  return out;
}

std::vector<Shift> calendar_shifts(const Roster& roster, const Layer& layer, TimeMs from,
                                   TimeMs to) {
  std::vector<Shift> out;
  for (const auto& entry : layer.calendar->entries(from, to, kShiftsMax)) {
    if (entry.when.begin >= entry.when.end) continue;
    auto people = people_of_entry(roster, entry);
    if (!people.empty())
      out.push_back({entry.when.begin, entry.when.end, std::move(people), false});
  }
  return out;
}

// The final lane, swept from one boundary to the next.
class Sweep {
 public:
  Sweep(const Roster& roster, const Schedule& schedule, const std::vector<Override>& overrides,
        TimeMs from, TimeMs to) {
    for (const Layer& layer : schedule.layers)
      layers_.push_back(layer_shifts(roster, layer, from, to));
    for (const Override& one : overrides)
      if (one.schedule == schedule.name && one.from < one.end() && one.from < to &&
          one.end() > from)
        overrides_.push_back(&one);
    for (const auto& lane : layers_)
      for (const Shift& shift : lane) add_boundaries(shift.begin, shift.end);
    for (const Override* one : overrides_) add_boundaries(one->from, one->end());
    std::sort(boundaries_.begin(), boundaries_.end());
    boundaries_.erase(std::unique(boundaries_.begin(), boundaries_.end()), boundaries_.end());
    passed_.resize(layers_.size());
  }

  TimeMs first() const { return boundaries_.empty() ? kTimeMax : boundaries_.front(); }

  std::vector<Shift> run() {
    std::vector<Shift> out;
    TimeMs turn;  // begin of the shift of the layer that counted last
    for (size_t i = 0; i + 1 < boundaries_.size() && out.size() < kShiftsMax; ++i) {
      const TimeMs begin = boundaries_[i];
      const TimeMs end = boundaries_[i + 1];
      Shift now{begin, end, {}, false};
      const TimeMs of = layer_people(begin, now.people);
      now.overridden = apply(begin, now.people);
      if (now.people.empty()) continue;
      const bool goes_on = !out.empty() && out.back().end == begin &&
                           out.back().people == now.people && turn == of &&
                           out.back().overridden == now.overridden;
      turn = of;
      if (goes_on)
        out.back().end = end;
      else
        out.push_back(std::move(now));
    }
    return out;
  }

 private:
  void add_boundaries(TimeMs begin, TimeMs end) {
    boundaries_.push_back(begin);
    boundaries_.push_back(end);
  }

  // Of the last layer that has somebody; gives when that one's shift began.
  TimeMs layer_people(TimeMs at, std::vector<std::string>& people) {
    for (size_t i = layers_.size(); i-- > 0;) {
      const std::vector<Shift>& lane = layers_[i];
      size_t& passed = passed_[i];
      while (passed < lane.size() && lane[passed].end <= at) ++passed;
      TimeMs begin = kTimeMax;
      // Shifts of a calendar overlap: all that began and have not ended.
      for (size_t k = passed; k < lane.size() && lane[k].begin <= at; ++k) {
        if (lane[k].end <= at) continue;
        people.insert(people.end(), lane[k].people.begin(), lane[k].people.end());
        begin = std::min(begin, lane[k].begin);
      }
      if (people.empty()) continue;
      std::sort(people.begin(), people.end());
      people.erase(std::unique(people.begin(), people.end()), people.end());
      return begin;
    }
    return kTimeMax;
  }

  bool apply(TimeMs at, std::vector<std::string>& people) const {
    std::vector<const Override*> now;
    for (const Override* one : overrides_)
      if (one->covers(at)) now.push_back(one);
    if (now.empty()) return false;
    const std::vector<std::string> before = people;
    apply_overrides(now, people);
    return people != before;
  }

  std::vector<std::vector<Shift>> layers_;
  std::vector<size_t> passed_;  // shifts of each layer that have ended
  std::vector<const Override*> overrides_;
  std::vector<TimeMs> boundaries_;
};

}  // namespace

std::vector<std::string> people_of_entry(const Roster& roster,
                                         const calendar::Calendar::Entry& entry) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (const Person* known = roster.person_called(text)) out.push_back(known->name);
  };
  for (const std::string& address : entry.attendees) add(address);
  if (out.empty()) {
    std::string_view title = entry.summary;
    if (const size_t colon = title.rfind(':'); colon != title.npos) title.remove_prefix(colon + 1);
    while (!title.empty()) {
      const size_t cut = std::min(title.find_first_of(",;/&+"), title.size());
      add(title.substr(0, cut));
      title.remove_prefix(std::min(cut + 1, title.size()));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<Shift> layer_shifts(const Roster& roster, const Layer& layer, TimeMs from, TimeMs to) {
  return layer.calendar ? calendar_shifts(roster, layer, from, to)
                        : rotation_shifts(layer, from, to);
}

std::vector<Shift> final_shifts(const Roster& roster, const Schedule& schedule,
                                const std::vector<Override>& overrides, TimeMs from, TimeMs to) {
  // A shift that covers `from` began earlier, and how it began is decided by all layers there.
  const Sweep around(roster, schedule, overrides, from, to);
  const TimeMs early = std::min(from, around.first());
  Sweep sweep(roster, schedule, overrides, early, to);
  std::vector<Shift> out = sweep.run();
  std::erase_if(out, [&](const Shift& one) { return one.end <= from || one.begin >= to; });
  return out;
}

std::vector<Gap> gaps(const Schedule& schedule, const std::vector<Shift>& final, TimeMs from,
                      TimeMs to) {
  std::vector<Gap> out;
  const auto add = [&](TimeMs begin, TimeMs end) {
    const auto wall = [&](TimeMs at) { return wall_of_instant(schedule.zone, at); };
    for (const auto& part : schedule.must_cover.within(wall(begin), wall(end))) {
      // Where the clock goes back, a gap may have no length on the wall.
      const TimeMs part_begin = std::max(begin, instant_of_wall(schedule.zone, part.begin_ms));
      const TimeMs part_end = std::min(end, instant_of_wall(schedule.zone, part.end_ms));
      if (part_begin < part_end) out.push_back({part_begin, part_end});
    }
  };
  TimeMs covered = from;
  for (const Shift& shift : final) {
    if (shift.begin > covered) add(covered, std::min(shift.begin, to));
    covered = std::max(covered, shift.end);
  }
  if (covered < to) add(covered, to);
  return out;
}

}  // namespace tocsin::oncall
