#include "respond/group_notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tocsin::respond {
namespace {

constexpr size_t kLinesShown = 10;
constexpr size_t kNamesShown = 3;
constexpr size_t kNameMax = 80;

// "payments 7, queue-age 5 and 2 more"
std::string counts_text(const supervisor::GroupView::Counts& counts) {
  std::string out;
  for (size_t i = 0; i < std::min(counts.size(), kNamesShown); ++i)
    out += fmt::format("{}{} {}", i == 0 ? "" : ", ", cut_text(counts[i].first, kNameMax),
                       counts[i].second);
  if (counts.size() > kNamesShown) out += fmt::format(" and {} more", counts.size() - kNamesShown);
  return out;
}

std::string said(const AlertView& alert) {
  const Decision& last = alert.latest->summary.empty() ? alert.opened : alert.latest;
  return last.summary.empty() ? "rule " + last.rule_id + " holds" : last.summary;
}

std::string headline(const supervisor::GroupView& group) {
  const size_t all = group.alerts.size() + group.truncated;
  if (all == 1 && !group.storm) return said(*group.alerts.front());
  if (group.over) return fmt::format("{} {} over", all, all == 1 ? "alert is" : "alerts are");
  std::string out =
      fmt::format("{}{} {} open: {}", group.storm ? "Storm: " : "", group.open,
                  group.open == 1 ? "alert is" : "alerts are", counts_text(group.by_rule));
  if (!group.by_site.empty()) out += "; at " + counts_text(group.by_site);
  return out;
}

std::string lines(const supervisor::GroupView& group, const std::string& news) {
  std::string out = news;
  for (size_t i = 0; i < std::min(group.alerts.size(), kLinesShown); ++i) {
    const AlertView& alert = *group.alerts[i];
    const std::string_view word =
        alert.state == AlertState::kOpen ? to_text(alert.latest->severity) : to_text(alert.state);
    out +=
        fmt::format("{}{}: {}{}", out.empty() ? "" : "\n", word, cut_text(said(alert), 200),
                    alert.acknowledged_by.empty() ? "" : ", " + alert.acknowledged_by + " has it");
  }
  const size_t more =
      group.truncated + group.alerts.size() - std::min(group.alerts.size(), kLinesShown);
  if (more > 0) out += fmt::format("\nand {} more", more);
  return out;
}

// Somebody has all of it; empty if not.
std::string has_all(const supervisor::GroupView& group) {
  std::string who;
  for (const auto& alert : group.alerts) {
    if (alert->state != AlertState::kOpen) continue;
    if (alert->acknowledged_by.empty()) return {};
    who = alert->acknowledged_by;
  }
  return group.truncated == 0 ? who : std::string();
}

}  // namespace

AlertView stand_in(const supervisor::GroupView& group, const std::string& news, TimeMs now) {
  AlertView out;
  Decision decision;
  decision.alert_key = group.id;
  decision.rule_id = group.by_rule.size() == 1  ? group.by_rule.front().first
                     : group.alerts.size() == 1 ? group.alerts.front()->opened->rule_id
                                                : "several rules";
  decision.severity = group.severity;
  decision.scope = group.labels;
  decision.time = now;
  decision.summary = headline(group);
  decision.description = lines(group, news);
  out.id = group.id;
  out.key = group.id;
  out.opened_at = group.opened_at;
  out.updated_at = now;
  if (group.over) {
    out.state = AlertState::kResolved;
    out.resolved_at = now;
    out.resolve_reason = "all of it is over";
  } else {
    out.acknowledged_by = has_all(group);
  }
  out.opened = out.latest = std::move(decision);
  out.groups = {group.id};
  return out;
}

}  // namespace tocsin::respond
