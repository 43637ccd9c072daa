#pragma once
// A group of alerts as one message: every channel can tell it, because it comes as an alert that
// stands for the group. Receivers that keep alerts of their own are never told of groups
// (Target::keeps_alerts).
// Pure functions.

#include <memory>
#include <string>

#include "respond/notice.h"
#include "supervisor/group.h"

namespace tocsin::respond {

// `news`: what the group says now, a line each. Its id and key are the group's: the same for all
// messages of the group, for those who deduplicate; commands take it for all members (command.h).
AlertView stand_in(const supervisor::GroupView& group, const std::string& news, TimeMs now);

}  // namespace tocsin::respond
