// Series: lists, ranges, latest values, and the band drawn over history.

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/kinds.h"
#include "query/range.h"
#include "streamer/band.h"
#include "tocsin/band_view.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

constexpr DurationMs kWarmUp = days(35);  // a profile's four weeks and a bit

using HeadPoints = std::vector<std::pair<SeriesRef, std::vector<Sample>>>;

}  // namespace

std::vector<SeriesRef> LiveViews::select(const SeriesSelector& selector, size_t limit) {
  std::vector<SeriesRef> out = reads_.index().find(selector, limit).series;
  std::sort(out.begin(), out.end(), [this](SeriesRef a, SeriesRef b) {
    return live_.series().labels(a) < live_.series().labels(b);
  });
  return out;
}

void LiveViews::series(SeriesSelector selector, size_t limit,
                       server::Done<std::vector<server::SeriesRow>> done) {
  in_background([this, selector, limit, done = std::move(done)] {
    const auto refs = std::make_shared<std::vector<SeriesRef>>(select(selector, limit));
    gather<std::map<Labels, server::SeriesRow>>(
        [this, refs](ShardThread& shard) {
          std::map<Labels, server::SeriesRow> rows;
          for (const SeriesRef ref : *refs) {
            const Labels& labels = live_.series().labels(ref);
            const auto tests = shard.stage().streamer().tests(ref);
            const bool home = live_.series().home(ref) == shard.id();
            if (tests.empty() && !home) continue;
            server::SeriesRow& row = rows[labels];
            row.labels = labels;
            for (const streamer::TestView& test : tests) {
              const streamer::Worker& worker = shard.stage().workers().worker(test.worker);
              row.tests.push_back(
                  {worker.id, worker.tier, guard_state(test.state), test.guarded_from});
            }
            if (home)
              if (const auto last = live_.store().head(shard.id()).latest(ref))
                row.last = {last->time, last->value};
          }
          return rows;
        },
        [done](std::vector<std::map<Labels, server::SeriesRow>> parts) {
          std::map<Labels, server::SeriesRow> all;
          for (auto& part : parts)
            for (auto& [labels, row] : part) {
              server::SeriesRow& into = all[labels];
              into.labels = labels;
              std::move(row.tests.begin(), row.tests.end(), std::back_inserter(into.tests));
              if (row.last) into.last = row.last;
            }
          std::vector<server::SeriesRow> rows;
          for (auto& [labels, row] : all) rows.push_back(std::move(row));
          done(std::move(rows));
        });
  });
}

void LiveViews::points_of(std::vector<SeriesRef> wanted, TimeMs from, TimeMs to,
                          std::function<void(std::vector<SeriesSamples>)> done) {
  const auto refs = std::make_shared<std::vector<SeriesRef>>(std::move(wanted));
  gather<HeadPoints>(
      [this, refs, from, to](ShardThread& shard) {
        HeadPoints out;
        for (const SeriesRef ref : *refs) {
          if (live_.series().home(ref) != shard.id()) continue;
          out.emplace_back(ref, std::vector<Sample>());
          live_.store().head(shard.id()).copy_points(ref, from, to, out.back().second);
        }
        return out;
      },
      [this, refs, from, to, done = std::move(done)](std::vector<HeadPoints> parts) {
        std::map<uint32_t, std::vector<Sample>> heads;
        for (HeadPoints& part : parts)
          for (auto& [ref, points] : part) heads[ref.index] = std::move(points);
        std::vector<SeriesSamples> out;
        for (const SeriesRef ref : *refs) {
          auto merged = live_.store().read_sealed(ref, from, to, std::move(heads[ref.index]));
          out.push_back({ref, merged ? std::move(*merged) : std::vector<Sample>()});
        }
        done(std::move(out));
      });
}

// What lies so far back is sealed.
void LiveViews::prepend_sealed(const std::vector<streamer::TimeSpan>& spans,
                               SeriesSamples& into) const {
  std::vector<Sample> older;
  for (const streamer::TimeSpan& span : spans)
    if (const auto read =
            live_.store().read_sealed(into.series, span.from, span.to - milliseconds(1), {}))
      older.insert(older.end(), read->begin(), read->end());
  into.points.insert(into.points.begin(), older.begin(), older.end());
}

void LiveViews::latest(SeriesSelector selector, server::Done<std::vector<server::LatestRow>> done) {
  in_background([this, selector, done = std::move(done)] {
    const auto refs = std::make_shared<std::vector<SeriesRef>>(select(selector, 100'000));
    gather<std::vector<server::LatestRow>>(
        [this, refs](ShardThread& shard) {
          std::vector<server::LatestRow> rows;
          for (const SeriesRef ref : *refs) {
            if (live_.series().home(ref) != shard.id()) continue;
            if (const auto last = live_.store().head(shard.id()).latest(ref))
              rows.push_back({live_.series().labels(ref), last->time, last->value});
          }
          return rows;
        },
        [done](std::vector<std::vector<server::LatestRow>> parts) {
          std::vector<server::LatestRow> rows;
          for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(rows));
          std::sort(rows.begin(), rows.end(),
                    [](const auto& a, const auto& b) { return a.labels < b.labels; });
          done(std::move(rows));
        });
  });
}

// Both ascend by time; a ratio without its attempts keeps the weight 1.
static void weigh(std::vector<streamer::DrawnPoint>& ratios, const std::vector<Sample>& attempts) {
  auto next = attempts.begin();
  for (streamer::DrawnPoint& ratio : ratios) {
    while (next != attempts.end() && next->time < ratio.time) ++next;
    if (next != attempts.end() && next->time == ratio.time) ratio.weight = next->value;
  }
}

server::BandView LiveViews::draw(const Labels& labels, WorkerRef worker,
                                 const server::BandQuery& query,
                                 const std::vector<SeriesSamples>& points) const {
  const auto configuration = live_.configuration();
  const streamer::WorkerSet& set = *configuration->workers;
  std::vector<streamer::DrawnPoint> given;
  for (const Sample& sample : points.front().points)
    given.push_back({sample.time, sample.value, 1});
  if (points.size() > 1) weigh(given, points.back().points);
  const streamer::Drawing drawing = streamer::draw_band(set, worker, labels, given, query.from);
  return band_view(set.worker(worker), labels, drawing, {query.from, query.to, query.width});
}

void LiveViews::band(server::BandQuery query, server::Done<std::optional<server::BandView>> done) {
  in_background([this, query, done = std::move(done)] {
    using None = std::optional<server::BandView>;
    const auto found = live_.series().find(query.series);
    if (!found) return done(None());
    const SeriesRef ref = *found;
    const Labels labels = query.series;
    const auto configuration = live_.configuration();
    const auto& set = *configuration->workers;
    std::optional<WorkerRef> worker;
    if (!query.worker.empty()) {
      worker = set.find(query.worker);
    } else if (const auto testing = set.testing(labels); !testing.empty()) {
      worker = testing.front();
    }
    if (!worker) return done(None());
    std::vector<SeriesRef> wanted{ref};
    const Labels attempts = streamer::behind_labels(set.worker(*worker), labels);
    if (const auto behind = live_.series().find(attempts); behind && !attempts.empty())
      wanted.push_back(*behind);
    const auto before =
        streamer::class_days(set.worker(*worker), set.local(labels), query.from - kWarmUp);
    points_of(std::move(wanted), query.from - kWarmUp, query.to,
              [this, query, labels, worker, before, done](std::vector<SeriesSamples> all) {
                for (SeriesSamples& one : all) prepend_sealed(before, one);
                done(None(draw(labels, *worker, query, all)));
              });
  });
}

}  // namespace tocsin
