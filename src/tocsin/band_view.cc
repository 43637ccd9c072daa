#include "tocsin/band_view.h"

#include <algorithm>
#include <limits>

#include "models/kinds.h"

namespace tocsin {

server::BandView band_view(const streamer::Worker& worker, const Labels& labels,
                           const streamer::Drawing& drawing, const BandFrame& frame) {
  server::BandView view;
  view.series = labels;
  view.worker = worker.id;
  const auto& drawn = drawing.points;
  const auto first = static_cast<size_t>(
      std::lower_bound(drawn.begin(), drawn.end(), frame.from,
                       [](const JudgedPoint& p, TimeMs t) { return p.time < t; }) -
      drawn.begin());
  const auto at = [&](size_t i) -> const JudgedPoint& { return drawn[first + i]; };
  std::vector<Sample> judged;
  for (size_t i = first; i < drawn.size(); ++i) judged.push_back({drawn[i].time, drawn[i].value});
  const auto kept = pick_to_width(judged, {frame.from, frame.to, frame.width});
  const auto names = worker.model_names();
  const auto kinds = worker.model_kinds();
  for (size_t m = 0; m < names.size(); ++m)
    view.models.push_back({names[m], std::string(models::to_text(kinds[m])), 0, {}});
  for (const size_t i : kept) {
    const JudgedPoint& point = at(i);
    view.points.emplace_back(point.time, point.value);
    view.band.push_back({point.time, point.expected, point.lower, point.upper});
    // ±1 is the edge of the band.
    const double half = (point.upper - point.lower) / 2;
    view.residual.emplace_back(point.time,
                               half > 0 ? (point.value - (point.upper + point.lower) / 2) / half
                                        : std::numeric_limits<double>::quiet_NaN());
    for (const ModelBand& model : point.models) {
      if (model.model >= view.models.size()) continue;
      view.models[model.model].weight = model.weight;
      view.models[model.model].band.push_back(
          {point.time, model.expected, model.lower, model.upper});
    }
  }
  for (const streamer::DrawnViolation& one : drawing.violations)
    if (one.to >= frame.from)
      view.violations.push_back({one.from, one.to, one.direction, one.worst_score});
  for (const streamer::DrawnSpan& span : drawing.excluded)
    if (span.to >= frame.from) view.excluded.push_back({span.from, span.to, span.why});
  return view;
}

}  // namespace tocsin
