#pragma once
// People's own receivers ("alice/mail"), made from section `people` and the receivers that hold
// servers and credentials.

#include <string>
#include <vector>

#include "config/node.h"
#include "oncall/roster.h"
#include "respond/receiver.h"

namespace tocsin::respond {

// A way to reach somebody that cannot work, and why: for the rota linter.
struct Unreachable {
  std::string person;
  std::string receiver;
  std::string why;
};

// Adds a receiver for every contact method that can work. A method whose `via` is not there, or of
// another kind, is a problem of the configuration; one for whose kind no receiver is configured is
// only unreachable.
std::vector<Unreachable> add_people(const oncall::Roster& roster, Receivers& receivers,
                                    config::Problems& problems);

}  // namespace tocsin::respond
