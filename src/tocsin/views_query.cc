// Ranges for charts, and the last points of series or what they come to: answered on the thread of
// the connection and the shards where that is short, by the pool where it is not.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "query/head_copy.h"
#include "query/head_reduce.h"
#include "query/newest.h"
#include "query/range.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

constexpr size_t kChartSeriesMax = 500;  // of one range query
constexpr size_t kQuickSeries = 256;     // looked up and copied without the pool
constexpr size_t kGroupsMax = 10'000;
constexpr size_t kRestSeries = 2000;   // copied at once
constexpr size_t kQuickPoints = 2500;  // written by the shard's thread: about 100 µs

tl::unexpected<Error> out_of_time() {
  return fail(ErrorCode::kUnavailable,
              "reading points was given up: it took longer than queries.timeout; ask for fewer");
}

// One question for last points, on its way through threads.
struct Recent {
  server::RecentQuery query;
  server::Done<server::RecentView> done;
  std::shared_ptr<const std::vector<SeriesRef>> series;
  bool more = false;
  TimeMs from, to;

  query::SeriesGroups groups;      // unless each series is asked for by itself
  std::vector<std::string> names;  // of the groups: the label's values
  bool grouped() const { return query.by != server::RecentQuery::By::kSeries; }
  query::HeadWanted wanted() const {
    return {from, to, query.points > 0 ? query.points : SIZE_MAX};
  }
};
using RecentPtr = std::shared_ptr<Recent>;

// Points that a head lacks, from the disk. Waits for it.
Result<void> complete(const Store& store, const Recent& recent,
                      const std::vector<SeriesRef>& series, std::vector<query::HeadPoints>& heads) {
  for (size_t i = 0; i < heads.size(); ++i) {
    if (!heads[i].parts.sealed.empty()) query::settle(heads[i], recent.wanted());
    if (heads[i].whole) continue;
    const SeriesRef ref = series[i];
    auto read = recent.query.points > 0
                    ? query::newest_points(store, ref, recent.query.points, heads[i].samples)
                    : store.read_sealed(ref, recent.from, recent.to, std::move(heads[i].samples));
    if (!read) return fail(read.error());
    heads[i].samples = std::move(*read);
    heads[i].whole = true;
  }
  return {};
}

server::RecentView::Row value_of(Reducer reducer) {
  server::RecentView::Row row;
  row.count = reducer.count();
  row.value = reducer.value();
  return row;
}

void put_points(const Recent& recent, const std::vector<Sample>& samples, server::RecentView& view,
                server::RecentView::Row& row) {
  std::vector<Sample> cut;
  const std::vector<Sample>* kept = &samples;
  if (samples.size() > size_t{2} * recent.query.width) {
    cut = reduce_to_width(samples, {samples.front().time, samples.back().time, recent.query.width});
    view.reduced = true;
    kept = &cut;
  }
  row.points.reserve(kept->size());
  for (const Sample& sample : *kept) row.points.emplace_back(sample.time, sample.value);
}

server::RecentView view_of(const SeriesTable& table, Recent& recent,
                           std::vector<query::HeadPoints> heads) {
  server::RecentView view;
  view.more = recent.more;
  view.series_count = heads.size();
  std::vector<uint32_t> order(heads.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto labels = [&](uint32_t i) -> const Labels& {
    return table.labels((*recent.series)[i]);
  };
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return labels(a) < labels(b); });
  std::optional<Reducer> together;
  if (recent.query.reduce) together.emplace(*recent.query.reduce);
  for (const uint32_t i : order) {
    server::RecentView::Row row;
    row.labels = &labels(i);
    if (!recent.query.reduce) {
      put_points(recent, heads[i].samples, view, row);
    } else {
      Reducer one(*recent.query.reduce);
      for (const Sample& sample : heads[i].samples) one.add(sample);
      row.count = one.count();
      row.value = one.value();
      together->join(std::move(one));
    }
    view.series.push_back(std::move(row));
  }
  if (together) view.together = value_of(std::move(*together));
  return view;
}

// Which group each series is in. Values are those of labels, which live as long as the program.
Result<void> group_by_label(const SeriesTable& table, Recent& recent) {
  std::map<std::string_view, uint32_t> known;  // in the order of the answer
  query::SeriesGroups& groups = recent.groups;
  std::vector<std::string_view> values;
  for (const SeriesRef ref : groups.series) {
    values.push_back(table.labels(ref).get(recent.query.label));
    known.try_emplace(values.back(), 0);
    if (known.size() > kGroupsMax)
      return fail(
          ErrorCode::kInvalid,
          fmt::format("reading points by {} failed: it has more than {} values here; take a "
                      "label with fewer, or fewer series",
                      recent.query.label, kGroupsMax));
  }
  for (auto& [value, number] : known) {
    number = static_cast<uint32_t>(recent.names.size());
    recent.names.emplace_back(value);
  }
  for (const std::string_view value : values) groups.group.push_back(known.at(value));
  groups.groups = std::max<size_t>(recent.names.size(), 1);
  return {};
}

server::RecentView grouped_view(Recent& recent, std::vector<Reducer> groups) {
  server::RecentView view;
  view.more = recent.more;
  view.series_count = recent.groups.series.size();
  Reducer together(*recent.query.reduce);
  for (size_t g = 0; g < groups.size(); ++g) {
    if (g < recent.names.size()) {
      server::RecentView::Row& row = view.series.emplace_back(value_of(groups[g]));
      row.labels = &view.groups.emplace_back(
          std::vector<Labels::Pair>{{recent.query.label, recent.names[g]}});
    }
    together.join(std::move(groups[g]));
  }
  view.together = value_of(std::move(together));
  return view;
}

// What the heads do not answer alone: a slice of the series at a time, so that memory is bounded.
Result<void> add_rest(const query::StoreParts& parts, const SeriesTable& table,
                      const Recent& recent, query::HeadReduced& reduced,
                      const std::function<bool()>& stop) {
  for (size_t at = 0; at < reduced.rest.size(); at += kRestSeries) {
    const size_t end = std::min(at + kRestSeries, reduced.rest.size());
    std::vector<SeriesRef> series;
    for (size_t i = at; i < end; ++i) series.push_back(recent.groups.series[reduced.rest[i]]);
    auto heads = query::copy_heads_and_wait(parts.heads, table, series, recent.wanted(), stop);
    if (!heads) return out_of_time();
    if (auto done = complete(parts.store, recent, series, *heads); !done) return done;
    for (size_t i = at; i < end; ++i)
      for (const Sample& sample : (*heads)[i - at].samples)
        reduced.groups[recent.groups.of(reduced.rest[i])].add(sample);
  }
  return {};
}

using InPool = std::function<void(std::function<void(server::QueryContext&)>)>;

// Points of many series together: reduced where they are, unless so many of each were asked for.
void reduce_groups(const query::StoreParts& parts, const SeriesTable& table,
                   const RecentPtr& recent, const InPool& in_pool) {
  if (recent->query.by == server::RecentQuery::By::kLabel)
    if (auto grouped = group_by_label(table, *recent); !grouped)
      return recent->done(fail(grouped.error()));
  const auto reduced = [parts, &table, recent, in_pool](query::HeadReduced groups) {
    size_t points = groups.groups.size();
    for (const Reducer& group : groups.groups) points += group.count();
    if (groups.rest.empty() && points <= kQuickPoints)
      return recent->done(grouped_view(*recent, std::move(groups.groups)));
    auto held = std::make_shared<query::HeadReduced>(std::move(groups));
    in_pool([parts, &table, recent, held](server::QueryContext& context) {
      auto added = add_rest(parts, table, *recent, *held, context.options().limits.stop);
      if (!added) return recent->done(fail(added.error()));
      recent->done(grouped_view(*recent, std::move(held->groups)));
    });
  };
  if (recent->query.points == 0)
    return query::reduce_heads(parts.heads, table, {recent, &recent->groups}, recent->from,
                               recent->to, *recent->query.reduce, reduced);
  query::HeadReduced none{
      std::vector<Reducer>(recent->groups.groups, Reducer(*recent->query.reduce)), {}};
  for (uint32_t i = 0; i < recent->groups.series.size(); ++i) none.rest.push_back(i);
  reduced(std::move(none));
}

}  // namespace

void LiveViews::range(server::RangeQuery query, server::Done<server::RangeView> done) {
  server::Queries::Job job;
  job.fail = [done](const Error& error) { done(fail(error)); };
  job.run = [this, query, done](server::QueryContext& context) {
    auto found = reads_.index().find(query.selector, kChartSeriesMax);
    const query::StoreParts parts = reads_.parts();
    auto heads = query::copy_heads_and_wait(parts.heads, live_.series(), found.series,
                                            {query.from, query.to}, context.options().limits.stop);
    if (!heads) return done(out_of_time());
    server::RangeView view;
    view.more = found.more;
    for (size_t i = 0; i < found.series.size(); ++i) {
      const auto points = query::with_stored(live_.store(), found.series[i], query.from, query.to,
                                             std::move((*heads)[i]));
      if (!points) return done(fail(points.error()));
      if (context.options().limits.stop()) return done(out_of_time());
      server::SeriesPoints& row = view.series.emplace_back();
      row.labels = live_.series().labels(found.series[i]);
      for (const Sample& sample : reduce_to_width(*points, {query.from, query.to, query.width}))
        row.points.emplace_back(sample.time, sample.value);
      view.reduced = view.reduced || row.points.size() < points->size();
    }
    std::sort(view.series.begin(), view.series.end(),
              [](const auto& a, const auto& b) { return a.labels < b.labels; });
    done(std::move(view));
  };
  reads_.pool().submit(std::move(job));
}

// The last points are in the heads nearly always: few series are found, copied and answered where
// they are. What needs the disk, a long look or much writing goes to the pool.
void LiveViews::recent(server::RecentQuery query, server::Done<server::RecentView> done) {
  auto recent = std::make_shared<Recent>();
  recent->query = std::move(query);
  recent->done = std::move(done);
  recent->to = kTimeMax;
  recent->from = recent->query.points > 0 ? kTimeMin : live_.clock().now() - recent->query.span;
  const InPool in_pool = [this, recent](auto run) {
    server::Queries::Job job;
    job.fail = [recent](const Error& error) { recent->done(fail(error)); };
    job.run = std::move(run);
    reads_.pool().submit(std::move(job));
  };
  const auto finish = [this, recent](std::vector<query::HeadPoints> heads) {
    if (auto done_so_far = complete(live_.store(), *recent, *recent->series, heads); !done_so_far)
      return recent->done(fail(done_so_far.error()));
    recent->done(view_of(live_.series(), *recent, std::move(heads)));
  };
  const auto copy = [this, recent, in_pool, finish](std::shared_ptr<std::atomic<bool>> stop) {
    const auto copied = [this, recent, in_pool, finish](std::vector<query::HeadPoints> heads) {
      size_t points = 0;
      bool whole = true;
      for (const query::HeadPoints& one : heads) {
        points += one.samples.size() + 128 * one.parts.sealed.size();
        whole = whole && (one.whole || one.whole_from <= recent->from);
      }
      if (whole && points <= kQuickPoints) return finish(std::move(heads));
      auto held = std::make_shared<std::vector<query::HeadPoints>>(std::move(heads));
      in_pool([held, finish](server::QueryContext&) { finish(std::move(*held)); });
    };
    query::copy_heads(reads_.parts().heads, live_.series(), recent->series, recent->wanted(),
                      std::move(stop), copied);
  };
  const auto ask = [this, recent, in_pool, copy] {
    auto found = reads_.index().find(recent->query.selector, recent->query.limit);
    recent->more = found.more;
    if (recent->grouped()) {
      recent->groups.series = std::move(found.series);
      return reduce_groups(reads_.parts(), live_.series(), recent, in_pool);
    }
    recent->series = std::make_shared<const std::vector<SeriesRef>>(std::move(found.series));
    copy(nullptr);
  };
  if (reads_.index().is_quick(recent->query.selector, kQuickSeries)) return ask();
  in_pool([ask](server::QueryContext&) { ask(); });
}

}  // namespace tocsin
