#include "oncall/linter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "calendar/wall_clock.h"

namespace tocsin::oncall {
namespace {

using calendar::instant_of_wall;
using calendar::kDayMs;
using calendar::wall_of_instant;

constexpr std::array<std::string_view, 8> kKinds{
    "gap",          "no contact",     "on leave",  "shadowed override",
    "clock change", "unknown person", "cut hours", "unused schedule"};
constexpr size_t kOfOneKindMax = 20;  // per schedule
constexpr size_t kOverridesTriedMax = 100;

class Linter {
 public:
  Linter(const OnCall& on_call, const LintFacts& facts, TimeMs now, DurationMs span)
      : on_call_(on_call), facts_(facts), now_(now), end_(now + span) {}

  std::vector<Finding> run() {
    for (const Schedule& schedule : on_call_.roster().schedules()) {
      const auto shifts = on_call_.shifts(schedule.name, now_, end_);
      gaps_of(schedule, shifts);
      leave(schedule, shifts);
      clock_changes(schedule, shifts);
      cut_hours(schedule);
      unknown_in_calendars(schedule);
      if (schedule.team.empty() && !facts_.used.contains(schedule.name))
        add({Finding::Kind::kUnusedSchedule,
             schedule.name,
             "",
             {},
             {},
             fmt::format("Nothing leads to schedule {}: it has no team and no route or escalation "
                         "names it.",
                         schedule.name)});
    }
    people();
    overrides();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Finding& a, const Finding& b) { return a.from < b.from; });
    if (found_.size() > kFindingsMax) found_.resize(kFindingsMax);
    return std::move(found_);
  }

 private:
  void add(Finding finding) {
    size_t& count = counts_[{finding.schedule, finding.kind}];
    if (++count <= kOfOneKindMax) found_.push_back(std::move(finding));
  }

  static std::string when(const calendar::Zone& zone, TimeMs at) {
    std::string text = calendar::wall_text(wall_of_instant(zone, at));
    std::replace(text.begin(), text.end(), 'T', ' ');
    return text;
  }
  static std::string span(const calendar::Zone& zone, TimeMs from, TimeMs to) {
    return fmt::format("from {} to {} ({})", when(zone, from), when(zone, to), zone.name());
  }

  void gaps_of(const Schedule& schedule, const std::vector<Shift>& shifts) {
    for (const Gap& gap : gaps(schedule, shifts, now_, end_))
      add({Finding::Kind::kGap, schedule.name, "", gap.begin, gap.end,
           fmt::format("Nobody is on call for {} {}.", schedule.name,
                       span(schedule.zone, gap.begin, gap.end))});
  }

  void leave(const Schedule& schedule, const std::vector<Shift>& shifts) {
    for (const Shift& shift : shifts)
      for (const std::string& name : shift.people) {
        const Person* person = on_call_.roster().person(name);
        if (person == nullptr) continue;
        for (const Person::Leave& away : person->leave) {
          const TimeMs from =
              std::max(shift.begin, instant_of_wall(person->zone, away.first_day * kDayMs));
          const TimeMs to =
              std::min(shift.end, instant_of_wall(person->zone, (away.last_day + 1) * kDayMs));
          if (from < to)
            add({Finding::Kind::kOnLeave, schedule.name, name, from, to,
                 fmt::format("{} is on leave and on call for {} {}.", person->display_name(),
                             schedule.name, span(schedule.zone, from, to))});
        }
      }
  }

  void clock_changes(const Schedule& schedule, const std::vector<Shift>& shifts) {
    for (const Shift& shift : shifts) {
      const int64_t before = schedule.zone.offset(shift.begin).count;
      const int64_t after = schedule.zone.offset(shift.end).count;
      if (before == after) continue;
      add({Finding::Kind::kClockChange, schedule.name, shift.people.front(), shift.begin, shift.end,
           fmt::format("The clocks change: the shift of {} {} is {} {}.", shift.people.front(),
                       span(schedule.zone, shift.begin, shift.end),
                       to_text(DurationMs{std::abs(after - before)}),
                       after < before ? "longer" : "shorter")});
    }
  }

  // A night shift whose hand-off is at midnight has two people per night.
  void cut_hours(const Schedule& schedule) {
    for (const Layer& layer : schedule.layers) {
      if (layer.people.size() < 2 || layer.hours.always()) continue;
      const int64_t turn = layer.first_turn_wall_ms + layer.turn_ms;
      // All hand-offs of turns of whole days are at one time of day; look at a week of them.
      for (int64_t at = turn; at < turn + kWeekMs; at += std::min(layer.turn_ms, kWeekMs)) {
        if (!layer.hours.touches(at - 1, at) || !layer.hours.touches(at, at + 1)) continue;
        add({Finding::Kind::kCutHours,
             schedule.name,
             "",
             {},
             {},
             fmt::format("Layer {} of {} hands off at {} on {}, in the middle of its hours.",
                         layer.name, schedule.name,
                         calendar::time_of_day_text(at - at / kDayMs * kDayMs),
                         calendar::weekday_word(calendar::weekday_of_day(at / kDayMs)))});
        break;
      }
    }
  }

  void unknown_in_calendars(const Schedule& schedule) {
    for (const Layer& layer : schedule.layers) {
      if (!layer.calendar) continue;
      for (const auto& entry : layer.calendar->entries(now_, end_, 500)) {
        if (!people_of_entry(on_call_.roster(), entry).empty()) continue;
        add({Finding::Kind::kUnknownPerson, schedule.name, "", entry.when.begin, entry.when.end,
             fmt::format("Calendar {} of {} says \"{}\" {}: section `people` has nobody called so.",
                         layer.ics, schedule.name, entry.summary,
                         span(schedule.zone, entry.when.begin, entry.when.end))});
      }
      for (const std::string& note : layer.calendar->notes())
        add({Finding::Kind::kUnknownPerson,
             schedule.name,
             "",
             {},
             {},
             fmt::format("Calendar {} of {}: {}.", layer.ics, schedule.name, note)});
    }
  }

  std::set<std::string> people_in_use() const {
    std::set<std::string> out;
    for (const Schedule& schedule : on_call_.roster().schedules()) {
      for (const Layer& layer : schedule.layers)
        out.insert(layer.people.begin(), layer.people.end());
      for (const Shift& shift : on_call_.shifts(schedule.name, now_, end_))
        out.insert(shift.people.begin(), shift.people.end());
    }
    for (const Team& team : on_call_.roster().teams())
      out.insert(team.people.begin(), team.people.end());
    return out;
  }

  void people() {
    for (const std::string& name : people_in_use()) {
      if (on_call_.roster().person(name) == nullptr) continue;
      const auto contacts = on_call_.contacts(name, Severity::kCritical);
      const bool any = std::any_of(contacts.begin(), contacts.end(), [&](const auto& contact) {
        return !facts_.unreachable.contains(contact.receiver);
      });
      if (any) continue;
      std::string why = "no way to be told of a critical alert is given";
      if (!contacts.empty())
        why = contacts.front().receiver + ": " + facts_.unreachable.at(contacts.front().receiver);
      add({Finding::Kind::kNoContact,
           "",
           name,
           {},
           {},
           fmt::format("{} cannot be told: {}.", name, why)});
    }
  }

  void overrides() {
    size_t tried = 0;
    for (const Override& one : on_call_.overrides()) {
      const TimeMs from = std::max(one.from, now_);
      const TimeMs to = std::min(one.end(), end_);
      if (from >= to) continue;
      const Schedule* schedule = on_call_.roster().schedule(one.schedule);
      if (schedule == nullptr) continue;
      if (!one.person.empty() && on_call_.roster().person(one.person) == nullptr)
        add({Finding::Kind::kUnknownPerson, one.schedule, one.person, from, to,
             fmt::format("An override of {} names {}, whom section `people` does not have (any "
                         "more).",
                         one.schedule, one.person)});
      if (++tried > kOverridesTriedMax) continue;
      std::vector<Override> others = on_call_.overrides();
      std::erase_if(others, [&](const Override& other) { return other.id == one.id; });
      const auto lane = [&](const std::vector<Override>& overrides) {
        auto shifts = final_shifts(on_call_.roster(), *schedule, overrides, from, to);
        std::string text;
        for (const Shift& shift : shifts) {
          text += fmt::format("{} {}", std::max(shift.begin, from).ms, std::min(shift.end, to).ms);
          for (const std::string& person : shift.people) text += " " + person;
        }
        return text;
      };
      if (lane(others) == lane(on_call_.overrides()))
        add({Finding::Kind::kShadowedOverride, one.schedule, one.person, from, to,
             fmt::format("The override of {} {} by {} changes nothing: {}.", one.schedule,
                         span(schedule->zone, from, to), one.by,
                         one.instead_of.empty()
                             ? "a later one covers it, or that is how it is anyway"
                             : one.instead_of + " is not on call then, or a "
                                                "later one covers it")});
    }
  }

  const OnCall& on_call_;
  const LintFacts& facts_;
  const TimeMs now_, end_;
  std::map<std::pair<std::string, Finding::Kind>, size_t> counts_;
  std::vector<Finding> found_;
};

}  // namespace

std::string_view to_text(Finding::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

std::vector<Finding> lint(const OnCall& on_call, const LintFacts& facts, TimeMs now,
                          DurationMs span) {
  return Linter(on_call, facts, now, span).run();
}

}  // namespace tocsin::oncall
