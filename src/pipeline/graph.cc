#include "pipeline/graph.h"

#include <utility>

namespace tocsin::pipeline {

Graph::Graph(std::shared_ptr<const streamer::WorkerSet> workers, SeriesTable& table,
             uint32_t shards, DecisionStage decisions, streamer::Options options)
    : reports_(shards), merge_(shards), decisions_(std::move(decisions)) {
  shards_.reserve(shards);
  for (uint32_t i = 0; i < shards; ++i) shards_.emplace_back(workers, table, i, shards, options);
}

void Graph::feed(const Frame& frame, supervisor::Changes& out) {
  for (size_t i = 0; i < shards_.size(); ++i) shards_[i].pass(frame, reports_[i]);
  last_ = frame.lsn;
  pass_on(out);
}

void Graph::tick(TimeMs now, supervisor::Changes& out) {
  for (size_t i = 0; i < shards_.size(); ++i) shards_[i].tick(last_, now, reports_[i]);
  pass_on(out);
}

void Graph::pass_on(supervisor::Changes& out) {
  for (uint32_t i = 0; i < reports_.size(); ++i) {
    ShardReport& report = reports_[i];
    merge_.add(i, report.items, report.passed);
    report.passed.clear();
    derived_.insert(derived_.end(), report.derived.begin(), report.derived.end());
    report.derived.clear();
  }
  decisions_.run(merge_, last_, out);
}

std::vector<Point> Graph::take_derived() { return std::exchange(derived_, {}); }

}  // namespace tocsin::pipeline
