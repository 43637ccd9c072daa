#pragma once
// What people tell the supervisor to do. `by` is who; empty is refused.

#include <string>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace tocsin::supervisor {

struct Acknowledge {
  Id128 alert;
  std::string note;  // may be empty
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
struct RemoveSilence {
  std::string id;
};

struct Command {
  std::string by;
  std::variant<Acknowledge, Unacknowledge, Resolve, AddNote, Shelve, Unshelve, AddSilence,
               RemoveSilence>
      what;
};

}  // namespace tocsin::supervisor
