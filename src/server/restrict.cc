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

bool shows(const LabelView& view, const SilenceView& silence) {
  return std::all_of(view.matchers.begin(), view.matchers.end(), [&](const LabelMatcher& wanted) {
    return std::any_of(
        silence.matchers.begin(), silence.matchers.end(), [&](const std::string& text) {
          const auto matcher = LabelMatcher::parse(text);
          return matcher && matcher->op() == LabelMatcher::Op::kEqual &&
                 matcher->label() == wanted.label() && wanted.matches(matcher->value());
        });
  });
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
