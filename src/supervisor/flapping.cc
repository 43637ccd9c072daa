#include "supervisor/flapping.h"

#include <fmt/format.h>

#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {

void FlapWatch::add(const Id128& key, TimeMs time, DurationMs window) {
  const auto [place, fresh] = changes_.try_emplace(key, Times{time, nullptr});
  Times& times = place->second;
  if (!fresh) {
    if (!times.later) times.later = std::make_unique<std::vector<TimeMs>>();
    TimeMs later = time;
    if (later < times.first) std::swap(later, times.first);
    times.later->insert(std::upper_bound(times.later->begin(), times.later->end(), later), later);
  }
  order_.emplace_back(time, key);
  while (!order_.empty() && (order_.front().first <= time - window || order_.size() > kChangesMax))
    forget_oldest();
}

void FlapWatch::forget_oldest() {
  const auto found = changes_.find(order_.front().second);
  order_.pop_front();
  Times& times = found->second;
  if (!times.later) {
    changes_.erase(found);
    return;
  }
  times.first = times.later->front();
  times.later->erase(times.later->begin());
  if (times.later->empty()) times.later.reset();
}

void FlapWatch::save(ByteWriter& out) const {
  out.varint(order_.size());
  for (const auto& [time, key] : order_) {
    out.zigzag(time.ms);
    out.u64(key.high);
    out.u64(key.low);
  }
}

void FlapWatch::restore(ByteReader& in, DurationMs window) {
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const TimeMs time{in.zigzag()};
    const uint64_t high = in.u64();
    const Id128 key{high, in.u64()};
    if (in.ok()) add(key, time, window);
  }
}

std::vector<TimeMs> FlapWatch::changes(const Id128& key, TimeMs now, DurationMs window) const {
  const auto found = changes_.find(key);
  if (found == changes_.end()) return {};
  std::vector<TimeMs> out;
  const auto add = [&](TimeMs time) {
    if (time > now - window) out.push_back(time);
  };
  add(found->second.first);
  if (found->second.later)
    for (const TimeMs time : *found->second.later) add(time);
  return out;
}

size_t FlapWatch::count(const Id128& key, TimeMs now, DurationMs window) const {
  return changes(key, now, window).size();
}

TimeMs FlapWatch::quiet_at(const Id128& key, size_t quiet, TimeMs now, DurationMs window) const {
  const std::vector<TimeMs> times = changes(key, now, window);
  return times.size() <= quiet ? now : times[times.size() - quiet - 1] + window;
}

void Supervisor::Book::flap(AlertRecord& record, TimeMs time) {
  if (options_.flapping.changes == 0) return;
  flaps_.add(record.view.key, time, options_.flapping.window);
  if (record.view.flapping_since == TimeMs{}) return;
  record.flaps = flaps_.changes(record.view.key, now_, options_.flapping.window);
}

void Supervisor::Book::begin_flapping(AlertRecord& record, size_t changes, Changes& out) {
  record.life = true;
  record.view.flapping_since = now_;
  record.view.flap_changes = static_cast<uint32_t>(changes);
  record.flaps = flaps_.changes(record.view.key, now_, options_.flapping.window);
  note_history(
      record, "flapping", record.view.opened->rule_id,
      fmt::format("{} openings and resolutions in {}", changes, to_text(options_.flapping.window)),
      out);
}

// Its rule says that it is over. True if it stays open, because it flaps.
bool Supervisor::Book::held_open(AlertRecord& record, const Decision& decision, Changes& out) {
  const bool removed = !decision.report && decision.tree.empty() && decision.violations.empty();
  if (options_.flapping.changes == 0 || removed) return false;
  const size_t changes = flaps_.count(record.view.key, decision.time, options_.flapping.window) + 1;
  const bool flaps = record.view.flapping_since != TimeMs{};
  if (!flaps && changes < static_cast<size_t>(options_.flapping.changes)) return false;
  flap(record, decision.time);
  record.rule_holds = false;
  judge(record, decision);
  if (flaps) return true;
  begin_flapping(record, changes, out);
  tell_update(record, true, out,
              fmt::format("flapping: {} openings and resolutions in {}; it stays open until it is "
                          "quiet",
                          changes, to_text(options_.flapping.window)));
  return true;
}

void Supervisor::Book::flap_due(const Id128& id, Changes& out) {
  Slot& slot = open_.at(id);
  const Id128 key = record_of(id, slot)->view.key;
  const auto quiet = static_cast<size_t>(options_.flapping.quiet());
  if (options_.flapping.changes != 0 && flaps_.count(key, now_, options_.flapping.window) > quiet) {
    arm_all(id, slot);
    return;
  }
  AlertRecord& record = edit(id);
  record.view.flapping_since = {};
  note_history(record, "steady", record.view.opened->rule_id, "", out);
  if (record.rule_holds)
    tell_update(record, true, out, "it no longer flaps, and still holds");
  else
    close(id, AlertState::kResolved, now_, "recovered, and quiet after flapping",
          record.view.opened->rule_id, out);
}

}  // namespace tocsin::supervisor
