#include "supervisor/reported.h"

#include <algorithm>

namespace tocsin::supervisor {

Reported::Entry* Reported::find(const Id128& key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second;
}

const Reported::Entry* Reported::find(const Id128& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &found->second;
}

Reported::Entry& Reported::add(const Id128& key, const Entry& entry) {
  Entry& kept = by_key_[key];
  kept = entry;
  kept.armed = {};
  arm(key, kept);
  return kept;
}

void Reported::arm(const Id128& key, Entry& entry) {
  entry.armed = entry.ends == kTimeMax ? TimeMs{} : entry.ends;
  if (entry.ends == kTimeMax) return;
  due_.emplace(entry.ends, key);
}

// Later than armed: looked at when that comes. Earlier: looked at twice, the first counts.
void Reported::set_end(const Id128& key, Entry& entry, TimeMs ends) {
  entry.ends = ends;
  if (entry.armed == TimeMs{} || ends < entry.armed) arm(key, entry);
}

void Reported::prolong(TimeMs until) {
  for (auto& [key, entry] : by_key_) entry.ends = std::max(entry.ends, until);
}

std::optional<Id128> Reported::take_due(TimeMs now) {
  while (!due_.empty() && due_.top().first <= now) {
    const auto [time, key] = due_.top();
    due_.pop();
    Entry* entry = find(key);
    if (entry == nullptr || entry->armed != time) continue;
    if (entry->ends <= now) {
      entry->armed = {};
      return key;
    }
    arm(key, *entry);
  }
  return std::nullopt;
}

}  // namespace tocsin::supervisor
