#include "replay/report.h"

#include <set>

namespace tocsin::replay {

void Collector::item(const StreamItem& item) {
  const auto* change = std::get_if<ViolationChange>(&item.what);
  if (change == nullptr) return;
  const auto known = opened_.find(change->violation.id);
  if (known != opened_.end()) {
    report_.opened[known->second].violation = change->violation;
    return;
  }
  if (change->what != ViolationChange::What::kOpened || item.arrival < from_) return;
  ++report_.violations;
  if (report_.opened.size() >= violations_max_) return;
  opened_.emplace(change->violation.id, report_.opened.size());
  const uint32_t worker = change->violation.worker.index;
  report_.opened.push_back({table_.labels(change->violation.series),
                            worker < workers_.size() ? workers_[worker].id : "",
                            change->violation});
}

void Collector::take(supervisor::Changes& changes) {
  for (const auto& alert : changes.changed()) {
    if (alert->opened_at < from_) continue;
    const auto [at, fresh] = alerts_.emplace(alert->id, report_.alerts.size());
    if (fresh) report_.alerts.emplace_back();
    report_.alerts[at->second].alert = *alert;
  }
  std::set<Id128> told;
  for (const supervisor::NotificationIntent& intent : changes.intents) {
    if (intent.event != supervisor::Event::kOpened) continue;
    const auto at = alerts_.find(intent.alert_id);
    if (at == alerts_.end()) continue;
    report_.alerts[at->second].receivers.push_back(intent.receiver);
    if (told.insert(intent.alert_id).second) ++report_.told;
  }
  changes = {};
}

}  // namespace tocsin::replay
