#include "oncall/notices.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/id.h"
#include "calendar/wall_clock.h"

namespace tocsin::oncall {
namespace {

constexpr size_t kLinesMax = 20;

std::string when(const calendar::Zone& zone, TimeMs at) {
  std::string text = calendar::wall_text(calendar::wall_of_instant(zone, at));
  std::replace(text.begin(), text.end(), 'T', ' ');
  const int64_t day =
      calendar::day_number(calendar::date_of_wall(calendar::wall_of_instant(zone, at)));
  return fmt::format("{} {}", calendar::weekday_word(calendar::weekday_of_day(day)), text);
}

std::string names(const Roster& roster, const std::vector<std::string>& people) {
  std::string out;
  for (const std::string& name : people) {
    const Person* person = roster.person(name);
    out += (out.empty() ? "" : ", ") + (person == nullptr ? name : person->display_name());
  }
  return out.empty() ? "nobody" : out;
}

std::string lines(std::string_view head, const std::vector<std::string>& all) {
  std::string out = std::string(head) + "\n";
  for (size_t i = 0; i < std::min(all.size(), kLinesMax); ++i) out += "- " + all[i] + "\n";
  if (all.size() > kLinesMax) out += fmt::format("and {} more\n", all.size() - kLinesMax);
  return out;
}

std::string key_of(std::string_view kind, const std::string& schedule, const std::string& person,
                   TimeMs at, std::string_view more = {}) {
  return to_text(
      IdBuilder().add("notice").add(kind).add(schedule).add(person).add(at.ms).add(more).finish());
}

struct Span {
  TimeMs begin, end;
};

// Stretches in which each person is on call, joined where they touch.
std::map<std::string, std::vector<Span>> by_person(const OnCall& on_call,
                                                   const std::string& schedule, TimeMs from,
                                                   TimeMs to) {
  std::map<std::string, std::vector<Span>> out;
  for (const Shift& shift : on_call.shifts(schedule, from, to))
    for (const std::string& person : shift.people) {
      std::vector<Span>& spans = out[person];
      if (!spans.empty() && spans.back().end == shift.begin)
        spans.back().end = shift.end;
      else
        spans.push_back({shift.begin, shift.end});
    }
  return out;
}

// What of `all` lies in none of `taken`; both ascending.
std::vector<Span> without(const std::vector<Span>& all, const std::vector<Span>& taken) {
  std::vector<Span> out;
  for (const Span& span : all) {
    TimeMs begin = span.begin;
    for (const Span& other : taken) {
      if (other.end <= begin || other.begin >= span.end) continue;
      if (other.begin > begin) out.push_back({begin, other.begin});
      begin = std::max(begin, other.end);
    }
    if (begin < span.end) out.push_back({begin, span.end});
  }
  return out;
}

}  // namespace

std::vector<PersonMessage> hand_over_messages(const OnCall& on_call, const HandOver& hand_over,
                                              const std::vector<std::string>& open) {
  std::vector<PersonMessage> out;
  const Schedule* schedule = on_call.roster().schedule(hand_over.schedule);
  if (schedule == nullptr || !schedule->hand_over_notices) return out;
  const Roster& roster = on_call.roster();
  const std::string state = open.empty()
                                ? "No alert is open.\n"
                                : lines(fmt::format("Open alerts ({}):", open.size()), open);
  const std::string who = fmt::format("Off: {}. On call now: {}.\n\n", names(roster, hand_over.off),
                                      names(roster, hand_over.now));
  for (const std::string& person : hand_over.on) {
    std::string subject = "You are on call for " + schedule->display_name();
    if (hand_over.until != kTimeMax)
      subject += fmt::format(" until {} ({})", when(schedule->zone, hand_over.until),
                             schedule->zone.name());
    out.push_back({key_of("on", schedule->name, person, hand_over.at), person, std::move(subject),
                   who + state});
  }
  for (const std::string& person : hand_over.off)
    out.push_back(
        {key_of("off", schedule->name, person, hand_over.at), person,
         fmt::format("You are no longer on call for {}: {} {}", schedule->display_name(),
                     names(roster, hand_over.now), hand_over.now.size() > 1 ? "are" : "is"),
         who + state});
  return out;
}

std::vector<PersonMessage> reminders(const OnCall& on_call, TimeMs now) {
  std::vector<PersonMessage> out;
  for (const Schedule& schedule : on_call.roster().schedules()) {
    if (schedule.remind_before.count == 0) continue;
    const TimeMs change = on_call.next_change(schedule.name, now);
    if (change == kTimeMax || change - now > schedule.remind_before) continue;
    const auto here = on_call.on_call(schedule.name, now);
    for (const std::string& person : on_call.on_call(schedule.name, change)) {
      if (std::find(here.begin(), here.end(), person) != here.end()) continue;
      const Person* known = on_call.roster().person(person);
      const calendar::Zone& zone = known == nullptr ? schedule.zone : known->zone;
      const auto left = milliseconds((change - now).count / 60'000 * 60'000);
      out.push_back({key_of("soon", schedule.name, person, change), person,
                     fmt::format("Your shift for {} starts {} at {} ({})", schedule.display_name(),
                                 left.count == 0 ? "now" : "in " + to_text(left) + ",",
                                 when(zone, change), zone.name()),
                     fmt::format("On call now: {}.\n", names(on_call.roster(), here))});
    }
  }
  return out;
}

std::vector<PersonMessage> moved_messages(const OnCall& before, const OnCall& after, TimeMs now,
                                          std::string_view by) {
  std::vector<PersonMessage> out;
  const TimeMs to = now + kMovedAhead;
  for (const Schedule& schedule : after.roster().schedules()) {
    if (!schedule.hand_over_notices || before.roster().schedule(schedule.name) == nullptr) continue;
    auto old_spans = by_person(before, schedule.name, now, to);
    auto new_spans = by_person(after, schedule.name, now, to);
    for (const auto& [person, spans] : old_spans) new_spans.try_emplace(person);
    const Person* actor = after.roster().person_called(by);
    for (const auto& [person, spans] : new_spans) {
      if (after.roster().person(person) == nullptr) continue;
      if (actor != nullptr && actor->name == person) continue;
      std::vector<std::string> changes;
      const auto add = [&](std::string_view word, const std::vector<Span>& changed) {
        for (const Span& span : changed)
          if (span.begin > now && span.begin < to)
            changes.push_back(fmt::format("{} {} to {}", word, when(schedule.zone, span.begin),
                                          when(schedule.zone, span.end)));
      };
      add("on call from", without(spans, old_spans[person]));
      add("no longer on call from", without(old_spans[person], spans));
      if (changes.empty()) continue;
      std::string all;
      for (const std::string& line : changes) all += line + "\n";
      out.push_back({key_of("moved", schedule.name, person, now, all), person,
                     fmt::format("Your shifts for {} have changed", schedule.display_name()),
                     lines(fmt::format("Times in {}{}:", schedule.zone.name(),
                                       by.empty() ? "; by a change of the configuration"
                                                  : fmt::format("; by {}", by)),
                           changes)});
    }
  }
  return out;
}

}  // namespace tocsin::oncall
