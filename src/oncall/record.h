#pragma once
// Who really was on call: what counted is written down when it begins, so that a later change of
// files or overrides rewrites nothing. Rows of table `oncall_record`, one per schedule and stretch
// of the same people, stretches of nobody included; written by the SQL writer, read on any read
// connection. Kept five years.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "oncall/on_call.h"
#include "state/database.h"
#include "state/migrations.h"

namespace tocsin::oncall {

inline constexpr DurationMs kRecordKeep = days(1826);

struct Stretch {
  std::string schedule;
  TimeMs begin;
  TimeMs end;  // as planned; may lie ahead. kTimeMax: nothing planned
  std::vector<std::string> people;
  friend bool operator==(const Stretch&, const Stretch&) = default;
};

// One change of who is on call.
struct HandOver {
  std::string schedule;
  TimeMs at;
  std::vector<std::string> off, on;  // who went, who came
  std::vector<std::string> now;      // who is on call
  TimeMs until;                      // when that changes; kTimeMax: not planned
};

// Follows what counts. Time comes in through the calls. One thread.
class Recorder {
 public:
  struct Step {
    std::vector<Stretch> rows;         // to be written; one of the same begin takes another's place
    std::vector<HandOver> hand_overs;  // that fell into this step
  };
  // The newest stretch of every schedule, as read.
  explicit Recorder(std::vector<Stretch> newest = {});
  // Everything up to `now`. What happened while nobody stepped (the program was down) is filled in
  // with what is planned, without hand-overs but the last.
  Step step(const OnCall& on_call, TimeMs now);
  // When step() has something to do next.
  TimeMs next_due() const;

 private:
  void follow(const OnCall& on_call, const std::string& schedule, TimeMs now, Step& out);
  void put(Stretch stretch, Step& out);
  std::map<std::string, Stretch> newest_;  // by schedule
};

std::span<const state::Migration> record_migrations();
Result<void> write_stretches(state::Transaction& transaction, const std::vector<Stretch>& rows,
                             TimeMs now);
Result<std::vector<Stretch>> newest_stretches(state::Database& database);
// Those of a schedule that overlap [from, to), by begin.
Result<std::vector<Stretch>> read_stretches(state::Database& database, const std::string& schedule,
                                            TimeMs from, TimeMs to);

// The final lane as it was and as it is planned: before `now` what was recorded, after it what
// `planned` says. Before the first record stands what the plan gives.
struct KnownShifts {
  std::vector<Shift> shifts;
  TimeMs recorded_from = kTimeMax;  // kTimeMax: nothing was recorded
};
KnownShifts known_shifts(const std::vector<Stretch>& recorded, std::vector<Shift> planned,
                         TimeMs from, TimeMs now);

}  // namespace tocsin::oncall
