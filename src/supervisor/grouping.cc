// Alerts that are told together: who joins which group, when it speaks, what it says, when it ends.
#include "supervisor/grouping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "supervisor/book.h"
#include "supervisor/life_tables.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

constexpr DurationMs kStormWait = seconds(5);
constexpr size_t kNamesShown = 5;
constexpr size_t kNameBytes = 120;
constexpr size_t kNewsBytes = 300;

Id128 group_key(const std::string& route, const std::vector<std::string>& receivers,
                const Labels& labels) {
  IdBuilder key;
  key.add(route);
  for (const std::string& receiver : receivers) key.add(receiver);
  return key.add(labels.text()).finish();
}

Id128 storm_key(const std::string& receiver) {
  return IdBuilder().add("storm").add(receiver).finish();
}

std::string name_of(const AlertView& view) {
  return cut_text(view.opened->rule_id + view.opened->scope.text(), kNameBytes);
}

std::string site_of(const Decision& decision) {
  const std::string_view site = decision.scope.get("site");
  return site.empty() ? decision.scope.text() : std::string(site);
}

using RankedAlert = std::pair<AlertRank, std::shared_ptr<const AlertRecord>>;

// In their order; what is beyond the number shown goes.
void keep_shown(std::vector<RankedAlert>& alerts) {
  std::sort(alerts.begin(), alerts.end(),
            [](const RankedAlert& a, const RankedAlert& b) { return a.first < b.first; });
  if (alerts.size() > kGroupAlertsShown) alerts.resize(kGroupAlertsShown);
}

GroupView::Counts largest(const std::map<std::string, size_t>& counts) {
  GroupView::Counts out(counts.begin(), counts.end());
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (out.size() > kGroupCountsShown) out.resize(kGroupCountsShown);
  return out;
}

std::string counts_text(const GroupView::Counts& counts) {
  std::string out;
  for (const auto& [name, count] : counts)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", cut_text(name, kNameBytes), count);
  return out;
}

}  // namespace

std::string members_text(std::string_view verb, size_t count,
                         const std::vector<std::string>& names) {
  if (count == 0) return {};
  const size_t shown = std::min(names.size(), kNamesShown);
  if (shown == 0) return fmt::format("{} {}", count, verb);
  std::string out =
      fmt::format("{} {}: {}", count, verb,
                  fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "));
  if (count > shown) out += fmt::format(" and {} more", count - shown);
  return out;
}

void Group::set(GroupMember& member, GroupMember::State state) {
  using State = GroupMember::State;
  waiting -= member.state == State::kWaiting ? 1 : 0;
  told -= member.state == State::kTold ? 1 : 0;
  member.state = state;
  waiting += state == State::kWaiting ? 1 : 0;
  told += state == State::kTold ? 1 : 0;
}

void StormWatch::add(TimeMs time, DurationMs window, size_t most) {
  openings.push_back(time);
  count(time, window);
  while (openings.size() > most) openings.pop_front();
}

size_t StormWatch::count(TimeMs now, DurationMs window) {
  while (!openings.empty() && openings.front() <= now - window) openings.pop_front();
  return openings.size();
}

void Supervisor::Book::join_route(AlertRecord& record, const Telling& telling, Changes& out) {
  GroupRecord fresh;
  fresh.route = telling.route;
  fresh.labels = telling.grouping->labels_of(alert_labels(record.view.latest));
  fresh.receivers = telling.receivers;
  fresh.interval = telling.grouping->interval;
  const Id128 key = group_key(fresh.route, fresh.receivers, fresh.labels);
  join(record, key, std::move(fresh), telling.grouping->wait, telling.repeat, out);
}

// True if the opening belongs to a storm over this receiver: then its digest tells of it.
bool Supervisor::Book::join_storm(AlertRecord& record, const std::string& receiver, Changes& out) {
  const Storm& storm = options_.storm;
  if (storm.openings == 0) return false;
  StormWatch& watch = storms_[receiver];
  watch.add(now_, storm.window, static_cast<size_t>(storm.openings) + 1);
  const Id128 key = storm_key(receiver);
  const bool over = watch.openings.size() > static_cast<size_t>(storm.openings);
  if (!over && !group_by_key_.contains(key)) return false;
  if (!group_by_key_.contains(key)) storm_total_.add();
  GroupRecord fresh;
  fresh.storm = true;
  fresh.receivers = {receiver};
  fresh.interval = storm.window;
  join(record, key, std::move(fresh), std::min(kStormWait, storm.window), nullptr, out);
  return true;
}

void Supervisor::Book::join(AlertRecord& record, const Id128& key, GroupRecord fresh,
                            DurationMs wait, const Repeat* repeat, Changes& out) {
  auto known = group_by_key_.find(key);
  if (known == group_by_key_.end()) {
    fresh.key = key;
    fresh.id = IdBuilder().add(to_text(key)).add(to_text(record.view.id)).finish();
    fresh.opened_at = now_;
    if (repeat != nullptr) fresh.repeat_at = now_ + wait + repeat->after(0);
    known = group_by_key_.emplace(key, fresh.id).first;
    groups_[fresh.id].record = std::move(fresh);
  }
  Group& group = groups_.at(known->second);
  const Id128& id = group.record.id;
  if (group.members.contains(record.view.id)) return;
  GroupMember& member = group.members[record.view.id];
  member = {id, record.view.id, GroupMember::State::kLeft, now_};
  group.set(member, GroupMember::State::kWaiting);
  out.members.push_back(member);
  record.view.groups.push_back(id);
  note_history(record, "grouped", group.record.storm ? "storm" : group.record.route, to_text(id),
               out);
  grouped_total_.add();
  const TimeMs told = group.record.told_at;
  schedule(group, told == TimeMs{} ? now_ + wait : std::max(now_, told + group.record.interval));
}

// Never later than what is planned already.
void Supervisor::Book::schedule(Group& group, TimeMs due) {
  if (group.record.due == TimeMs{} || due < group.record.due) group.record.due = due;
  groups_changed_.insert(group.record.id);
}

void Supervisor::Book::member_over(const Id128& id, const std::shared_ptr<AlertRecord>& record,
                                   Changes& out) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  Group& group = found->second;
  const auto place = group.members.find(record->view.id);
  if (place == group.members.end()) return;
  if (group.record.anchor == record->view.id) group.anchor = record;
  const bool told = place->second.state == GroupMember::State::kTold;
  if (!told) std::erase(record->view.groups, id);
  group.set(place->second, told ? GroupMember::State::kOver : GroupMember::State::kLeft);
  out.members.push_back(place->second);
  if (told && group.over.size() < kGroupAlertsShown) group.over.push_back(record);
  if (!told) group.members.erase(place);
  if (group.told + group.waiting == 0)
    schedule(group, now_);  // all of it is over: said at once
  else if (told)
    schedule(group, std::max(now_, group.record.told_at + group.record.interval));
  groups_changed_.insert(id);
}

// What people did about a member, or what became of it, is said within update_every.
void Supervisor::Book::group_news(const AlertRecord& record, const std::string& news) {
  for (const Id128& id : record.view.groups) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) continue;
    Group& group = found->second;
    const auto member = group.members.find(record.view.id);
    if (member == group.members.end() || member->second.state != GroupMember::State::kTold)
      continue;
    std::vector<std::string>& lines = group.record.news;
    if (lines.size() < kGroupNewsMax)
      lines.push_back(cut_text(name_of(record.view) + ": " + news, kNewsBytes));
    else if (lines.size() == kGroupNewsMax)
      lines.emplace_back("and more: see the list");
    schedule(group, std::max(now_, group.record.told_at + options_.update_every));
  }
}

// Those that wait and may be told of now are; what was muted meanwhile goes, to come back when it
// speaks. How many there are; the first of them by name.
size_t Supervisor::Book::take_waiting(Group& group, std::vector<std::string>& names, Changes& out) {
  size_t joined = 0;
  std::vector<std::pair<TimeMs, Id128>> waiting;
  for (const auto& [id, member] : group.members)
    if (member.state == GroupMember::State::kWaiting) waiting.emplace_back(member.joined_at, id);
  std::sort(waiting.begin(), waiting.end());
  for (const auto& [joined_at, id] : waiting) {
    GroupMember& member = group.members.at(id);
    const auto alert = open_record(id);
    const bool leaves = muted(alert->view);
    group.set(member, leaves ? GroupMember::State::kLeft : GroupMember::State::kTold);
    out.members.push_back(member);
    if (!leaves) {
      if (joined++ < kNamesShown) names.push_back(name_of(alert->view));
      if (alert->spoke_at == TimeMs{}) note_spoke(id, *alert);
      continue;
    }
    std::erase(edit(id).view.groups, group.record.id);
    group.members.erase(id);
  }
  return joined;
}

// Of a member nothing changes that is written or shown: there may be thousands.
void Supervisor::Book::note_spoke(const Id128& id, const AlertRecord& record) {
  Slot& slot = open_.at(id);
  if (!slot.fresh) slot.whole = std::make_shared<AlertRecord>(record);
  slot.whole->spoke_at = now_;
  if (!slot.fresh) put_away(slot);
}

void Supervisor::Book::end_storm_if_calm(Group& group, bool& ended) {
  if (!group.record.storm || !group.record.taking) return;
  StormWatch& watch = storms_[group.record.receivers.front()];
  const size_t of_late = watch.count(now_, options_.storm.window);
  ended = options_.storm.openings == 0 ||
          of_late < static_cast<size_t>(options_.storm.openings + 1) / 2;
  if (ended) {
    group.record.taking = false;
    group_by_key_.erase(group.record.key);
  }
}

// Whether the repeat that fell due is to be told; plans the next one.
bool Supervisor::Book::repeat_group(Group& group) {
  if (group.record.repeat_at == TimeMs{} || group.record.repeat_at > now_) return false;
  const Repeat* repeat = nullptr;
  const auto tellings = group.anchor == nullptr
                            ? std::vector<Telling>()
                            : routes_.tellings(alert_labels(group.anchor->view.latest),
                                               group.anchor->view.latest->severity);
  for (const Telling& telling : tellings)
    if (telling.receivers == group.record.receivers) repeat = telling.repeat;
  group.record.repeat_at = {};
  if (repeat == nullptr) return false;
  const bool wanted =
      std::any_of(group.members.begin(), group.members.end(), [&](const auto& entry) {
        if (entry.second.state != GroupMember::State::kTold) return false;
        const auto open = open_.find(entry.first);
        return open != open_.end() && !rank_of(entry.first, open->second).answered;
      });
  if (wanted) ++group.record.repeats;
  group.record.repeat_at = now_ + repeat->after(group.record.repeats);
  return wanted;
}

void Supervisor::Book::group_due(const Id128& id, Changes& out) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  Group& group = found->second;
  GroupRecord& record = group.record;
  groups_changed_.insert(id);
  arm(group.due_armed, {}, Due::kGroup, id);
  arm(group.repeat_armed, {}, Due::kRepeat, id);
  const auto quiet = quiet_until(group);
  group.quiet_until = quiet.value_or(TimeMs{});
  if (quiet) return;  // what it has to say waits
  const bool again = repeat_group(group);
  const bool speaks = record.due != TimeMs{} && record.due <= now_;
  if (!speaks && !again) return;
  record.due = {};
  std::vector<std::string> parts, names;
  const size_t joined = take_waiting(group, names, out);
  bool calm = false;
  end_storm_if_calm(group, calm);
  if (record.storm && record.taking) record.due = now_ + record.interval;
  if (group.members.empty()) return end_group(group, out);  // it never spoke, or all was said
  const bool first = record.told_at == TimeMs{};
  const std::string_view verb = record.storm ? "opened in a storm" : "opened";
  parts.push_back(members_text(first ? verb : "more joined", joined, names));
  names.clear();
  size_t over = 0;
  for (const auto& [alert, member] : group.members)
    over += member.state == GroupMember::State::kOver ? 1 : 0;
  for (const auto& alert : group.over) names.push_back(name_of(alert->view));
  parts.push_back(members_text("over", std::max(names.size(), over), names));
  if (calm) parts.emplace_back("the storm is over: what opens now is told one by one");
  if (again)
    parts.push_back(fmt::format("still open after {}: {} of them, not all acknowledged (repeat {})",
                                to_text(now_ - record.opened_at), group.told, record.repeats));
  for (std::string& line : record.news) parts.push_back(std::move(line));
  record.news.clear();
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  if (parts.empty()) return;
  const Event event = first ? Event::kOpened : group.told == 0 ? Event::kResolved : Event::kUpdated;
  say(group, event, fmt::format("{}", fmt::join(parts, "\n")), out);
  if (event == Event::kResolved) end_group(group, out);
}

// A group of before a reload may mix what is a customer's since with what is not.
bool Supervisor::Book::may_tell(const Group& group, const std::string& receiver) const {
  const auto shown = [&](const AlertView& view) {
    return routes_.may_tell(receiver, alert_labels(view.latest));
  };
  if (!routes_.owned(receiver)) return true;
  for (const auto& [id, member] : group.members)
    if (const auto open = open_record(id); open != nullptr && !shown(open->view)) return false;
  return std::all_of(group.over.begin(), group.over.end(),
                     [&](const auto& alert) { return shown(alert->view); });
}

void Supervisor::Book::say(Group& group, Event event, std::string text, Changes& out) {
  GroupRecord& record = group.record;
  if (record.anchor == Id128{}) {
    const auto rank = [&](const auto& entry) {
      return rank_of(entry.first, open_.at(entry.first));
    };
    record.anchor =
        std::min_element(group.members.begin(), group.members.end(),
                         [&](const auto& a, const auto& b) { return rank(a) < rank(b); })
            ->first;
  }
  record.told_at = now_;
  if (auto anchor = open_record(record.anchor)) group.anchor = std::move(anchor);
  const auto view = view_of(group);
  if (record.storm && event != Event::kResolved)
    text += fmt::format("\nby rule: {}\nby site: {}", counts_text(view->by_rule),
                        counts_text(view->by_site));
  out.group_views.push_back(view);
  for (const std::string& receiver : record.receivers) {
    if (!may_tell(group, receiver)) continue;
    NotificationIntent intent;
    intent.id = next_delivery_++;
    intent.alert_id = record.anchor;
    intent.receiver = receiver;
    intent.event = event;
    intent.planned = now_;
    intent.group = record.id;
    intent.text = text;
    intent.loud = event == Event::kUpdated;
    IdBuilder key;
    key.add(to_text(record.id)).add(receiver).add(to_text(event));
    if (event == Event::kUpdated) key.add(intent.id);
    intent.dedupe_key = to_text(key.finish());
    out.intents.push_back(std::move(intent));
    planned_total_.add();
  }
  for (auto member = group.members.begin(); member != group.members.end();) {
    if (member->second.state != GroupMember::State::kOver) {
      ++member;
      continue;
    }
    group.set(member->second, GroupMember::State::kPast);
    out.members.push_back(member->second);
    member = group.members.erase(member);
  }
  group.over.clear();
}

void Supervisor::Book::end_group(Group& group, Changes& out) {
  const Id128 id = group.record.id;
  if (group.record.taking) group_by_key_.erase(group.record.key);
  timers_.erase({group.due_armed, Due::kGroup, id, ""});
  timers_.erase({group.repeat_armed, Due::kRepeat, id, ""});
  group.record.taking = false;
  group.record.closed_at = now_;
  group.record.due = group.record.repeat_at = {};
  out.groups.push_back(group.record);
  groups_changed_.erase(id);
  groups_.erase(id);
}

std::shared_ptr<const GroupView> Supervisor::Book::view_of(const Group& group) const {
  auto out = std::make_shared<GroupView>();
  const GroupRecord& record = group.record;
  out->id = record.id;
  out->storm = record.storm;
  out->route = record.route;
  out->labels = record.labels;
  out->receivers = record.receivers;
  out->opened_at = record.opened_at;
  out->told_at = record.told_at;
  out->due = record.due;
  std::map<std::string, size_t> by_rule, by_site;
  std::vector<RankedAlert> most_urgent;
  for (const auto& [id, member] : group.members) {
    if (member.state != GroupMember::State::kTold) continue;
    const auto alert = open_record(id);
    ++by_rule[alert->view.opened->rule_id];
    ++by_site[site_of(alert->view.opened)];
    out->severity = std::min(out->severity, alert->view.latest->severity);
    ++out->open;
    most_urgent.emplace_back(supervisor::rank_of(alert->view), alert);
    if (most_urgent.size() >= 2 * kGroupAlertsShown) keep_shown(most_urgent);
  }
  keep_shown(most_urgent);
  for (const auto& [rank, alert] : most_urgent) out->alerts.emplace_back(alert, &alert->view);
  out->over = out->open == 0;
  if (out->over && group.anchor) out->severity = group.anchor->view.latest->severity;
  const size_t all = out->open + group.over.size();
  for (const auto& alert : group.over)
    if (out->alerts.size() < kGroupAlertsShown) out->alerts.emplace_back(alert, &alert->view);
  out->truncated = all - out->alerts.size();
  out->by_rule = largest(by_rule);
  out->by_site = largest(by_site);
  return out;
}

Result<void> Supervisor::Book::load_groups(state::Database& database) {
  auto groups = read_groups(database, "closed_at = 0", {});
  if (!groups) return fail(groups.error());
  for (GroupRecord& record : *groups) {
    Group& group = groups_[record.id];
    group.record = std::move(record);
    auto done = load_members(group, database);
    if (!done) return done;
    if (group.record.taking) group_by_key_[group.record.key] = group.record.id;
    arm_group(group);
  }
  return load_storms(database);
}

Result<void> Supervisor::Book::load_members(Group& group, state::Database& database) {
  const auto known = [&](const Id128& alert) -> Result<std::shared_ptr<const AlertRecord>> {
    if (auto record = find(alert)) return record;
    auto read = read_records(database, "id = ?", {alert});
    if (!read) return fail(read.error());
    if (read->empty()) return std::shared_ptr<const AlertRecord>();
    return std::make_shared<const AlertRecord>(std::move(read->front()));
  };
  auto members = read_members(database, group.record.id);
  if (!members) return fail(members.error());
  for (const GroupMember& row : *members) {
    const GroupMember::State state = row.state;
    if (state != GroupMember::State::kOver && !open_.contains(row.alert)) continue;
    GroupMember& member = group.members[row.alert] = row;
    member.state = GroupMember::State::kLeft;
    group.set(member, state);
    if (state != GroupMember::State::kOver || group.over.size() >= kGroupAlertsShown) continue;
    auto record = known(row.alert);
    if (!record) return fail(record.error());
    if (*record) group.over.push_back(*record);
  }
  if (group.record.anchor == Id128{}) return {};
  auto anchor = known(group.record.anchor);
  if (!anchor) return fail(anchor.error());
  group.anchor = *anchor;
  return {};
}

// Openings of the last window, told alone or within a storm.
Result<void> Supervisor::Book::load_storms(state::Database& database) {
  auto rows = read_openings(database, options_.storm.window);
  if (!rows) return fail(rows.error());
  for (const auto& [receiver, time] : *rows)
    storms_[receiver].add(time, options_.storm.window,
                          static_cast<size_t>(options_.storm.openings) + 1);
  return {};
}

// Groups that have something to say now say it: before the records of this call are given out.
void Supervisor::Book::settle_groups(Changes& out) {
  const std::set<Id128> changed = groups_changed_;
  for (const Id128& id : changed) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) continue;
    const TimeMs due = found->second.record.due;
    if (due != TimeMs{} && due <= now_) group_due(id, out);
  }
}

void Supervisor::Book::arm_group(Group& group) {
  const GroupRecord& record = group.record;
  const auto wait = [&](TimeMs due) {
    return due == TimeMs{} ? due : std::max(due, group.quiet_until);
  };
  arm(group.due_armed, wait(record.due), Due::kGroup, record.id);
  arm(group.repeat_armed, wait(record.repeat_at), Due::kRepeat, record.id);
}

void Supervisor::Book::publish_groups(Changes& out) {
  for (const Id128& id : groups_changed_) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) continue;
    Group& group = found->second;
    out.groups.push_back(group.record);
    arm_group(group);
  }
  groups_changed_.clear();
}

}  // namespace tocsin::supervisor
