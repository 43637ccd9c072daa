#pragma once
// Inside of the room: groups in memory. Only open ones, with the members that still count; what
// is past is in the tables.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "supervisor/changes.h"

namespace tocsin::supervisor {

struct Group {
  GroupRecord record;
  std::map<Id128, GroupMember> members;  // waiting, told, over
  // Told and over since the last message, at most kGroupAlertsShown.
  std::vector<std::shared_ptr<const AlertRecord>> over;
  std::shared_ptr<const AlertRecord> anchor;  // as it was last; null before the first message
  TimeMs due_armed, repeat_armed;             // 0 = no such timer
  TimeMs quiet_until;  // its route tells nobody; known once it has something to say. 0 = it tells
  size_t waiting = 0, told = 0;  // members by state

  void set(GroupMember& member, GroupMember::State state);
};

// Openings told to one receiver of late. Bounded by Storm::openings + 1 times.
struct StormWatch {
  std::deque<TimeMs> openings;
  void add(TimeMs time, DurationMs window, size_t most);
  size_t count(TimeMs now, DurationMs window);
};

// Whether nobody is told of it for now: covered, silenced or shelved.
bool muted(const AlertView& view);

// "2 more joined: a, b; 1 is over: c", bounded.
// `names` are the first of `count`.
std::string members_text(std::string_view verb, size_t count,
                         const std::vector<std::string>& names);

}  // namespace tocsin::supervisor
