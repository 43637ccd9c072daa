// Ranges for charts, and the last points of series or what they come to: answered on the thread of
// the connection and the shards where that is short, by the pool where it is not.

#include <algorithm>
#include <atomic>

#include "query/head_copy.h"
#include "query/newest.h"
#include "query/range.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

constexpr size_t kChartSeriesMax = 500;  // of one range query
constexpr size_t kQuickSeries = 256;     // looked up and copied without the pool
constexpr size_t kQuickPoints = 2500;    // written by the shard's thread: about 100 µs

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

  bool by_all() const { return query.by == server::RecentQuery::By::kAll; }
  query::HeadWanted wanted() const {
    return {from, to, query.points > 0 ? query.points : SIZE_MAX};
  }
};
using RecentPtr = std::shared_ptr<Recent>;

// Points that a head lacks, from the disk. Waits for it.
Result<void> complete(const Store& store, const Recent& recent,
                      std::vector<query::HeadPoints>& heads) {
  for (size_t i = 0; i < heads.size(); ++i) {
    if (!heads[i].parts.sealed.empty()) query::settle(heads[i], recent.wanted());
    if (heads[i].whole) continue;
    const SeriesRef ref = (*recent.series)[i];
    auto read = recent.query.points > 0
                    ? query::newest_points(store, ref, recent.query.points, heads[i].samples)
                    : store.read_sealed(ref, recent.from, recent.to, std::move(heads[i].samples));
    if (!read) return fail(read.error());
    heads[i].samples = std::move(*read);
    heads[i].whole = true;
  }
  return {};
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
  if (!recent.by_all())
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
      if (!recent.by_all()) row.value = one.value();
      together->join(std::move(one));
    }
    if (!recent.by_all()) view.series.push_back(std::move(row));
  }
  if (!together) return view;
  view.together.emplace();
  view.together->value = together->value();
  view.together->count = together->count();
  return view;
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
  const auto in_pool = [this, recent](auto run) {
    server::Queries::Job job;
    job.fail = [recent](const Error& error) { recent->done(fail(error)); };
    job.run = std::move(run);
    reads_.pool().submit(std::move(job));
  };
  const auto finish = [this, recent](std::vector<query::HeadPoints> heads) {
    if (auto done_so_far = complete(live_.store(), *recent, heads); !done_so_far)
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
  const auto find = [this, recent] {
    auto found = reads_.index().find(recent->query.selector, recent->query.limit);
    recent->more = found.more;
    recent->series = std::make_shared<const std::vector<SeriesRef>>(std::move(found.series));
  };
  if (reads_.index().is_quick(recent->query.selector, kQuickSeries)) {
    find();
    return copy(nullptr);
  }
  in_pool([find, copy](server::QueryContext&) {
    find();
    copy(nullptr);
  });
}

}  // namespace tocsin
