#include "respond/following.h"

#include <algorithm>

#include "supervisor/archive.h"

namespace tocsin::respond {

const HttpTarget* following_target(const Receiver* receiver) {
  if (receiver == nullptr) return nullptr;
  const auto* target = dynamic_cast<const HttpTarget*>(receiver->target.get());
  const bool follows =
      target != nullptr && (target->follows().count > 0 || target->counts_others());
  return follows ? target : nullptr;
}

Following::Following(Counters& counters)
    : overflow_(counters.counter("tocsin_receiver_unfollowed_total", "",
                                 "Open alerts beyond what a receiver tells again or asks for.")) {}

Result<void> Following::load(state::Database& database, const Receivers& receivers) {
  by_receiver_.clear();
  for (const Receiver& receiver : receivers.list()) {
    if (following_target(&receiver) == nullptr) continue;
    std::map<Id128, std::string> found;
    const auto rows = database.query(
        "SELECT d.alert, d.external FROM deliveries d JOIN alerts a ON a.id = d.alert"
        " WHERE a.state = 0 AND d.receiver = ? ORDER BY d.id",
        {receiver.name}, [&](const state::Row& row) {
          std::string& external = found[row.get<Id128>(0)];
          if (auto text = row.get<std::string>(1); text != "{}") external = std::move(text);
        });
    if (!rows) return fail(rows.error());
    for (auto& [id, external] : found) {
      auto alert = supervisor::read_alert(database, id);
      if (!alert) return fail(alert.error());
      if (!*alert) continue;
      keep(receiver.name, std::make_shared<const AlertView>(std::move(**alert)));
      answered(id, receiver.name, external);
    }
  }
  return {};
}

void Following::keep(const std::string& receiver, std::shared_ptr<const AlertView> alert) {
  auto& known = by_receiver_[receiver];
  if (known.size() >= kFollowedMax && !known.contains(alert->id)) return overflow_.add();
  known[alert->id].alert = std::move(alert);
}

void Following::note(const supervisor::Changes& changes, const Receivers& receivers) {
  for (const auto& record : changes.alerts) {
    for (const std::string& name : record->told) {
      if (following_target(receivers.find(name)) == nullptr) continue;
      if (record->view.state == AlertState::kOpen)
        keep(name, {record, &record->view});
      else
        by_receiver_[name].erase(record->view.id);
    }
  }
}

void Following::answered(const Id128& alert, const std::string& receiver,
                         const std::string& external) {
  const auto known = by_receiver_.find(receiver);
  if (known == by_receiver_.end() || external.empty()) return;
  const auto followed = known->second.find(alert);
  if (followed != known->second.end()) followed->second.external = external;
}

std::vector<Followed> Following::open(const std::string& receiver) const {
  std::vector<Followed> out;
  const auto known = by_receiver_.find(receiver);
  if (known == by_receiver_.end()) return out;
  for (const auto& [id, followed] : known->second) out.push_back(followed);
  return out;
}

size_t Following::others(const Receiver& receiver, const Message& message) const {
  const HttpTarget* target = following_target(&receiver);
  const auto known = by_receiver_.find(receiver.name);
  if (target == nullptr || !target->counts_others() || known == by_receiver_.end()) return 0;
  const std::string key = target->turn_key(message);
  Message other = message;
  return static_cast<size_t>(
      std::count_if(known->second.begin(), known->second.end(), [&](const auto& each) {
        if (each.first == message.notice.alert->id) return false;
        other.notice.alert = each.second.alert;
        return target->turn_key(other) == key;
      }));
}

std::vector<std::string> Following::take_due(const Receivers& receivers, TimeMs now) {
  std::vector<std::string> out;
  for (const auto& [name, known] : by_receiver_) {
    const HttpTarget* target = following_target(receivers.find(name));
    if (known.empty() || target == nullptr || target->follows().count == 0) {
      due_.erase(name);
      continue;
    }
    const auto [due, fresh] = due_.try_emplace(name, now + target->follows());
    if (due->second > now) continue;
    due->second = now + target->follows();
    out.push_back(name);
  }
  return out;
}

TimeMs Following::next_due() const {
  TimeMs out = kTimeMax;
  for (const auto& [name, due] : due_) out = std::min(out, due);
  return out;
}

}  // namespace tocsin::respond
