#pragma once
// Points of the running program's series, out of heads and chunks, for whoever goes over history
// beside the live traffic: models that learn anew, replays. One thread, which waits; the shards
// copy their heads in short turns.

#include <atomic>
#include <functional>
#include <vector>

#include "pipeline/training.h"
#include "query/head_copy.h"
#include "query/store_source.h"
#include "replay/replay.h"

namespace tocsin {

class StoredSeries final : public pipeline::History, public replay::Source {
 public:
  // The series that are known now, as they were sent, and pass the test. All outlive it; once
  // `stopping`, reading fails with kUnavailable.
  StoredSeries(const query::StoreParts& parts, const SeriesTable& table,
               const std::function<bool(const Labels&)>& wanted, const std::atomic<bool>& stopping);

  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t index, TimeMs from, TimeMs to, std::vector<Sample>& out) override;

 private:
  Result<void> copy_heads(size_t index, TimeMs from, TimeMs last);

  query::StoreParts parts_;
  const SeriesTable& table_;
  const std::atomic<bool>& stopping_;
  std::vector<SeriesRef> refs_;
  std::vector<Labels> labels_;
  std::vector<query::HeadPoints> heads_;  // of refs_[first_] and those after it
  size_t first_ = 0, asked_ = 0;
  TimeMs from_, last_;
};

}  // namespace tocsin
