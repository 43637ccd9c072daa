#pragma once
// Sends messages to people that are about no alert: keeps each until it was sent or given up, tries
// again with the outbox's back-off for a day. All of it on the background loop.
// Bounded: kWaitingMax in memory; past it a message is refused, counted and logged.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/counters.h"
#include "respond/person_notice.h"
#include "tocsin/live.h"

namespace tocsin {

class PersonNotices {
 public:
  static constexpr size_t kWaitingMax = 1000;
  // `live` outlives it and is stopped before it is destroyed.
  explicit PersonNotices(Live& live);
  Result<void> load();
  // Written first, then sent. One whose key was told already is not told again.
  void tell(std::vector<respond::PersonNotice> notices);
  // What is due; called once a second.
  void look();

 private:
  struct Waiting {
    respond::PersonNotice notice;
    bool under_way = false;
  };
  void attempt(Waiting& waiting, TimeMs now);
  void settled(const std::string& key, const Delivery& delivery);

  Live& live_;
  std::map<std::string, Waiting> waiting_;  // by key
  Counter& sent_;
  Counter& given_up_;
  Counter& refused_;
};

}  // namespace tocsin
