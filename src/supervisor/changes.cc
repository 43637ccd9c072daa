#include "supervisor/changes.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace tocsin::supervisor {

std::string_view to_text(Event event) {
  switch (event) {
    case Event::kOpened:
      return "opened";
    case Event::kUpdated:
      return "updated";
    case Event::kResolved:
      return "resolved";
    case Event::kTest:
      return "test";
  }
  return "";
}

std::optional<Event> parse_event(std::string_view text) {
  for (const Event event : {Event::kOpened, Event::kUpdated, Event::kResolved, Event::kTest})
    if (to_text(event) == text) return event;
  return std::nullopt;
}

bool Silence::matches(const Labels& labels) const {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const LabelMatcher& matcher) { return matcher.matches(labels); });
}

bool Changes::empty() const {
  return alerts.empty() && history.empty() && silences.empty() && silence_hits.empty() &&
         intents.empty() && escalations.empty() && responses.empty() && groups.empty() &&
         members.empty() && rule_over.empty() && !applied;
}

void Changes::merge(Changes later) {
  const auto append = [](auto& to, auto& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  };
  append(alerts, later.alerts);
  append(history, later.history);
  append(silences, later.silences);
  append(silence_hits, later.silence_hits);
  append(intents, later.intents);
  append(escalations, later.escalations);
  append(responses, later.responses);
  append(groups, later.groups);
  append(members, later.members);
  append(group_views, later.group_views);
  append(rule_over, later.rule_over);
  if (later.applied) applied = std::move(later.applied);
}

std::vector<std::shared_ptr<const AlertView>> Changes::changed() const {
  std::vector<std::shared_ptr<const AlertView>> out;
  std::unordered_set<Id128> seen;
  for (auto record = alerts.rbegin(); record != alerts.rend(); ++record)
    if (seen.insert((*record)->view.id).second) out.emplace_back(*record, &(*record)->view);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace tocsin::supervisor
