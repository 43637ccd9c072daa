#pragma once
// Open alerts that some receivers go on with by themselves: told again (alertmanager), their
// tickets' state asked for (jira, zendesk). The outbound thread's.
// What survives a crash are the deliveries; load() makes this anew from them.
// Bounded: kFollowedMax alerts per receiver; what is beyond is told as ever and not followed, which
// is counted.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/counters.h"
#include "respond/receiver.h"
#include "state/database.h"
#include "supervisor/changes.h"

namespace tocsin::respond {

inline constexpr size_t kFollowedMax = 10'000;

class Following {
 public:
  explicit Following(Counters& counters);

  // Open alerts that these receivers were told of.
  Result<void> load(state::Database& database, const Receivers& receivers);
  void note(const supervisor::Changes& changes, const Receivers& receivers);
  // What an answer left of an alert.
  void answered(const Id128& alert, const std::string& receiver, const std::string& external);

  std::vector<Followed> open(const std::string& receiver) const;
  // Of other open alerts, how many have this turn key.
  size_t others(const Receiver& receiver, const Message& message) const;
  // Receivers whose time has come, with something open; their next time is set.
  std::vector<std::string> take_due(const Receivers& receivers, TimeMs now);
  // kTimeMax if nothing is followed.
  TimeMs next_due() const;

 private:
  void keep(const std::string& receiver, std::shared_ptr<const AlertView> alert);
  std::map<std::string, std::map<Id128, Followed>> by_receiver_;
  std::map<std::string, TimeMs> due_;
  Counter& overflow_;
};

// The target if it follows what is open or counts others; nullptr for all other kinds.
const HttpTarget* following_target(const Receiver* receiver);

}  // namespace tocsin::respond
