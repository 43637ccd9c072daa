#include "server/json_oncall.h"

#include <algorithm>

#include "calendar/wall_clock.h"

namespace tocsin::server {
namespace {

using oncall::Finding;
using oncall::Person;
using oncall::Schedule;
using oncall::Shift;

void write_shift(JsonWriter& json, const Shift& shift) {
  json.begin_object();
  write_time(json, "from", shift.begin);
  write_time(json, "to", shift.end);
  write_names(json, "people", shift.people);
  json.member("overridden", shift.overridden).end_object();
}

void write_shifts(JsonWriter& json, std::string_view key, const std::vector<Shift>& shifts) {
  json.key(key).begin_array();
  for (const Shift& shift : shifts) write_shift(json, shift);
  json.end_array();
}

void write_finding(JsonWriter& json, const Finding& finding) {
  json.begin_object()
      .member("kind", to_text(finding.kind))
      .member("warning", finding.warning())
      .member("schedule", finding.schedule)
      .member("person", finding.person);
  write_time(json, "from", finding.from);
  write_time(json, "to", finding.to);
  json.member("text", finding.text).end_object();
}

// Addresses are nobody else's business: only the ways are told.
void write_person(JsonWriter& json, const Person& person, const OnCallDesk::Facts& facts) {
  json.begin_object()
      .member("name", person.name)
      .member("real_name", person.real_name)
      .member("zone", person.zone.name())
      .member("on_leave", person.on_leave(facts.now));
  json.key("notify").begin_array();
  for (const auto& method : person.notify) {
    json.begin_object()
        .member("receiver", method.receiver)
        .member("by", to_text(method.by))
        .member("after", to_text(method.after));
    const auto wrong = facts.lint.unreachable.find(method.receiver);
    json.member("works", wrong == facts.lint.unreachable.end())
        .member("why", wrong == facts.lint.unreachable.end() ? "" : wrong->second)
        .end_object();
  }
  json.end_array().end_object();
}

void write_schedule_now(JsonWriter& json, const Schedule& schedule,
                        const OnCallDesk::Facts& facts) {
  const TimeMs until = facts.on_call.next_change(schedule.name, facts.now);
  json.begin_object()
      .member("name", schedule.name)
      .member("title", schedule.display_name())
      .member("team", schedule.team)
      .member("zone", schedule.zone.name());
  write_names(json, "on_call", facts.on_call.on_call(schedule.name, facts.now));
  write_time(json, "until", until == kTimeMax ? TimeMs{} : until);
  if (until == kTimeMax) {
    json.key("next").null();
  } else {
    json.key("next").begin_object();
    write_time(json, "from", until);
    write_names(json, "people", facts.on_call.on_call(schedule.name, until));
    json.end_object();
  }
  json.end_object();
}

}  // namespace

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) json.string(name);
  json.end_array();
}

void write_oncall_now(JsonWriter& json, const OnCallDesk::Facts& facts) {
  const oncall::Roster& roster = facts.on_call.roster();
  json.begin_object();
  write_time(json, "at", facts.now);
  json.key("schedules").begin_array();
  for (const Schedule& schedule : roster.schedules()) write_schedule_now(json, schedule, facts);
  json.end_array().key("people").begin_array();
  for (const Person& person : roster.people()) write_person(json, person, facts);
  json.end_array().key("teams").begin_array();
  for (const auto& team : roster.teams()) {
    json.begin_object().member("name", team.name);
    write_names(json, "people", team.people);
    json.end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const Finding& one : lint(facts.on_call, facts.lint, facts.now)) write_finding(json, one);
  json.end_array().end_object();
}

void write_override(JsonWriter& json, const oncall::Override& one) {
  json.begin_object()
      .member("id", one.id)
      .member("kind", to_text(one.kind))
      .member("schedule", one.schedule)
      .member("person", one.person)
      .member("instead_of", one.instead_of)
      .member("reason", one.reason)
      .member("by", one.by);
  write_time(json, "from", one.from);
  write_time(json, "to", one.end());
  write_time(json, "created", one.created);
  json.member("ended_by", one.ended_by).end_object();
}

Result<void> write_schedule(JsonWriter& json, const OnCallDesk::Facts& facts,
                            const Schedule& schedule, TimeMs from, TimeMs to,
                            const access::FeedTokens& tokens) {
  auto recorded = oncall::read_stretches(facts.database, schedule.name, from, to);
  if (!recorded) return fail(recorded.error());
  auto overrides = oncall::read_overrides(facts.database, from);
  if (!overrides) return fail(overrides.error());
  const OnCall on_call = facts.on_call.with_overrides(*overrides);
  const auto known =
      oncall::known_shifts(*recorded, on_call.shifts(schedule.name, from, to), from, facts.now);
  const std::string feed = "/oncall/" + schedule.name + ".ics";
  json.begin_object()
      .member("name", schedule.name)
      .member("title", schedule.display_name())
      .member("team", schedule.team)
      .member("zone", schedule.zone.name())
      .member("feed", feed + "?token=" + tokens.token_of(feed));
  write_time(json, "from", from);
  write_time(json, "to", to);
  write_time(json, "now", facts.now);
  write_time(json, "recorded_from",
             known.recorded_from == kTimeMax ? TimeMs{} : known.recorded_from);
  write_shifts(json, "final", known.shifts);
  json.key("layers").begin_array();
  for (const auto& layer : schedule.layers) {
    json.begin_object().member("name", layer.name).member("zone", layer.zone.name());
    write_shifts(json, "shifts", layer_shifts(on_call.roster(), layer, from, to));
    json.end_object();
  }
  json.end_array().key("overrides").begin_array();
  for (const auto& one : *overrides)
    if (one.schedule == schedule.name && one.from < to && one.end() > from && one.end() > one.from)
      write_override(json, one);
  json.end_array().key("gaps").begin_array();
  for (const auto& gap : gaps(schedule, known.shifts, from, to)) {
    json.begin_object();
    write_time(json, "from", gap.begin);
    write_time(json, "to", gap.end);
    json.end_object();
  }
  json.end_array().key("findings").begin_array();
  for (const Finding& one : lint(facts.on_call, facts.lint, facts.now))
    if (one.schedule == schedule.name) write_finding(json, one);
  json.end_array().end_object();
  return {};
}

namespace {

struct KnownAt {
  std::vector<std::string> people;
  bool recorded = false;
};

Result<KnownAt> known_at(const OnCallDesk::Facts& facts, const Schedule& schedule, TimeMs at) {
  KnownAt out{facts.on_call.on_call(schedule.name, at), false};
  if (at > facts.now) return out;
  auto rows = oncall::read_stretches(facts.database, schedule.name, at, TimeMs{at.ms + 1});
  if (!rows) return fail(rows.error());
  if (!rows->empty()) out = {rows->back().people, true};
  return out;
}

std::string shown(const oncall::Roster& roster, const std::vector<std::string>& people) {
  std::string out;
  for (const std::string& name : people) {
    const Person* person = roster.person(name);
    out += (out.empty() ? "" : ", ") + (person == nullptr ? name : person->display_name());
  }
  return out.empty() ? "nobody" : out;
}

std::string wall_at(const calendar::Zone& zone, TimeMs at) {
  return calendar::wall_text(calendar::wall_of_instant(zone, at)) + " (" + zone.name() + ")";
}

}  // namespace

std::string text_of_now(const OnCallDesk::Facts& facts, std::string_view schedule) {
  const oncall::Roster& roster = facts.on_call.roster();
  std::string out;
  for (const Schedule& one : roster.schedules()) {
    if (!schedule.empty() && one.name != schedule) continue;
    out += one.name + ": " + shown(roster, facts.on_call.on_call(one.name, facts.now));
    const TimeMs until = facts.on_call.next_change(one.name, facts.now);
    if (until != kTimeMax)
      out += " until " + wall_at(one.zone, until) + ", then " +
             shown(roster, facts.on_call.on_call(one.name, until));
    out += "\n";
  }
  return out.empty() ? "there are no schedules\n" : out;
}

Result<std::string> text_at(const OnCallDesk::Facts& facts, const Schedule& schedule, TimeMs at) {
  const auto known = known_at(facts, schedule, at);
  if (!known) return fail(known.error());
  const char* source = known->recorded ? "from the record" : "by the schedule";
  return schedule.name + " at " + wall_at(schedule.zone, at) + ": " +
         shown(facts.on_call.roster(), known->people) + ", " + source + "\n";
}

Result<void> write_at(JsonWriter& json, const OnCallDesk::Facts& facts, const Schedule& schedule,
                      TimeMs at) {
  const auto known = known_at(facts, schedule, at);
  if (!known) return fail(known.error());
  json.begin_object().member("name", schedule.name).member("title", schedule.display_name());
  write_time(json, "at", at);
  write_names(json, "people", known->people);
  json.member("recorded", known->recorded).end_object();
  return {};
}

}  // namespace tocsin::server
