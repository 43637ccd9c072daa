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
  if (report_.opened.size() >= limits_.violations) return;
  opened_.emplace(change->violation.id, report_.opened.size());
  const uint32_t worker = change->violation.worker.index;
  report_.opened.push_back({table_.labels(change->violation.series),
                            worker < workers_.size() ? workers_[worker].id : "",
                            change->violation});
}

namespace {

// An alert is shown by its rule, its times and which violations lit it.
void drop_points(Decision& decision) {
  for (JudgedViolation& judged : decision.violations) judged.tail = {};
}

}  // namespace

void Collector::take(const AlertView& alert) {
  if (alert.opened_at < from_) return;
  const auto [at, fresh] = alerts_.emplace(alert.id, report_.alerts.size());
  if (fresh) {
    ++report_.alerts_opened;
    if (report_.alerts.size() >= limits_.alerts)
      at->second = kNotKept;
    else
      report_.alerts.emplace_back();
  }
  if (at->second == kNotKept) return;
  AlertView& kept = report_.alerts[at->second].alert;
  kept = alert;
  kept.opened.edit(drop_points);
  kept.latest.edit(drop_points);
}

void Collector::take(supervisor::Changes& changes) {
  for (const auto& alert : changes.changed()) take(*alert);
  std::set<Id128> told;
  for (const supervisor::NotificationIntent& intent : changes.intents) {
    if (intent.event != supervisor::Event::kOpened) continue;
    const auto at = alerts_.find(intent.alert_id);
    if (at == alerts_.end()) continue;
    if (at->second != kNotKept) report_.alerts[at->second].receivers.push_back(intent.receiver);
    if (told.insert(intent.alert_id).second) ++report_.told;
  }
  changes = {};
}

}  // namespace tocsin::replay
