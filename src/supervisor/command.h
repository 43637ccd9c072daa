#pragma once
// What people tell the supervisor to do. `by` is who; empty is refused.

#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "vocabulary/reported_alert.h"

namespace tocsin::supervisor {

struct Acknowledge {
  Id128 alert;
  std::string note;  // may be empty
  TimeMs until{};    // then it counts as not acknowledged again; 0 = for good
};
struct Unacknowledge {
  Id128 alert;
  std::string note;
};
// Closes it for people. If its rule goes on holding it stays closed until the rule opens it anew.
struct Resolve {
  Id128 alert;
  std::string reason;
};
struct AddNote {
  Id128 alert;
  std::string text;
};
// The next step of its policy, now. A standard policy begins if it has none.
struct Escalate {
  Id128 alert;
  std::string note;
};
// Hands it to a person, who is called unless that is who asks: then he has it (take over).
struct Assign {
  Id128 alert;
  std::string person;
  std::string note;
};
// Calls somebody besides: `person alice`, `team db`, `schedule payments`, `receiver ops-hub`.
struct AddResponder {
  Id128 alert;
  std::string target;
  std::string note;
};
// Puts it aside: nobody is told of it until then, when it comes back by itself and says so.
struct Shelve {
  Id128 alert;
  TimeMs until;  // after now, within 30 days
  std::string reason;
};
struct Unshelve {
  Id128 alert;
};
struct AddSilence {
  std::vector<std::string> matchers;  // `site="madrid"`, `rule=~"pay.*"`; at least one
  TimeMs until;                       // after now, within a year
  std::string comment;                // required
};
// Its end, sooner or later; of an occurrence of a maintenance window, too.
struct MoveSilenceEnd {
  std::string id;
  TimeMs until;  // after now, within a year
};
struct RemoveSilence {
  std::string id;
};

// A person tells of a trouble: an alert as any other, until somebody closes it or it expires. The
// labels hold its name (`alertname`); the same labels while it is open are the same alert.
struct OpenAlert {
  ReportedAlert alert;
};

// Acknowledge and Resolve also take the id of a group: all of its open alerts that were told of.
// Who acknowledges an alert that others follow (Escalation::kFollows) has those, too.
struct Command {
  std::string by;
  std::variant<Acknowledge, Unacknowledge, Resolve, AddNote, Escalate, Assign, AddResponder, Shelve,
               Unshelve, AddSilence, MoveSilenceEnd, RemoveSilence, OpenAlert>
      what;
};

}  // namespace tocsin::supervisor
