// What is open, as it is kept and found: whole, or packed while nobody does anything to it.
#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {
namespace {

bool wanted(const AlertView& view, const AlertFilter& filter) {
  if (filter.severity && view.latest->severity != *filter.severity) return false;
  if (!filter.rule.empty() && view.opened->rule_id != filter.rule) return false;
  if (view.updated_at < filter.since) return false;
  return std::all_of(filter.scope.begin(), filter.scope.end(), [&](const Labels::Pair& label) {
    return view.opened->scope.get(label.first) == label.second;
  });
}

}  // namespace

void Supervisor::Book::put_away(Slot& slot) {
  slot.packed = packer_.pack(*slot.whole);
  if (slot.packed) slot.whole.reset();
}

std::shared_ptr<const AlertRecord> Supervisor::Book::record_of(const Id128& id, const Slot& slot) {
  if (slot.whole) return slot.whole;
  return slot.packed.unpack(id);
}

AlertRank Supervisor::Book::rank_of(const Id128& id, const Slot& slot) {
  return slot.whole ? supervisor::rank_of(slot.whole->view) : slot.packed.rank(id);
}

std::shared_ptr<const AlertRecord> Supervisor::Book::open_record(const Id128& id) const {
  const auto found = open_.find(id);
  return found == open_.end() ? nullptr : record_of(id, found->second);
}

std::shared_ptr<const AlertRecord> Supervisor::Book::find(const Id128& id) const {
  if (auto open = open_record(id)) return open;
  for (auto record = recent_.rbegin(); record != recent_.rend(); ++record)
    if ((*record)->view.id == id) return *record;
  return nullptr;
}

// By rank first, so that a list of a hundred reads a hundred.
std::vector<std::shared_ptr<const AlertRecord>> Supervisor::Book::alerts(
    const AlertFilter& filter) const {
  std::vector<std::shared_ptr<const AlertRecord>> out;
  const auto fits = [&](const Id128& id, const Slot& slot) {
    if (slot.whole) return wanted(slot.whole->view, filter);
    if (filter.severity && rank_of(id, slot).severity != *filter.severity) return false;
    if (!filter.rule.empty() && slot.packed.rule() != filter.rule) return false;
    return (filter.scope.empty() && filter.since == kTimeMin) ||
           wanted(record_of(id, slot)->view, filter);
  };
  if (filter.state != AlertFilter::State::kResolved) {
    std::vector<AlertRank> ranks;
    for (const auto& [id, slot] : open_)
      if (fits(id, slot)) ranks.push_back(rank_of(id, slot));
    const size_t most = std::min(filter.limit, ranks.size());
    std::partial_sort(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(most),
                      ranks.end());
    ranks.resize(most);
    for (const AlertRank& rank : ranks) out.push_back(open_record(rank.id));
  }
  if (filter.state == AlertFilter::State::kOpen) return out;
  const auto closed = static_cast<std::ptrdiff_t>(out.size());
  for (const auto& record : recent_)
    if (wanted(record->view, filter)) out.push_back(record);
  std::sort(out.begin() + closed, out.end(),
            [](const auto& a, const auto& b) { return more_urgent(a->view, b->view); });
  if (out.size() > filter.limit) out.resize(filter.limit);
  return out;
}

// Of reported ones the end is known by key, and which alert has the key.
std::vector<KeptAlert> Supervisor::Book::open() const {
  std::vector<KeptAlert> out;
  out.reserve(open_.size());
  for (const auto& [id, slot] : open_)
    if (slot.whole && !slot.whole->view.opened->report) out.push_back({id, slot.whole, {}, {}});
  reported_.each([&](const Reported::Entry& entry) {
    const auto slot = open_.find(entry.alert);
    if (entry.held || slot == open_.end()) return;
    out.push_back({entry.alert, slot->second.whole, slot->second.packed,
                   entry.ends == kTimeMax ? std::nullopt : std::optional(entry.ends)});
  });
  return out;
}

}  // namespace tocsin::supervisor
