#pragma once
// What a policy does next, as pure functions over a plain Escalation: the supervisor runs them for
// real, the forecast on a copy. Time comes in; what is to be told and noted comes out.
//
//   step 1 ──after──► step 2 ──after──► ... ──repeat_after──► next round ──► ... ──► exhausted
//     │ nobody found, or nothing could be sent: the next step at once
//     └ nobody in the whole round: `else`, then all admins, then the inbox
//
// Nobody is called twice in one pass (a round, or a fresh start after an acknowledgement that timed
// out): whoever stands on two steps gets one call. Bounded: kCallsMax calls; past it only the
// inbox is told, once.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/directory.h"
#include "supervisor/route.h"
#include "vocabulary/escalation.h"

namespace tocsin::supervisor {

inline constexpr size_t kCallsMax = 500;

// What came out of one step of an escalation, in order.
struct EscalationActs {
  struct Tell {
    size_t call;  // index in Escalation::calls
  };
  struct Note {
    std::string what, who, text;  // of the alert's history
  };
  std::vector<Tell> tells;
  std::vector<Note> notes;
};

class EscalationRun {
 public:
  // Everything handed in must outlive it. `told`: receivers that have heard of the alert.
  EscalationRun(Escalation& state, const Directory& directory, Severity severity,
                const std::set<std::string>& told, EscalationActs& acts)
      : state_(state), directory_(directory), severity_(severity), told_(told), acts_(acts) {}

  void begin(std::shared_ptr<const EscalationPolicy> policy, TimeMs now);
  // Everything due up to `now`, one after the other, each at its own time.
  void advance(TimeMs now);
  // What fell due long ago, while nothing ran, is due now, and what follows keeps its delays.
  void catch_up(TimeMs now);
  // Somebody has the alert: nobody else is called.
  void answer(TimeMs now);
  void pause(TimeMs now);
  // Goes on where it stood; anew from the first step if there is nothing left of it.
  void resume(TimeMs now);
  void restart(TimeMs now);
  // Begins with its first step now, although somebody may have the alert already.
  void begin_at_once(std::shared_ptr<const EscalationPolicy> policy, bool answered, TimeMs now);
  // The policy it has, from the first step, for others besides: `wait` later than usual.
  void lead(TimeMs now, DurationMs wait);
  // The next step now, whatever the state. False: there is no policy.
  bool escalate(TimeMs now);
  // Calls somebody because `by` asked for it. False: nobody was found.
  bool call_extra(const EscalationTarget& target, const std::string& by, TimeMs now);
  // What became of a delivery of a call.
  void sent(size_t call);
  void retried(size_t call, std::string_view why);  // an attempt failed; it goes on
  void failed(size_t call, std::string_view why, TimeMs now);

 private:
  const EscalationPolicy& policy() const { return *state_.policy; }
  void begin_round(TimeMs now);
  void do_step(TimeMs now);
  void end_round(TimeMs now);
  void fall_back(TimeMs now);
  bool fall_back_to(const std::vector<EscalationTarget>& targets, TimeMs now);
  bool add(const EscalationTarget& target, const std::string& why, uint32_t step, bool extra,
           TimeMs now);
  bool add_people(const std::vector<std::string>& people, const std::string& why, uint32_t step,
                  bool extra, TimeMs now);
  bool add_person(const std::string& person, const std::string& why, uint32_t step, bool extra,
                  TimeMs now);
  bool add_receiver(const std::string& receiver, const std::string& why, uint32_t step, bool extra,
                    TimeMs now);
  bool tell_again(TimeMs now);
  bool room();
  void tell_due(TimeMs now);
  void fail_late(TimeMs now);
  bool try_next_method(size_t failed, TimeMs now);
  bool reached(uint32_t step) const;
  bool reached_in_pass() const;
  void note(std::string_view what, std::string_view who, std::string text);

  Escalation& state_;
  const Directory& directory_;
  const Severity severity_;
  const std::set<std::string>& told_;
  EscalationActs& acts_;
};

// Who would be told of an alert, and who would be called when, if nobody did anything. Values: it
// outlives the routes that it was made of.
struct EscalationPreview {
  struct Told {
    std::string route;                   // "routes.yaml:12"; empty: a tier, or the last resort
    std::string customer;                // whose receivers these are; empty = nobody's
    std::vector<std::string> receivers;  // sorted
    std::optional<Grouping> grouping;    // none: alone, at once
    std::optional<Repeat> repeat;        // none: once
    std::optional<Quiet> quiet;          // told nobody at that time
  };
  std::vector<Told> tellings;
  std::vector<std::string> silenced_by;  // ids of silences in force that would mute it
  std::vector<std::string> receivers;    // at once
  std::vector<std::string> routes;       // places of those that match, outermost first
  std::string policy;                    // empty = none
  std::vector<EscalationNext> next;
};

// Tells whom was told before once more, and calls nobody.
bool reminds(const EscalationPolicy& policy);
// kTimeMax: nothing will happen by itself.
TimeMs next_due(const Escalation& state);
// Whether this call goes out, or counts as late, by itself.
bool active(const Escalation& state, const EscalationCall& call);

// What happens if nobody does anything and everything can be sent; soonest first, at most `limit`.
std::vector<EscalationNext> forecast(Escalation state, const Directory& directory,
                                     Severity severity, const std::set<std::string>& told,
                                     TimeMs now, size_t limit);

}  // namespace tocsin::supervisor
