#pragma once
// What a restricted user (`request.who->view`) gets to see of alerts, silences, violations, series,
// the board and the answers of queries. Everything here leaves an unrestricted one's answer alone.

#include <vector>

#include "net/http.h"
#include "promql/source.h"
#include "server/causes_desk.h"
#include "server/views.h"
#include "vocabulary/who.h"

namespace tocsin::server {

// Of the request's user; shows everything where nobody is restricted.
const LabelView& view_of(const net::Request& request);

// An alert is shown if its scope and the labels of every series it was judged by are: one that also
// speaks of another's series is not.
bool shows(const LabelView& view, const AlertView& alert);
// A silence is shown if it is for what the view shows only: each of the view's conditions is met by
// one of its matchers that names a value.
bool shows(const LabelView& view, const SilenceView& silence);

bool shows(const LabelView& view, const std::vector<LabelMatcher>& matchers);
// Of a group, the alerts that are shown; nullptr if none is. Its counts are of those.
AlertGroup narrowed(const AlertGroup& group, const LabelView& view);
// Without what a message to others said of a group: it may name alerts that are not shown.
AlertDetails narrowed(AlertDetails details, const LabelView& view);
// Causes and changes that are shown. Groups of series and counts are of everybody: left out.
CausesView narrowed(CausesView causes, const LabelView& view);
// Of the JSON of a CausesView that was kept; kCorrupt if it is none.
Result<std::string> narrowed_causes(const std::string& json, const LabelView& view);

bool shows(const LabelView& view, const MaintenanceView& window);
// The selector with the view's conditions added.
Result<SeriesSelector> narrowed(const SeriesSelector& selector, const LabelView& view);
// Every selector with them; without a selector, the view's conditions are the one.
std::vector<std::vector<LabelMatcher>> narrowed(std::vector<std::vector<LabelMatcher>> selectors,
                                                const LabelView& view);
// Without what is counted of everybody: sites, senders, series, warnings.
StatusView narrowed(StatusView status, const LabelView& view);
// KPIs that are shown, and counts of the alerts that are shown.
NowView narrowed(NowView now, const LabelView& view, const std::vector<AlertEntry>& open);

template <class Row>
void keep_shown(std::vector<Row>& rows, const LabelView& view) {
  std::erase_if(rows, [&](const Row& row) { return !view.shows(row.labels); });
}

// Points of the series that the view shows, whatever an expression asks for. source outlives it.
class NarrowedSource final : public promql::Source {
 public:
  NarrowedSource(promql::Source& source, const LabelView& view) : source_(source), view_(view) {}
  Result<promql::Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const promql::SelectHint& hint, size_t samples_max) override;
  Result<promql::Selected> select_each(const std::vector<LabelMatcher>& matchers, TimeMs from,
                                       TimeMs to, const promql::SelectHint& hint,
                                       size_t samples_max, const Visit& visit) override;

 private:
  std::vector<LabelMatcher> with_view(std::vector<LabelMatcher> matchers) const;
  promql::Source& source_;
  const LabelView view_;
};

}  // namespace tocsin::server
