#pragma once
// Who is called about an alert, one after the other, until somebody has it: the policy as it was
// when the escalation began, and how far it has come. Plain values; kept with the alert.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace tocsin {

enum class TargetKind : uint8_t { kPerson, kSchedule, kTeam, kReceiver };
std::string_view to_text(TargetKind kind);  // "person", "schedule", "team", "receiver"

struct EscalationTarget {
  TargetKind kind = TargetKind::kPerson;
  std::string name;
  std::string text() const;  // "schedule payments"
  friend bool operator==(const EscalationTarget&, const EscalationTarget&) = default;
};

struct EscalationStep {
  DurationMs after{};  // since the step before it; of the first one, since the alert was told
  std::vector<EscalationTarget> tell;
  bool again = false;  // tells those once more who were told already
  friend bool operator==(const EscalationStep&, const EscalationStep&) = default;
};

struct EscalationPolicy {
  std::string name;
  std::vector<EscalationStep> steps;
  uint32_t repeat = 1;                       // rounds after the first one
  DurationMs repeat_after = minutes(5);      // from the last step to the next round, or the end
  DurationMs fail_over_after = seconds(60);  // a call that is not sent by then counts as failed
  std::vector<EscalationTarget> otherwise;   // `else`: when nobody can be found or reached
  friend bool operator==(const EscalationPolicy&, const EscalationPolicy&) = default;
};

// One way of telling one person, or a receiver, once.
struct EscalationCall {
  enum class State : uint8_t {
    kWaiting,  // its time has not come
    kPlanned,  // handed over to be sent
    kSent,
    kFailed,   // refused for good, or not sent in time
    kDropped,  // somebody had the alert before its time came
  };
  std::string person;    // empty: the receiver itself is who is told
  std::string receiver;  // "alice/sms"
  std::string why;       // "schedule payments", "asked for by bob"
  std::string answer;    // of what failed
  uint32_t step = 0;     // of the policy; its number of steps = `else`
  uint32_t pass = 0;     // counts rounds and fresh starts: nobody is called twice in one
  bool extra = false;    // somebody asked for it: goes on although the alert is acknowledged
  State state = State::kWaiting;
  TimeMs due;            // kWaiting: when; else when it was handed over
  int64_t delivery = 0;  // in the ledger; 0 = none yet
  friend bool operator==(const EscalationCall&, const EscalationCall&) = default;
};
std::string_view to_text(EscalationCall::State state);

struct Escalation {
  enum class State : uint8_t {
    kNone,  // no policy: only what else is kept here
    kRunning,
    kPaused,     // the alert is silenced or covered
    kAnswered,   // acknowledged
    kExhausted,  // all rounds are over and nobody has it
    kFollows     // another alert of its group, or of a storm, is called for: `with`
  };
  std::shared_ptr<const EscalationPolicy> policy;  // null with kNone
  State state = State::kNone;
  uint32_t step = 0;   // the next one; the number of steps = the end of the round
  uint32_t round = 0;  // from 0
  uint32_t pass = 0;
  uint32_t fallback = 0;  // how far `else` has come: 0 not asked, 1 else, 2 admins, 3 inbox
  TimeMs begun;
  TimeMs due;                         // kRunning: of `step`
  DurationMs left{};                  // kPaused, kAnswered: until `step` when it goes on
  std::vector<EscalationCall> calls;  // in the order in which they were thought of
  std::string assigned_to;            // a person; empty = nobody in particular
  TimeMs acknowledged_until;          // 0 = for good
  Id128 with;                         // kFollows: the alert whose calls count for this one, too
  friend bool operator==(const Escalation& a, const Escalation& b);
};
std::string_view to_text(Escalation::State state);

// What will happen if nobody does anything.
struct EscalationNext {
  TimeMs at;
  std::string person, receiver, why;  // person empty: the receiver itself
  uint32_t step = 0, steps = 0;       // step from 1; 0 = `else`, or somebody asked for it
  uint32_t round = 0, rounds = 0;     // from 1
  std::string text;                   // "bob is called by bob/sms (step 2 of 3)"
};

}  // namespace tocsin
