#include "tocsin/coverage_tests.h"

#include <algorithm>

namespace tocsin {

TestedSeries::TestedSeries(const streamer::WorkerSet& workers,
                           std::span<const Labels* const> series) {
  std::set<std::pair<Labels, uint32_t>> groups;  // an aggregate is judged once for all its members
  std::set<std::string> made;  // names of what workers make: rates, results of aggregates
  for (const Labels* labels : series) {
    const std::string name(labels->name());
    all_names_.insert(name);
    const std::vector<WorkerRef> testing = workers.testing(*labels);
    const bool chosen = std::any_of(testing.begin(), testing.end(), [&](WorkerRef ref) {
      return workers.worker(ref).id != "default";
    });
    // What Tocsin says of itself is its own business.
    if (!chosen && !name.starts_with("tocsin_")) {
      Unselected& one = unselected_[name];
      if (one.series++ == 0) one.example = labels->text();
    }
    for (const WorkerRef ref : testing) {
      const streamer::Worker& worker = workers.worker(ref);
      Labels judged = streamer::judged_labels(worker, *labels);
      if (judged.name() != name) {
        made.insert(std::string(judged.name()));
        made.insert(std::string(streamer::behind_labels(worker, judged).name()));
      }
      if (worker.aggregate && !groups.emplace(judged, ref.index).second) continue;
      tests_.push_back({std::move(judged), ref.index});
    }
  }
  for (const std::string& name : made) unselected_.erase(name);
  for (size_t i = 0; i < tests_.size(); ++i) {
    const std::string name(tests_[i].judged.name());
    by_name_[name].push_back(i);
    all_names_.insert(name);
  }
  names_.assign(all_names_.begin(), all_names_.end());
}

}  // namespace tocsin
