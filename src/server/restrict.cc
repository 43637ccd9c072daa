#include "server/restrict.h"

#include <algorithm>

namespace tocsin::server {
namespace {

// The alert's own labels before those of a series it was judged by.
bool shows_both(const LabelView& view, const Labels& scope, const Labels& series) {
  return std::all_of(view.matchers.begin(), view.matchers.end(), [&](const LabelMatcher& one) {
    const std::string_view of_scope = scope.get(one.label());
    return one.matches(of_scope.empty() ? series.get(one.label()) : of_scope);
  });
}

bool shows_judged(const LabelView& view, const Decision& decision) {
  if (decision.violations.empty()) return view.shows(decision.scope);
  return std::all_of(
      decision.violations.begin(), decision.violations.end(),
      [&](const JudgedViolation& one) { return shows_both(view, decision.scope, one.labels); });
}

std::vector<LabelMatcher> parsed(const std::vector<std::string>& texts) {
  std::vector<LabelMatcher> out;
  for (const std::string& text : texts)
    if (auto matcher = LabelMatcher::parse(text)) out.push_back(std::move(*matcher));
  return out;
}

bool in_site(const AlertView& alert, const std::string& site) {
  const auto& pairs = alert.latest->scope.pairs();
  return std::any_of(pairs.begin(), pairs.end(),
                     [&](const auto& pair) { return pair.second == site; });
}

}  // namespace

const LabelView& view_of(const net::Request& request) {
  static const LabelView everything;
  return request.who ? request.who->view : everything;
}

bool shows(const LabelView& view, const AlertView& alert) {
  return view.everything() ||
         (shows_judged(view, *alert.opened) && shows_judged(view, *alert.latest));
}

bool shows(const LabelView& view, const std::vector<LabelMatcher>& matchers) {
  return std::all_of(view.matchers.begin(), view.matchers.end(), [&](const LabelMatcher& wanted) {
    return std::any_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& one) {
      return one.op() == LabelMatcher::Op::kEqual && one.label() == wanted.label() &&
             wanted.matches(one.value());
    });
  });
}

bool shows(const LabelView& view, const SilenceView& silence) {
  return shows(view, parsed(silence.matchers));
}

bool shows(const LabelView& view, const MaintenanceView& window) {
  return shows(view, parsed(window.matchers));
}

AlertGroup narrowed(const AlertGroup& group, const LabelView& view) {
  if (view.everything()) return group;
  auto out = std::make_shared<supervisor::GroupView>(*group);
  std::erase_if(out->alerts, [&](const auto& alert) { return !shows(view, *alert); });
  if (out->alerts.empty()) return nullptr;
  out->open = out->truncated = 0;
  out->severity = Severity::kLow;
  out->by_rule.clear();
  out->by_site.clear();
  for (const auto& alert : out->alerts) {
    if (alert->state != AlertState::kOpen) continue;
    ++out->open;
    out->severity = std::min(out->severity, alert->latest->severity);
    const std::string& rule = alert->opened->rule_id;
    const auto known = std::find_if(out->by_rule.begin(), out->by_rule.end(),
                                    [&](const auto& one) { return one.first == rule; });
    if (known == out->by_rule.end())
      out->by_rule.emplace_back(rule, 1);
    else
      ++known->second;
  }
  return out;
}

AlertDetails narrowed(AlertDetails details, const LabelView& view) {
  if (view.everything()) return details;
  for (Delivery& one : details.ledger)
    if (one.group) one.text.clear();
  return details;
}

CausesView narrowed(CausesView causes, const LabelView& view) {
  if (view.everything()) return causes;
  causes.groups.clear();
  causes.asked = causes.scored = causes.without_points = causes.not_reached = causes.moved = 0;
  std::erase_if(causes.causes, [&](const CauseView& one) {
    return !view.shows(one.change ? one.change->labels : one.series);
  });
  for (CauseView& one : causes.causes) {
    one.group = -1;
    one.alike = 0;
  }
  return causes;
}

Result<SeriesSelector> narrowed(const SeriesSelector& selector, const LabelView& view) {
  if (view.everything()) return selector;
  std::string text = selector.text();
  if (text.ends_with('}')) {
    text.pop_back();
    text += text.ends_with('{') ? "" : ",";
  } else {
    text += '{';
  }
  return SeriesSelector::parse(text + view.text() + "}");
}

std::vector<std::vector<LabelMatcher>> narrowed(std::vector<std::vector<LabelMatcher>> selectors,
                                                const LabelView& view) {
  if (view.everything()) return selectors;
  if (selectors.empty()) return {view.matchers};
  for (auto& one : selectors) one.insert(one.end(), view.matchers.begin(), view.matchers.end());
  return selectors;
}

StatusView narrowed(StatusView status, const LabelView& view) {
  if (view.everything()) return status;
  StatusView out;
  out.version = std::move(status.version);
  out.now = status.now;
  out.started_at = status.started_at;
  out.ready = status.ready;
  out.site_label = std::move(status.site_label);
  // A site is named only where the view names it: by a condition on the site's label.
  for (const LabelMatcher& one : view.matchers)
    if (one.label() == out.site_label)
      for (const StatusView::Site& site : status.sites)
        if (one.matches(site.name)) out.sites.push_back(site);
  return out;
}

NowView narrowed(NowView now, const LabelView& view, const std::vector<AlertEntry>& open) {
  if (view.everything()) return now;
  now.lead.reset();
  now.open = now.covered = now.silenced = 0;
  now.kpi_series = now.kpi_guarded = now.kpi_outside = 0;
  std::vector<std::string> names;
  for (NowView::Site& site : now.sites) {
    std::erase_if(site.kpis, [&](const NowView::Kpi& one) { return !view.shows(one.series); });
    site.lane.clear();  // it is of the whole site
    site.critical = site.high = site.low = 0;
    for (const NowView::Kpi& kpi : site.kpis) {
      ++now.kpi_series;
      now.kpi_guarded += kpi.state == GuardState::kGuarded || kpi.state == GuardState::kOpen;
      now.kpi_outside += kpi.state == GuardState::kOpen;
      if (std::find(names.begin(), names.end(), kpi.name) == names.end()) names.push_back(kpi.name);
    }
    for (const AlertEntry& entry : open) {
      if (!in_site(*entry.alert, site.site)) continue;
      site.critical += entry.alert->latest->severity == Severity::kCritical;
      site.high += entry.alert->latest->severity == Severity::kHigh;
      site.low += entry.alert->latest->severity == Severity::kLow;
    }
  }
  std::erase_if(now.sites, [](const NowView::Site& site) { return site.kpis.empty(); });
  now.open = static_cast<int64_t>(open.size());
  for (const AlertEntry& entry : open) {
    now.covered += entry.alert->covered_by.has_value();
    now.silenced += !entry.alert->silenced_by.empty();
  }
  std::erase_if(now.kpi_names, [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) == names.end();
  });
  return now;
}

std::vector<LabelMatcher> NarrowedSource::with_view(std::vector<LabelMatcher> matchers) const {
  matchers.insert(matchers.end(), view_.matchers.begin(), view_.matchers.end());
  return matchers;
}

Result<promql::Selected> NarrowedSource::select(const std::vector<LabelMatcher>& matchers,
                                                TimeMs from, TimeMs to,
                                                const promql::SelectHint& hint,
                                                size_t samples_max) {
  return source_.select(with_view(matchers), from, to, hint, samples_max);
}

Result<promql::Selected> NarrowedSource::select_each(const std::vector<LabelMatcher>& matchers,
                                                     TimeMs from, TimeMs to,
                                                     const promql::SelectHint& hint,
                                                     size_t samples_max, const Visit& visit) {
  return source_.select_each(with_view(matchers), from, to, hint, samples_max, visit);
}

}  // namespace tocsin::server
