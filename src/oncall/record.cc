#include "oncall/record.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace tocsin::oncall {
namespace {

constexpr std::string_view kTables = R"(
CREATE TABLE oncall_record (
  schedule TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL, people TEXT NOT NULL,
  PRIMARY KEY (schedule, begins)) STRICT;
)";
constexpr std::array kMigrations = {state::Migration{1, "oncall_record", kTables}};
// Longest time without the program that is filled in.
constexpr DurationMs kFillMax = days(400);

// Names of people have no blanks.
std::string joined(const std::vector<std::string>& people) {
  std::string out;
  for (const std::string& one : people) out += (out.empty() ? "" : " ") + one;
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out;
}

Stretch stretch_of(const state::Row& row) {
  return {row.get<std::string>(0), row.get<TimeMs>(1), row.get<TimeMs>(2),
          split(row.get<std::string_view>(3))};
}

std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& some) {
  std::vector<std::string> out;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(out));
  return out;
}

}  // namespace

Recorder::Recorder(std::vector<Stretch> newest) {
  for (Stretch& one : newest) {
    const std::string schedule = one.schedule;
    newest_[schedule] = std::move(one);
  }
}

TimeMs Recorder::next_due() const {
  TimeMs due = kTimeMax;
  for (const auto& [schedule, stretch] : newest_) due = std::min(due, stretch.end);
  return due;
}

void Recorder::put(Stretch stretch, Step& out) {
  newest_[stretch.schedule] = stretch;
  out.rows.push_back(std::move(stretch));
}

Recorder::Step Recorder::step(const OnCall& on_call, TimeMs now) {
  Step out;
  for (const Schedule& schedule : on_call.roster().schedules())
    follow(on_call, schedule.name, now, out);
  // Of a schedule that is gone nobody is on call from now on.
  for (auto known = newest_.begin(); known != newest_.end();) {
    Stretch& last = known->second;
    if (on_call.roster().schedule(known->first) != nullptr) {
      ++known;
      continue;
    }
    if (last.end > now) {
      last.end = now;
      out.rows.push_back(last);
    }
    known = newest_.erase(known);
  }
  return out;
}

void Recorder::follow(const OnCall& on_call, const std::string& schedule, TimeMs now, Step& out) {
  const auto known = newest_.find(schedule);
  const bool first = known == newest_.end();
  const std::vector<std::string> before = first ? std::vector<std::string>{} : known->second.people;
  if (first) {
    put({schedule, now, on_call.next_change(schedule, now), on_call.on_call(schedule, now)}, out);
    return;
  }
  Stretch last = known->second;
  if (last.begin > now) return;  // the wall clock went back: what was written stands
  if (last.end > now) {
    const auto people = on_call.on_call(schedule, now);
    const TimeMs planned = on_call.next_change(schedule, now);
    if (people == last.people) {
      if (planned == last.end) return;
      last.end = planned;
      return put(std::move(last), out);
    }
    last.end = now;
    if (last.begin < now) put(std::move(last), out);
    put({schedule, now, planned, people}, out);
  } else {
    TimeMs at = std::max(last.end, now - kFillMax);
    while (at <= now) {
      const TimeMs next = on_call.next_change(schedule, at);
      put({schedule, at, next, on_call.on_call(schedule, at)}, out);
      at = next;
    }
  }
  const Stretch& current = newest_.at(schedule);
  if (current.people != before)
    out.hand_overs.push_back({schedule, current.begin, without(before, current.people),
                              without(current.people, before), current.people, current.end});
}

std::span<const state::Migration> record_migrations() { return kMigrations; }

Result<void> write_stretches(state::Transaction& transaction, const std::vector<Stretch>& rows,
                             TimeMs now) {
  for (const Stretch& row : rows) {
    auto done = transaction.execute(
        "INSERT INTO oncall_record VALUES (?, ?, ?, ?) ON CONFLICT (schedule, begins)"
        " DO UPDATE SET ends = excluded.ends, people = excluded.people",
        {row.schedule, row.begin, row.end, joined(row.people)});
    if (!done) return fail(done.error());
  }
  auto purged =
      transaction.execute("DELETE FROM oncall_record WHERE ends < ?", {now - kRecordKeep});
  if (!purged) return fail(purged.error());
  return {};
}

Result<std::vector<Stretch>> newest_stretches(state::Database& database) {
  std::vector<Stretch> out;
  auto done = database.query(
      "SELECT schedule, begins, ends, people FROM oncall_record r WHERE begins ="
      " (SELECT max(begins) FROM oncall_record WHERE schedule = r.schedule) ORDER BY schedule",
      {}, [&](const state::Row& row) { out.push_back(stretch_of(row)); });
  if (!done) return fail(done.error());
  return out;
}

Result<std::vector<Stretch>> read_stretches(state::Database& database, const std::string& schedule,
                                            TimeMs from, TimeMs to) {
  std::vector<Stretch> out;
  auto done = database.query(
      "SELECT schedule, begins, ends, people FROM oncall_record"
      " WHERE schedule = ? AND begins < ? AND ends > ? ORDER BY begins",
      {schedule, to, from}, [&](const state::Row& row) { out.push_back(stretch_of(row)); });
  if (!done) return fail(done.error());
  return out;
}

KnownShifts known_shifts(const std::vector<Stretch>& recorded, std::vector<Shift> planned,
                         TimeMs from, TimeMs now) {
  KnownShifts out;
  if (!recorded.empty()) out.recorded_from = recorded.front().begin;
  const TimeMs first = std::min(out.recorded_from, now);
  for (Shift& one : planned) {
    if (one.begin >= first) break;
    Shift early = one;
    early.end = std::min(early.end, first);
    if (early.end > from) out.shifts.push_back(std::move(early));
  }
  TimeMs known_to = first;
  for (const Stretch& one : recorded) {
    if (one.begin >= now) break;
    known_to = std::min(one.end, now);
    if (!one.people.empty()) out.shifts.push_back({one.begin, known_to, one.people, false});
  }
  known_to = std::max(known_to, std::min(now, kTimeMax));
  for (Shift& one : planned) {
    if (one.end <= known_to) continue;
    const bool goes_on = !out.shifts.empty() && one.begin <= known_to &&
                         out.shifts.back().end == known_to &&
                         out.shifts.back().people == one.people;
    if (goes_on) {
      // The shift under way: as it began on the record, as it will end by the plan.
      out.shifts.back().end = one.end;
      out.shifts.back().overridden = one.overridden;
      continue;
    }
    one.begin = std::max(one.begin, known_to);
    out.shifts.push_back(std::move(one));
  }
  return out;
}

}  // namespace tocsin::oncall
