#include "query/store_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tocsin::query {
namespace {

tl::unexpected<Error> too_many_samples() {
  return fail(ErrorCode::kExhausted,
              "query processing would load too many samples into memory in query execution");
}
tl::unexpected<Error> ended() {
  return fail(ErrorCode::kUnavailable, "query timed out in expression evaluation");
}

// Which column stands for the points of a slot, by the function that reads them.
const std::vector<double>& column_for(const RollupColumns& rows, std::string_view function,
                                      std::vector<double>& room) {
  if (function == "max_over_time") return rows.max;
  if (function == "min_over_time") return rows.min;
  if (function == "sum_over_time") return rows.sum;
  const bool spread = function == "avg_over_time" || function == "quantile_over_time" ||
                      function == "stddev_over_time" || function == "stdvar_over_time" ||
                      function == "mad_over_time";
  if (!spread) return rows.last;
  room.resize(rows.size());
  for (size_t i = 0; i < rows.size(); ++i)
    room[i] = rows.count[i] > 0 ? rows.sum[i] / rows.count[i] : rows.last[i];
  return room;
}

std::string note_of(Resolution resolution, TimeMs raw_from) {
  return fmt::format("1-{} rollups were read for times before {}: raw points are kept no longer",
                     to_text(resolution), to_iso(raw_from));
}

}  // namespace

Result<std::vector<Sample>> with_stored(const Store& store, SeriesRef series, TimeMs from,
                                        TimeMs to, HeadPoints head) {
  if (head.whole) return std::move(head.samples);
  return store.read_sealed(series, from, to, std::move(head.samples));
}

Result<promql::Selected> StoreSource::select(const std::vector<LabelMatcher>& matchers, TimeMs from,
                                             TimeMs to, const promql::SelectHint& hint,
                                             size_t samples_max) {
  return select_and(matchers, from, to, hint, samples_max, nullptr);
}

Result<promql::Selected> StoreSource::select_each(const std::vector<LabelMatcher>& matchers,
                                                  TimeMs from, TimeMs to,
                                                  const promql::SelectHint& hint,
                                                  size_t samples_max, const Visit& visit) {
  return select_and(matchers, from, to, hint, samples_max, &visit);
}

Result<promql::Selected> StoreSource::select_and(const std::vector<LabelMatcher>& matchers,
                                                 TimeMs from, TimeMs to,
                                                 const promql::SelectHint& hint, size_t samples_max,
                                                 const Visit* visit) {
  promql::Selected out;
  if (to < from) return out;
  SeriesIndex::Match found = parts_.index.find(matchers, series_max_);
  if (found.more)
    return fail(ErrorCode::kExhausted,
                fmt::format("the query selects more than {} series; select fewer", series_max_));
  const Extents extents = parts_.store.extents();
  DurationMs step = hint.range.count > 0 ? hint.range : hint.step;
  if (hint.step.count > 0) step = std::min(step, hint.step);
  const Resolution resolution = resolution_for(extents, from, step);
  const TimeMs raw_from = extents[0].from;
  auto heads =
      copy_heads_and_wait(parts_.heads, parts_.index.table(), found.series, {from, to}, stop_);
  if (!heads) return ended();
  out.series.resize(found.series.size());
  for (size_t i = 0; i < found.series.size(); ++i)
    out.series[i].labels = &parts_.index.table().labels(found.series[i]);
  TimeMs read_from = from;
  if (resolution != Resolution::kRaw && from < raw_from) {
    const TimeMs rolled_to = std::min(to, raw_from - milliseconds(1));
    auto put =
        put_rollups(resolution, hint.function, from, rolled_to, samples_max, out, found.series);
    if (!put) return fail(put.error());
    read_from = raw_from;
  }
  auto done = read(found.series, std::move(*heads), read_from, to, samples_max, out, visit);
  if (!done) return fail(done.error());
  std::erase_if(out.series, [](const promql::SourceSeries& one) { return one.samples.empty(); });
  return out;
}

Result<void> StoreSource::read(const std::vector<SeriesRef>& series, std::vector<HeadPoints> heads,
                               TimeMs from, TimeMs to, size_t samples_max, promql::Selected& out,
                               const Visit* visit) const {
  size_t total = 0;
  for (const promql::SourceSeries& one : out.series) total += one.samples.size();
  for (size_t i = 0; i < series.size(); ++i) {
    if (i % 64 == 0 && stopped()) return ended();
    std::vector<Sample>& rolled = out.series[i].samples;
    std::vector<Sample> raw;
    if (from <= to) {
      auto read = with_stored(parts_.store, series[i], from, to, std::move(heads[i]));
      if (!read) return fail(read.error());
      raw = std::move(*read);
    }
    total += raw.size();
    if (total > samples_max) return too_many_samples();
    const size_t held = raw.size();
    if (rolled.empty()) {
      rolled = std::move(raw);
    } else {
      // The copy of the head began at the query's start: what rollups stand for is left out.
      const auto begin = std::partition_point(raw.begin(), raw.end(),
                                              [&](const Sample& s) { return s.time < from; });
      rolled.insert(rolled.end(), begin, raw.end());
    }
    if (!visit || rolled.empty()) continue;
    if (auto visited = (*visit)(out.series[i]); !visited) return visited;
    std::vector<Sample>().swap(rolled);
    total -= held;
  }
  return {};
}

Result<void> StoreSource::put_rollups(Resolution resolution, std::string_view function, TimeMs from,
                                      TimeMs to, size_t samples_max, promql::Selected& out,
                                      const std::vector<SeriesRef>& series) const {
  const DurationMs slot = step_of(resolution);
  size_t total = 0;
  std::vector<double> room;
  for (size_t i = 0; i < series.size(); ++i) {
    if (i % 64 == 0 && stopped()) return ended();
    RollupColumns rows;
    // A slot counts where it ends, so that none of its points is seen before its time.
    auto done = parts_.store.read_rollup(series[i], resolution, from - slot, to, rows);
    if (!done) return done;
    const std::vector<double>& values = column_for(rows, function, room);
    std::vector<Sample>& samples = out.series[i].samples;
    for (size_t row = 0; row < rows.size(); ++row) {
      const TimeMs at = rows.time[row] + slot - milliseconds(1);
      if (at >= from && at <= to) samples.push_back({at, values[row]});
    }
    total += samples.size();
    if (total > samples_max) return too_many_samples();
  }
  if (total > 0) {
    out.notes.push_back(note_of(resolution, parts_.store.extents()[0].from));
    if (function == "count_over_time")
      out.notes.push_back(fmt::format("count_over_time counts {}s there", to_text(resolution)));
  }
  return {};
}

}  // namespace tocsin::query
