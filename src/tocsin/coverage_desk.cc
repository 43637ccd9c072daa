#include "tocsin/coverage_desk.h"

#include <algorithm>
#include <cmath>

#include "tocsin/coverage.h"

namespace tocsin {
namespace {

constexpr DurationMs kRecent = days(1);
constexpr size_t kDetailsMax = 50;  // workers that learn, of which one wants to know how far

server::CoverageView look(server::QueryContext& context, const Configuration& configuration,
                          const std::vector<WorkerProgress>& workers, TimeMs now) {
  const SeriesTable& table = context.index().table();
  std::vector<SeriesRef> refs;
  bool more = false;
  int64_t total = 0;
  for (uint32_t i = table.size(); i-- > 0;) {
    const SeriesRef ref{i};
    if (!table.known(ref)) continue;
    ++total;
    if (refs.size() < kCoverageSeriesMax)
      refs.push_back(ref);
    else
      more = true;
  }
  std::reverse(refs.begin(), refs.end());
  std::vector<const Labels*> labels;
  for (const SeriesRef ref : context.with_points(std::move(refs), now - kRecent, now))
    labels.push_back(&table.labels(ref));
  server::CoverageView out = coverage_of(configuration, labels, workers);
  out.at = now;
  out.series_total = total;
  out.more_series = more;
  return out;
}

}  // namespace

struct LiveCoverage::Gathered {
  std::shared_ptr<const Configuration> configuration;
  std::vector<WorkerProgress> workers;
  std::vector<size_t> learning;  // whose details are still to be asked for
  server::Done<server::CoverageView> done;
};

void LiveCoverage::coverage(server::Done<server::CoverageView> done) {
  auto gathered = std::make_shared<Gathered>();
  gathered->configuration = live_.configuration();
  gathered->done = std::move(done);
  views_.workers([this, gathered](Result<std::vector<server::WorkerView>> workers) {
    if (!workers) return gathered->done(fail(workers.error()));
    const streamer::WorkerSet& set = *gathered->configuration->workers;
    gathered->workers.resize(set.workers().size());
    for (const server::WorkerView& view : *workers) {
      const auto ref = set.find(view.id);
      if (!ref) continue;
      gathered->workers[ref->index].series = view.series;
      gathered->workers[ref->index].learning = view.learning;
      if (view.series > 0 && view.learning == view.series &&
          gathered->learning.size() < kDetailsMax)
        gathered->learning.push_back(ref->index);
    }
    ask_next(gathered);
  });
}

// One worker after the other: each is a question to every shard.
void LiveCoverage::ask_next(const std::shared_ptr<Gathered>& gathered) {
  if (gathered->learning.empty()) return work(gathered);
  const size_t index = gathered->learning.back();
  gathered->learning.pop_back();
  const std::string id = gathered->configuration->workers->workers()[index].id;
  views_.worker(id, [this, gathered, index](Result<std::optional<server::WorkerDetails>> found) {
    if (found && *found)
      for (const server::WorkerDetails::Series& one : (*found)->series) {
        WorkerProgress& now = gathered->workers[index];
        if (!(now.learned >= one.learned)) now.learned = one.learned;
        if (one.guarded_from.ms != 0 &&
            (now.guarded_from.ms == 0 || one.guarded_from < now.guarded_from))
          now.guarded_from = one.guarded_from;
      }
    ask_next(gathered);
  });
}

void LiveCoverage::work(const std::shared_ptr<Gathered>& gathered) {
  server::Queries::Job job;
  job.gone = [] { return false; };
  job.fail = [gathered](Error error) { gathered->done(fail(std::move(error))); };
  job.run = [this, gathered](server::QueryContext& context) {
    gathered->done(look(context, *gathered->configuration, gathered->workers, live_.clock().now()));
  };
  reads_.pool().submit(std::move(job));
}

}  // namespace tocsin
