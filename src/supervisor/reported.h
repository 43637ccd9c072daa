#pragma once
// Inside of the room: until when each reported alert holds. What a sender tells again only moves an
// end here: nothing is written, nobody is told.
//
//   by_key:  key -> {alert, ends, held}
//   ends:    a heap of (when to look, key); an entry is in it once. One that was told again by then
//            goes back in with its new end, so that a telling costs no heap operation.
//
// A held entry's alert was closed by a person while its sender goes on telling of it.

#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace tocsin::supervisor {

class Reported {
 public:
  struct Entry {
    Id128 alert;
    TimeMs ends;   // kTimeMax: until a person closes it
    TimeMs armed;  // when it is looked at
    uint64_t content = 0;
    bool held = false;
    bool over = false;  // it flaps: over for its sender, and open still
  };

  Entry* find(const Id128& key);
  const Entry* find(const Id128& key) const;
  Entry& add(const Id128& key, const Entry& entry);
  void set_end(const Id128& key, Entry& entry, TimeMs ends);
  void erase(const Id128& key) { by_key_.erase(key); }
  template <class Each>
  void each(const Each& one) const {
    for (const auto& [key, entry] : by_key_) one(entry);
  }
  // What has an end holds until then at least.
  void prolong(TimeMs until);

  // When take_due() may have something; kTimeMax if never.
  TimeMs next_due() const { return due_.empty() ? kTimeMax : due_.top().first; }
  // The next whose end has come; nothing if none has by `now`.
  std::optional<Id128> take_due(TimeMs now);

 private:
  using Look = std::pair<TimeMs, Id128>;
  void arm(const Id128& key, Entry& entry);

  std::unordered_map<Id128, Entry> by_key_;
  std::priority_queue<Look, std::vector<Look>, std::greater<>> due_;
};

}  // namespace tocsin::supervisor
